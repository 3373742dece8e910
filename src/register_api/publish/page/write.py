"""Pages for people: the register, one version, one sub-processor. HTML without scripts.

All links within the tree are relative, so that it can lie under any prefix; all style stands in
the page (``style.sheet.STYLE_SHA256`` names it to a Content-Security-Policy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core import strict_base64
from register_api.core.diff.changes import Change
from register_api.core.model import Category
from register_api.publish.feed.entry import title
from register_api.publish.page import view as page_view
from register_api.publish.page.labels import given_notice, is_said, short_notice_reason
from register_api.publish.page.templating import render
from register_api.publish.page.view import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import Register, Subprocessor
    from register_api.publish.feed.entry import VersionSummary
    from register_api.publish.page.view import PageView

_HOME = "./"
_TWO_UP = "../../"
_LONGEST_VALUE = 400


class _Section(msgspec.Struct, frozen=True):
    """A category with the rows that stand in it."""

    category: Category
    rows: list[Row]


def index_page(view: PageView) -> bytes:
    """Write the page of the register as a whole (``index.html``)."""
    register = view.register
    all_rows = page_view.rows(view)
    present = [row for row in all_rows if row.state not in {"ended", "withdrawn"}]
    sections = (
        _Section(category, [row for row in present if row.engagement.category == category.id])
        for category in register.categories
    )
    return _page(
        "index.html.j2",
        view,
        _HOME,
        sections=[section for section in sections if section.rows],
        upcoming=page_view.upcoming(view, all_rows),
        ended=[row for row in all_rows if row.state == "ended"],
        withdrawn=[vendor for vendor in register.subprocessors if vendor.withdrawn],
        unused=[vendor for vendor in register.subprocessors if not (vendor.engagements or vendor.withdrawn)],
        latest=[_told(change, register) for change in view.diff.changes],
        shown=len({row.vendor.id for row in present}),
        engaged=len({row.vendor.id for row in present if row.state != "available"}),
    )


def version_page(version: VersionSummary) -> bytes:
    """Write the page of what one version changed (``versions/{n}/index.html``).

    It depends on nothing that comes later: no state, and no link to a following version.
    """
    register = version.register
    return _page(
        "version.html.j2",
        version,
        _TWO_UP,
        heading=title(version),
        changes=[_told(change, register) for change in version.diff.changes],
        vendors={vendor.id: vendor.name for vendor in register.subprocessors},
    )


def subprocessor_pages(view: PageView, vendors: Iterable[Subprocessor]) -> Iterator[tuple[str, bytes]]:
    """Yield id and page of some of the register's sub-processors."""
    names = {vendor.id: vendor.name for vendor in view.register.subprocessors}
    for vendor in vendors:
        yield vendor.id, subprocessor_page(view, vendor, names)


def subprocessor_page(view: PageView, vendor: Subprocessor, names: dict[str, str]) -> bytes:
    """Write one sub-processor's page (``subprocessors/{id}/index.html``).

    Args:
        view: The newest version.
        vendor: One of its vendors.
        names: Name of each vendor by id.
    """
    categories = {category.id: category for category in view.register.categories}
    return _page(
        "subprocessor.html.j2",
        view,
        _TWO_UP,
        vendor=vendor,
        rows=page_view.rows_of(view, vendor),
        names=names,
        categories=categories,
    )


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A change with what is to be said about it.

    Attributes:
        said: Whether the summary itself says what became of the notice.
    """

    change: Change
    notice: str | None
    said: bool
    reason: str | None
    before: str | None
    after: str | None


def _told(change: Change, register: Register) -> _Told:
    notice = given_notice(change.notice, register.notice)
    reason = short_notice_reason(change, register)
    return _Told(
        change=change,
        notice=notice,
        said=notice is not None and is_said(change.summary, notice),
        reason=reason if reason and not is_said(change.summary, reason) else None,
        before=_value(change, change.before),
        after=_value(change, change.after),
    )


def _value(change: Change, value: object) -> str | None:
    """Return one field's value if it can be read in a line; the diff document has them all."""
    if change.field is None or value is None:
        return None
    items = value if isinstance(value, list | tuple) else (value,)
    if not items or not all(isinstance(item, str | int) for item in items):
        return None
    text = ", ".join(str(item) for item in items)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE].rstrip() + "…"


def _page(template: str, view: PageView | VersionSummary, root: str, **values: Any) -> bytes:
    """Render a page with what all pages show: where home is, the version, the log."""
    html = render(
        template,
        view=view,
        register=view.register,
        root=root,
        root_hash=strict_base64.encode(view.root_hash),
        **values,
    )
    return html.encode()
