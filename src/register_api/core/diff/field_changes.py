"""What a change says for programs: kind, fields with their paths and values, and whom it concerns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from register_api.core.diff.changes import ChangeKind, FieldChange
from register_api.core.diff.deltas import FieldDelta, Key
from register_api.core.diff.differences import Column, Comparison, Difference, Reorder
from register_api.core.forms import Reference
from register_api.core.model import Category, Engagement, PlannedChange, StatusText
from register_api.core.shapes import shapes, to_plain

Told = Difference | Column | Reorder


def kind_of(difference: Told) -> ChangeKind:
    """Say whether an entry came, went, or stayed with other fields."""
    if not isinstance(difference, Difference) or difference.record.in_both or _sets_fields(difference):
        return "changed"
    return "added" if difference.record.before is None else "removed"


def fields_of(difference: Told) -> tuple[FieldChange, ...]:
    """Return what changed, each field with its path (``FieldChange``)."""
    if isinstance(difference, Column):
        return tuple(_field(_place_of_row(row), row.fields[0]) for row in difference.rows)
    if not isinstance(difference, Difference):
        path = difference.place[2:] if difference.vendor is not None else difference.place
        return (_made(path, difference.before, difference.after),)
    above = ("subprocessor",) if difference.engagement is not None else ()
    place = _place_of_fields(difference)
    return (
        *(_field(above, item) for item in difference.vendor_fields),
        *(_field(place, item) for item in difference.fields),
    )


def affected_by(difference: Told, comparison: Comparison) -> tuple[str, ...]:
    """Return every vendor that a change concerns, where it is not one alone."""
    if isinstance(difference, Column):
        return _in_order({row.vendor.known.id for row in difference.rows if row.vendor}, comparison)
    if not isinstance(difference, Difference):
        return ()
    if difference.vendor is None:
        return _in_order(set(_belonging(difference.record.known, comparison)), comparison)
    others = set(_others(difference))
    return _in_order({difference.vendor.known.id, *others}, comparison) if others else ()


def dotted(place: Sequence[Key]) -> str:
    """Return the way to an entry or a field as one name."""
    return ".".join(part if isinstance(part, str) else f"{part[0]}#{part[1]}" for part in place)


def _field(place: Sequence[Key], delta: FieldDelta) -> FieldChange:
    return _made((*place, delta.name), delta.before, delta.after)


def _made(path: Sequence[Key], before: Any, after: Any) -> FieldChange:
    return FieldChange(path=dotted(path), before=to_plain(before), after=to_plain(after))


def _place_of_fields(difference: Difference) -> tuple[Key, ...]:
    """Return the way from what the change names to the entry whose fields changed."""
    if difference.vendor is None:
        return difference.place
    record = difference.record.known
    return ("planned", record.id) if isinstance(record, PlannedChange) else ()


def _place_of_row(row: Difference) -> tuple[Key, ...]:
    """Return the way from the register to the entry of a row."""
    vendor = row.vendor.known.id if row.vendor is not None else ""
    use = ("engagements", row.engagement.known.id) if row.engagement is not None else ()
    return ("subprocessors", vendor, *use)


def _sets_fields(difference: Difference) -> bool:
    """Tell whether it is about what a planned change sets, not about the planned change as an entry."""
    return difference.planned is not None and not isinstance(difference.record.known, PlannedChange)


def _others(difference: Difference) -> Iterator[str]:
    """Yield the vendors that a change newly points to, or no longer points to."""
    fields = [*difference.vendor_fields, *(() if difference.engagement is not None else difference.fields)]
    kind = type(difference.vendor.known) if difference.vendor is not None else None
    for item in fields:
        if kind is not None and _refers_to_vendors(kind, item.name):
            yield from _ids(item.before) ^ _ids(item.after)


def _refers_to_vendors(kind: type[msgspec.Struct], name: str) -> bool:
    form = shapes(kind)[name].form if name in shapes(kind) else None
    return isinstance(form, Reference) and form.to == "vendor"


def _ids(value: str | tuple[str, ...] | None) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _belonging(record: msgspec.Struct, comparison: Comparison) -> Iterator[str]:
    """Yield the vendors with a use in a category, or with a status."""
    if isinstance(record, Category | StatusText):
        field = "category" if isinstance(record, Category) else "status"
        for vendor in comparison.newer.subprocessors:
            if any(_says(use, field, record.id) for use in vendor.engagements):
                yield vendor.id


def _says(use: Engagement, field: str, value: str) -> bool:
    return bool(getattr(use, field) == value)


def _in_order(ids: set[str], comparison: Comparison) -> tuple[str, ...]:
    """Return ids in order of reading; those that the register does not list come last."""
    listed = [pair.known.id for pair in comparison.vendors.values()]
    known = [id_ for id_ in dict.fromkeys(listed) if id_ in ids]
    return (*known, *sorted(ids.difference(known)))
