"""A column added: one field that every entry left empty and every entry now fills.

Twenty-three rows that say one thing more are one change. Entries that are withdrawn or over need not
take part. Fields that start, stop or date an engagement are never taken for a column.
"""

from __future__ import annotations

import msgspec

from register_api.core.changes import ChangeType
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
        filled = {name: rows for name, rows in _newly_filled(found, level).items() if len(rows) >= FEWEST}
        needed = _standing(level, comparison) if filled else set()
        for name, rows in filled.items():
            if needed and needed <= rows.keys():
                columns.append(Column(type=_type_in(rows, name), name=name, rows=tuple(rows.values())))
    told = {(id(row.record), column.name) for column in columns for row in column.rows}
    left: list[Difference | Column] = [*columns]
    for difference in found:
        fields = tuple(item for item in difference.fields if (id(difference.record), item.name) not in told)
        if len(fields) == len(difference.fields):
            left.append(difference)
        elif fields:
            left.append(msgspec.structs.replace(difference, fields=fields))
    return left


def _newly_filled(
    found: list[Difference], level: type[msgspec.Struct]
) -> dict[str, dict[_RowKey, Difference]]:
    """Return by field name the entries of a level that did not fill a field and now do."""
    filled: dict[str, dict[_RowKey, Difference]] = {}
    for row in found:
        # What is planned has a day of its own.
        stays = row.record.in_both and row.planned is None and isinstance(row.record.known, level)
        if row.type in _TURNS or not stays:
            continue
        key = row.vendor.known.id if row.vendor else "", row.engagement.known.id if row.engagement else None
        for change in row.fields:
            if is_unstated(level, change.name, change.before) > is_unstated(level, change.name, change.after):
                filled.setdefault(change.name, {})[key] = msgspec.structs.replace(row, fields=(change,))
    return filled


def _standing(level: type[msgspec.Struct], comparison: Comparison) -> set[_RowKey]:
    """Return the entries of a level that are in both registers and neither withdrawn nor over."""
    found: set[_RowKey] = set()
    for vendor in comparison.vendors.values():
        if not vendor.in_both or (vendor.after and vendor.after.withdrawn):
            continue
        pairs = engagement_pairs(vendor).values()
        running = [pair for pair in pairs if pair.after and not is_over(pair.after, comparison.day)]
        if level is Engagement:
            found |= {(vendor.known.id, pair.known.id) for pair in running if pair.in_both}
        elif running or not pairs:
            found.add((vendor.known.id, None))
    return found


def _type_in(rows: dict[_RowKey, Difference], name: str) -> ChangeType:
    """Return the one type that all rows have, else the one that the table gives the field."""
    first = next(iter(rows.values()))
    same = all(row.type == first.type for row in rows.values())
    return first.type if same else change_of(type(first.record.known), name)
