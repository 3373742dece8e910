"""HTML pages that need no script: in the publisher's language, and below language tags in others.

All links within the tree are relative, so that it can be hosted under any prefix; all style is inline (a
Content-Security-Policy allows it by ``style.STYLE_SHA256``).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import address_of, in_language
from register_api.core.language.changes import described_changes
from register_api.core.language.language import Language, languages
from register_api.core.language.notice import lifecycle_notice, objection_period, older_promises, promise
from register_api.core.model import Publisher, Subprocessor
from register_api.core.timeline import PAST, vendor_on
from register_api.publish.feed.entry import VersionSummary, feed_title, initial_list, title
from register_api.publish.feed.interests import Interest, interests
from register_api.publish.page.picture import picture
from register_api.publish.page.version_history import MAX_VERSIONS, by_vendor, notice_record
from register_api.publish.page.view import (
    PageView,
    ahead,
    countries,
    filters,
    is_engaged,
    rows_of,
    vendor_counts,
)
from register_api.publish.templating import check_page, render


def index_page(view: PageView) -> bytes:
    """Write the main page of the register (``index.html``)."""
    register = view.register
    all_rows = view.rows
    filtered = [row for row in all_rows if row.state != "withdrawn"]
    sections = []
    for category in register.categories:
        listed = [row for row in all_rows if row.engagement.category == category.id and row.state not in PAST]
        used = [row for row in listed if row.state != "available"]
        sections.append((category, used, [row for row in listed if row.state == "available"]))
    return _page(
        "index.html.j2",
        view,
        tree.INDEX.path(),
        sections=[section for section in sections if section[1] or section[2]],
        filtered=filtered,
        filters=filters(view, filtered),
        in_use=sum(row.state == "in_force" for row in filtered),
        outside=sum(row.is_outside for row in filtered),
        countries=countries(view, all_rows),
        upcoming=list(ahead(view)),
        ended=[row for row in all_rows if row.state in {"ended", "cancelled"}],
        withdrawn=[vendor for vendor in register.subprocessors if vendor.withdrawn],
        unused=[vendor for vendor in register.subprocessors if not (vendor.engagements or vendor.withdrawn)],
        first_list=initial_list(view.language, len(register.subprocessors))
        if register.version == 1
        else None,
        latest=view.history[0] if view.history else None,
        record=notice_record(view.history),
        check_sha256=digest(check_page()),
        counts=vendor_counts(all_rows),
        lifecycle=register.lifecycle and lifecycle_notice(view.language, register.lifecycle),
        promise=promise(view.language, register.notice),
        older_promises=list(older_promises(view.language, register.notice)),
        objection=objection_period(view.language, register.notice),
    )


def changes_page(view: PageView) -> bytes:
    """Write the page of all versions, by month (``changes/index.html``)."""
    months = itertools.groupby(view.history, key=lambda past: past.day.replace(day=1))
    added = {change.subprocessor for past in view.history if past.version == 1 for change in past.changes}
    return _page(
        "changes.html.j2",
        view,
        tree.CHANGES_PAGE.path(),
        months=[(month, list(versions)) for month, versions in months],
        picture=picture(view, view.register.subprocessors),
        first_list=initial_list(view.language, len(added)),
        most=MAX_VERSIONS,
        record=notice_record(view.history),
    )


def subscribe_page(view: PageView) -> bytes:
    """Write the page of ways to be notified of changes (``subscribe/index.html``)."""
    feeds: dict[FileKind, list[Interest]] = {}
    for interest in interests(view.register):
        feeds.setdefault(interest.kind, []).append(interest)
    everything = Interest(kind=tree.FEED_ATOM, title=feed_title(view.register))
    return _page(
        "subscribe.html.j2",
        view,
        tree.SUBSCRIBE_PAGE.path(),
        main=[everything, *feeds[tree.FEED_IMPORTANT]],
        categories=feeds.get(tree.FEED_CATEGORY, []),
        vendors=feeds.get(tree.FEED_SUBPROCESSOR, []),
    )


def annex_page(view: PageView) -> bytes:
    """Write the annex to attach to a contract (``annex/index.html``), as of the day of publication."""
    return _page(
        "annex.html.j2",
        view,
        tree.ANNEX_PAGE.path(),
        rows=[row for row in view.rows if is_engaged(row)],
        sha256=view.sha256,
        promise=promise(view.language, view.register.notice),
        older_promises=list(older_promises(view.language, view.register.notice)),
        objection=objection_period(view.language, view.register.notice),
    )


def version_page(version: VersionSummary, main: Language | None = None) -> bytes:
    """Write the page of one version's changes (``versions/{version}/``), without anything later."""
    register = version.register
    return _page(
        "version.html.j2",
        version,
        tree.VERSION_PAGE.path(register.version),
        heading=title(version),
        changes=described_changes(version.diff.changes, version.sentences),
        main_language=main,
        vendors={vendor.id: vendor.name for vendor in register.subprocessors},
    )


