"""Changes as feed and pages show them: the summary, and beside it what the summary does not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from register_api.core.diff.changes import Change
from register_api.core.language.notice import notice_dates, notice_given

if TYPE_CHECKING:
    from register_api.core.diff.changes import Diff
    from register_api.core.language.language import Language

_LONGEST_VALUE = 400


class ShownChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with what is to be said beside its summary, which itself says where notice was short.

    Attributes:
        dates: A sentence for each date.
        notice: That the notice promise was kept, where it was.
        before: The older value of its one field, if it can be read in a line.
        after: The newer one.
    """

    change: Change
    dates: tuple[str, ...]
    notice: str | None
    before: str | None
    after: str | None


def shown_changes(version: _Version) -> list[ShownChange]:
    """Return the changes of a version as feed and pages tell them."""
    return [
        ShownChange(
            change=change,
            dates=tuple(notice_dates(version.language, change.notice)),
            notice=notice_given(version.language, change.notice) if change.notice.met else None,
            before=_value(change, change.before),
            after=_value(change, change.after),
        )
        for change in version.diff.changes
    ]


class _Version(Protocol):
    """What is shown of a version: on its page, on the page of the register, or in the feed."""

    @property
    def diff(self) -> Diff: ...

    @property
    def language(self) -> Language: ...


def _value(change: Change, value: object) -> str | None:
    """Return one field's value if it can be read in a line; the diff document has them all."""
    if change.field is None or value is None:
        return None
    items = value if isinstance(value, list | tuple) else (value,)
    if not items or not all(isinstance(item, str | int) for item in items):
        return None
    text = ", ".join(str(item) for item in items)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE].rstrip() + "…"
