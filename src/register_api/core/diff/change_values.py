"""What a change says for machines: names of fields, and their values before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.diff.differences import Column, Difference
from register_api.core.model import Engagement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from register_api.core.diff.deltas import FieldDelta, Key
    from register_api.core.diff.differences import Pair, Reorder
    from register_api.core.model import Subprocessor

    Values = tuple[tuple[str, ...], Any, Any]


def values_of(difference: Difference | Column | Reorder) -> Values:
    """Return the names of what changed, and the values before and after.

    Fields of a vendor or an engagement go by their own name; all others by the way to them from the
    top of the register, joined with dots: ``notice.days``, ``categories.hosting.title``; a column by
    the list it was added to: ``engagements.retention``.
    """
    if isinstance(difference, Column):
        return _values_of_column(difference)
    if not isinstance(difference, Difference):
        return (str(difference.place[-1]),), difference.before, difference.after
    if not difference.fields:
        return _values_of_entry(difference)
    names = tuple(dotted((*difference.place, change.name)) for change in difference.fields)
    return names, *_values_of_fields(names, difference.fields)


def dotted(place: Sequence[Key]) -> str:
    """Return the way to an entry or a field as one name."""
    return ".".join(part if isinstance(part, str) else f"{part[0]}#{part[1]}" for part in place)


def row_name(row: Difference) -> str:
    """Return the id of a vendor, or of vendor and engagement: ``acme``, ``acme/inference``."""
    ids = [pair.known.id for pair in (row.vendor, row.engagement) if pair is not None]
    return "/".join(ids)


def _values_of_column(column: Column) -> Values:
    level = "engagements" if column.level is Engagement else "subprocessors"
    after = {row_name(row): row.fields[0].after for row in column.rows}
    return (f"{level}.{column.name}",), None, after


def _values_of_entry(difference: Difference) -> Values:
    """Return a whole entry; of a vendor that came or went with the one engagement that is told."""
    vendor, engagement = difference.vendor, difference.engagement
    if vendor is None:
        return (dotted(difference.place),), difference.record.before, difference.record.after
    if vendor.in_both:
        return (), difference.record.before, difference.record.after
    return (), _narrowed(vendor.before, engagement), _narrowed(vendor.after, engagement)


def _narrowed(vendor: Subprocessor | None, engagement: Pair[Engagement] | None) -> Subprocessor | None:
    if vendor is None or engagement is None:
        return vendor
    return msgspec.structs.replace(vendor, engagements=(engagement.known,))


def _values_of_fields(names: Sequence[str], fields: Sequence[FieldDelta]) -> tuple[Any, Any]:
    if len(fields) == 1:
        return fields[0].before, fields[0].after
    before = {name: change.before for name, change in zip(names, fields, strict=True)}
    return before, {name: change.after for name, change in zip(names, fields, strict=True)}
