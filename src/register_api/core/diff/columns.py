"""A column added: one field that every entry left empty and every entry now fills.

Twenty-three rows that say one thing more are one change. Entries that are withdrawn or over need not
take part. Fields that start, stop or date an engagement are never taken for a column.
"""

from __future__ import annotations

import msgspec

from register_api.core.diff.changes import ChangeType
from register_api.core.diff.comparison import Comparison, engagement_pairs
from register_api.core.diff.differences import Difference, is_over
from register_api.core.diff.meaning import is_unstated
from register_api.core.fields import change_of
from register_api.core.model import Engagement, Subprocessor


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One field that was empty everywhere and is filled everywhere.

    Attributes:
        rows: The entries and what they say now, in reading order.
    """

    type: ChangeType
    name: str
    rows: tuple[Difference, ...]


FEWEST = 3
"""Fewest entries that make a column."""

_TURNS: frozenset[ChangeType] = frozenset(
    {"added", "activated", "replaced", "schedule_changed", "deactivated", "ended", "withdrawn"}
)
"""Types that are told for each entry, however many there are."""

_RowKey = tuple[str, str | None]


def fold_columns(found: list[Difference], comparison: Comparison) -> list[Difference | Column]:
    """Take columns out of what was found for each entry, and tell each once."""
    columns: list[Column] = []
    for level in (Subprocessor, Engagement):
        filled = _newly_filled(found, level)
        if max(map(len, filled.values()), default=0) >= FEWEST:
            needed = _standing(level, comparison)
            columns += [
                Column(type=_type_in(rows, name), name=name, rows=tuple(rows.values()))
                for name, rows in filled.items()
                if len(rows) >= FEWEST and needed and needed <= rows.keys()
            ]
    told = {(id(row.record), column.name) for column in columns for row in column.rows}
    remaining = (_without(difference, told) for difference in found)
    return [*columns, *(difference for difference in remaining if difference is not None)]


def _newly_filled(
    found: list[Difference], level: type[msgspec.Struct]
) -> dict[str, dict[_RowKey, Difference]]:
    """Return by field name the entries of a level that did not fill a field and now do."""
    filled: dict[str, dict[_RowKey, Difference]] = {}
    for difference in found:
        if difference.type in _TURNS or not _may_fill(difference, level):
            continue
        for change in difference.fields:
            if is_unstated(level, change.name, change.before) and not is_unstated(
                level, change.name, change.after
            ):
                row = msgspec.structs.replace(difference, fields=(change,))
                filled.setdefault(change.name, {})[_row_key(difference)] = row
    return filled


def _may_fill(difference: Difference, level: type[msgspec.Struct]) -> bool:
    """Tell whether it is about fields of an entry that stays; what is planned has a day of its own."""
    record = difference.record
    return record.in_both and difference.planned is None and isinstance(record.known, level)


def _row_key(difference: Difference) -> _RowKey:
    vendor = difference.vendor.known.id if difference.vendor else ""
    return vendor, difference.engagement.known.id if difference.engagement else None


def _standing(level: type[msgspec.Struct], comparison: Comparison) -> set[_RowKey]:
    """Return the entries of a level that are in both registers and neither withdrawn nor over."""
    found: set[_RowKey] = set()
    for vendor in comparison.vendors.values():
        if not vendor.in_both or (vendor.after and vendor.after.withdrawn):
            continue
        pairs = engagement_pairs(vendor).values()
        running = [pair.after for pair in pairs if pair.after and not is_over(pair.after, comparison.day)]
        common = {pair.known.id for pair in pairs if pair.in_both}
        if level is Engagement:
            found |= {(vendor.known.id, item.id) for item in running if item.id in common}
        elif running or not pairs:
            found.add((vendor.known.id, None))
    return found


def _type_in(rows: dict[_RowKey, Difference], name: str) -> ChangeType:
    """Return the one type that all rows have, else the one that the table gives the field."""
    types = {row.type for row in rows.values()}
    first = next(iter(rows.values()))
    return first.type if len(types) == 1 else change_of(type(first.record.known), name)


def _without(difference: Difference, told: set[tuple[int, str]]) -> Difference | None:
    """Return what is left of a difference once columns are told, or ``None``."""
    left = tuple(change for change in difference.fields if (id(difference.record), change.name) not in told)
    if len(left) == len(difference.fields):
        return difference
    return msgspec.structs.replace(difference, fields=left) if left else None
