"""A change read back into what it is about: the vendor, the use, and the fields with their values as structs.

A change comes from a file that somebody else wrote, so nothing is taken for granted: a value of
another form than the field has is left as the JSON that it is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from register_api.core.diff.changes import Change, FieldChange
from register_api.core.fields import content, entries
from register_api.core.model import Engagement, EngagementSource, PlannedChange, Register, Subprocessor
from register_api.core.shapes import shapes

T = TypeVar("T")


class TypedField(msgspec.Struct, frozen=True):
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
        plan: The planned change that brings it, if that is known.
        fields: The fields that changed, or what an entry says that came or went.
    """

    change: Change
    vendor: Subprocessor | None
    engagement: EngagementSource | None
    plan: PlannedChange | None
    fields: tuple[TypedField, ...]

    @property
    def listed(self) -> bool:
        """Whether the vendor itself came with the change, not only a use of it."""
        name = self.field("name")
        return self.change.kind == "added" and name is not None and name.kind is Subprocessor

    @property
    def is_column(self) -> bool:
        """Whether a field was filled that had been empty in every entry."""
        kinds = {field.kind for field in self.fields}
        return self.change.subprocessor is None and not kinds.isdisjoint({Subprocessor, Engagement})

    @property
    def of_plan(self) -> bool:
        """Whether it is about a planned change as such, not about what that sets."""
        return any(field.kind is PlannedChange for field in self.fields)

    def field(self, name: str) -> TypedField | None:
        """Return what became of a field, if it changed."""
        return next((field for field in self.fields if field.name == name), None)


def view_change(change: Change, vendors: Mapping[str, Subprocessor]) -> ChangeView:
    """Return a change with what it is about; a vendor or a use that is not listed is read from the change."""
    fields = tuple(_typed_field(change, field) for field in change.fields)
    vendor = vendors.get(change.subprocessor or "")
    use = _with_id(vendor.engagements if vendor else (), change.engagement)
    engagement = use or _read(EngagementSource, change.engagement, fields, Engagement)
    owner = vendor if change.engagement is None else use
    return ChangeView(
        change=change,
        vendor=vendor or _read(Subprocessor, change.subprocessor, fields, Subprocessor),
        engagement=engagement,
        plan=_with_id(owner.planned if owner else (), change.planned),
        fields=fields,
    )


def _with_id(items: Iterable[T], id_: str | None) -> T | None:
    return next((item for item in items if getattr(item, "id", None) == id_), None)


def _read(kind: type[T], id_: str | None, fields: Iterable[TypedField], of: type[msgspec.Struct]) -> T | None:
    """Return an entry from the fields that a change tells of it, or ``None`` if they do not suffice."""
    told = (field for field in fields if field.kind is of)
    values = {field.name: field.before if field.after is None else field.after for field in told}
    try:
        return msgspec.convert(msgspec.to_builtins({**values, "id": id_}), kind)
    except (msgspec.ValidationError, TypeError):
        return None


def _typed_field(change: Change, field: FieldChange) -> TypedField:
    """Return a field with values as the model has them, or both as text if one is of another form."""
    kind, name = _owner(change, field.path)
    values = (field.before, field.after)
    try:
        form = _types(kind)[name]
        read = [None if value is None else msgspec.convert(value, form) for value in values]
    except (KeyError, msgspec.ValidationError):
        read = [None if value is None else _as_text(value) for value in values]
    return TypedField(kind, name, *read)


def _owner(change: Change, path: str) -> tuple[type[msgspec.Struct], str]:
    """Return whose field a path names, and the field's own name."""
    kind: type[msgspec.Struct] = Register
    parts = path.split(".")
    if change.subprocessor is not None:
        kind = Subprocessor if change.engagement is None else Engagement
        if kind is Engagement and len(parts) > 1 and parts[0] == "subprocessor":
            kind, parts = Subprocessor, parts[1:]
    while len(parts) > 1 and parts[0] in entries(kind):
        shape = shapes(kind)[parts[0]]
        kind, parts = shape.struct or kind, parts[2 if shape.is_list else 1 :]
    return kind, ".".join(parts)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


@functools.cache
def _types(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(kind) if field.name in content(kind)}
