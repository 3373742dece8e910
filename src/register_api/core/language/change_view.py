"""A change read back into what it is about: the vendor, the use, and the fields with their values as structs.

A change comes from a file that somebody else wrote, so nothing is taken for granted: a value of
another form than the field has is left as the JSON that it is.
"""

from __future__ import annotations

import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.diff.changes import Change
from register_api.core.fields import content
from register_api.core.model import (
    Category,
    Engagement,
    Notice,
    PlannedChange,
    Publisher,
    Register,
    StatusText,
    Subprocessor,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENTRIES: Mapping[str, type[msgspec.Struct]] = MappingProxyType(
    {
        "publisher": Publisher,
        "notice": Notice,
        "statuses": StatusText,
        "categories": Category,
        "subprocessors": Subprocessor,
        "engagements": Engagement,
    }
)
"""What stands under the first part of a path such as ``categories.hosting.title``."""


class FieldChange(msgspec.Struct, frozen=True):
    """One field of one kind of entry, before and after."""

    kind: type[msgspec.Struct]
    name: str
    before: Any
    after: Any


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """A change with what it is about.

    Attributes:
        vendor: The vendor, if it is about one that is known.
        engagement: Its use, if it is about one that is known.
        listed: Whether the vendor itself came with the change, not only a use of it.
        fields: The fields that changed; empty where an entry came or went.
    """

    change: Change
    vendor: Subprocessor | None
    engagement: Engagement | None
    listed: bool
    fields: tuple[FieldChange, ...]

    @property
    def came(self) -> bool:
        """Whether an entry came."""
        return not self.fields and self.change.before is None and self.change.after is not None

    @property
    def went(self) -> bool:
        """Whether an entry went."""
        return not self.fields and self.change.after is None and self.change.before is not None

    @property
    def is_column(self) -> bool:
        """Whether a field was filled that had been empty in every entry."""
        kinds = {field.kind for field in self.fields}
        return (
            self.change.subprocessor is None
            and not kinds.isdisjoint({Subprocessor, Engagement})
            and isinstance(self.change.after, dict)
        )

    def field(self, name: str) -> FieldChange | None:
        """Return what became of a field, if it changed."""
        return next((field for field in self.fields if field.name == name), None)


def view_change(change: Change, vendors: Mapping[str, Subprocessor]) -> ChangeView:
    """Return a change with what it is about."""
    entry = change.before if change.after is None else change.after
    whole = _read(Subprocessor, entry) if change.subprocessor and not change.fields else None
    listed = whole is not None and whole.id == change.subprocessor
    vendor = whole if listed else vendors.get(change.subprocessor or "")
    return ChangeView(
        change=change,
        vendor=vendor,
        engagement=_engagement(change, vendor, None if listed else entry),
        listed=listed and change.before is None,
        fields=tuple(_fields(change)),
    )


def _engagement(change: Change, vendor: Subprocessor | None, entry: Any) -> Engagement | None:
    """Return the use that a change is about: one that came or went, else the vendor's."""
    if change.engagement is None:
        return None
    whole = None if change.fields else _read(Engagement, entry)
    found = (whole,) if whole else vendor.engagements if vendor else ()
    return next((item for item in found if item.id == change.engagement), None)


def _fields(change: Change) -> Iterator[FieldChange]:
    several = len(change.fields) > 1
    for path in change.fields:
        kind, name = _kind(change, path)
        if name is None:
            continue
        values = (_member(value, path) if several else value for value in (change.before, change.after))
        yield FieldChange(kind, name, *_typed(kind, name, tuple(values)))


def _kind(change: Change, path: str) -> tuple[type[msgspec.Struct], str | None]:
    """Return whose field a path names, and the field's own name; ``None`` for a whole entry."""
    if change.planned is not None and path not in content(_owner(change)):
        return PlannedChange, path
    if change.engagement is not None:
        return Engagement, path
    if change.subprocessor is not None:
        return Subprocessor, path
    first, *rest = path.split(".")
    if first not in _ENTRIES or not rest:
        return Register, path
    if first in {"categories", "statuses"}:
        return _ENTRIES[first], rest[1] if len(rest) > 1 else None
    return _ENTRIES[first], rest[0]


def _owner(change: Change) -> type[msgspec.Struct]:
    """Return whose fields a planned change sets."""
    return Engagement if change.engagement is not None else Subprocessor


def _member(values: Any, path: str) -> Any:
    return values.get(path) if isinstance(values, dict) else None


def _typed(kind: type[msgspec.Struct], name: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return values as the model has them, or all of them as text if one is of another form."""
    try:
        form = _types(kind)[name]
        return tuple(None if value is None else msgspec.convert(value, form) for value in values)
    except (KeyError, msgspec.ValidationError):
        return tuple(None if value is None else _as_text(value) for value in values)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@functools.cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind) if field.name in content(kind)}


def _read(kind: type[Any], value: Any) -> Any:
    """Return a whole entry, or ``None`` if the value is not one."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