def subprocessor_pages(view: PageView, vendors: Iterable[Subprocessor]) -> Iterator[tuple[str, bytes]]:
    """Yield id and page of each of the vendors (``subprocessors/{id}/index.html``)."""
    names = {vendor.id: vendor.name for vendor in view.register.subprocessors}
    past = by_vendor(view.history)
    for vendor in vendors:
        yield (
            vendor.id,
            _page(
                "subprocessor.html.j2",
                view,
                tree.SUBPROCESSOR_PAGE.path(vendor.id),
                vendor=vendor_on(vendor, view.today),
                rows=rows_of(view, [vendor]),
                past=past.get(vendor.id, ()),
                picture=picture(view, [vendor]),
                names=names,
                categories={category.id: category for category in view.register.categories},
            ),
        )


def _page(
    template: str,
    view: PageView | VersionSummary,
    path: str,
    main_language: Language | None = None,
    **values: Any,
) -> bytes:
    texts, address = view.register.publisher.language, address_of(path)
    main = main_language or Language.of(texts)
    top = _up(_translated(address, view.language, main))
    html = render(
        template,
        view.language,
        texts,
        view=view,
        register=view.register,
        root=_up(address),
        top=top,
        translations=[(each, _translated(address, each, main)) for each in languages(main)],
        root_hash=strict_base64.encode(view.root_hash),
        **values,
    )
    return html.encode()


PAGES: dict[FileKind, Callable[[PageView], bytes]] = {
    tree.INDEX: index_page,
    tree.CHANGES_PAGE: changes_page,
    tree.SUBSCRIBE_PAGE: subscribe_page,
    tree.ANNEX_PAGE: annex_page,
}
"""Functions that write the pages that exist once in each language."""


def all_pages(
    view: PageView, versions: Callable[[], Iterable[VersionSummary]], vendors: Iterable[Subprocessor]
) -> dict[str, bytes]:
    """Write those pages, and the pages of the given versions and vendors, in each language."""
    main = view.language

    def pages(language: Language) -> Iterator[tuple[str, bytes]]:
        localised = msgspec.structs.replace(view, language=language)
        yield from ((kind.path(), write(localised)) for kind, write in PAGES.items())
        for version in versions():
            path = tree.VERSION_PAGE.path(version.register.version)
            yield path, version_page(version.in_language(language), main)
        for id_, data in subprocessor_pages(localised, vendors):
            yield tree.SUBPROCESSOR_PAGE.path(id_), data

    return in_each_language(view.register.publisher, pages)


def in_each_language(
    publisher: Publisher, make: Callable[[Language], Iterable[tuple[str, bytes]]]
) -> dict[str, bytes]:
    """Return pages in each language, by path."""
    all_languages = languages(Language.of(publisher.language))
    return {
        _translated(path, language, all_languages[0]): data
        for language in all_languages
        for path, data in make(language)
    }


def _translated(path: str, language: Language, main: Language) -> str:
    return path if language is main else in_language(path, language.tag)


def _up(address: str) -> str:
    """Return the relative reference from an address to the root of its language or tree."""
    return "../" * address.count("/") or "./"
