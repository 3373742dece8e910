"""The diff document: all changes between two registers, in order of importance, with the patch.

Changes depend only on the two registers and the promises, so the diff from version 3 to 7 shows the net
effect of the versions between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from register_api.core.announcements import another_entity
from register_api.core.canonical import Encoded
from register_api.core.changes import ANNOUNCED_BY, WEIGHT, Change, ChangeType, Diff, DiffEnd, FieldChange
from register_api.core.diff.comparison import Comparison, Key, Pair, engagement_pairs, is_unstated
from register_api.core.diff.differences import (
    Difference,
    is_over,
    register_differences,
    reorders,
    vendor_differences,
)
from register_api.core.field_forms import Reference
from register_api.core.fields import change_of
from register_api.core.language.changes import Sentences
from register_api.core.model import Category, Engagement, PlannedChange, Register, StatusText, Subprocessor
from register_api.core.notice_period import NoticeStatus, Promises, notice_status
from register_api.core.patch import make_patch
from register_api.core.struct_fields import shapes, to_plain
from register_api.core.timeline import FieldDelta

_RowKey = tuple[str, str | None]
"""Ids of a sub-processor and of one of its engagements."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A field that was empty in every entry and is now set in all: a single change.

    Entries that are withdrawn or ended may be missing. Fields that start, stop or date an engagement are
    never combined.
    """

    type: ChangeType
    name: str
    rows: dict[_RowKey, Difference]


MIN_ROWS = 3
"""Minimum number of entries of a column."""

_LIFECYCLE_TYPES: frozenset[ChangeType] = frozenset(
    {"added", "activated", "replaced", "schedule_changed", "deactivated", "ended", "withdrawn"}
)
"""Types that are always reported for each entry."""


def fold_columns(found: list[Difference], comparison: Comparison) -> list[Difference | Column]:
    """Combine differences into columns, and return them with the remaining differences."""
    columns: list[Column] = []
    for level in (Subprocessor, Engagement):
        filled = {name: rows for name, rows in _newly_filled(found, level).items() if len(rows) >= MIN_ROWS}
        needed = _continuing(level, comparison) if filled else set()
        for name, rows in filled.items():
            if needed and needed <= rows.keys():
                first, *others = rows.values()
                same = all(row.type == first.type for row in others)
                type_ = first.type if same else change_of(type(first.record.known), name)
                columns.append(Column(type=type_, name=name, rows=rows))
    folded = {(id(row.record), column.name) for column in columns for row in column.rows.values()}
    left: list[Difference | Column] = [*columns]
    for difference in found:
        fields = tuple(item for item in difference.fields if (id(difference.record), item.name) not in folded)
        if len(fields) == len(difference.fields):
            left.append(difference)
        elif fields:
            left.append(msgspec.structs.replace(difference, fields=fields))
    return left


def _newly_filled(
    found: list[Difference], level: type[msgspec.Struct]
) -> dict[str, dict[_RowKey, Difference]]:
    """Return by field name the entries of a level in which the field was empty and is now set."""
    filled: dict[str, dict[_RowKey, Difference]] = {}
    for row in found:
        # Planned changes have dates of their own.
        stays = row.record.in_both and row.planned is None and isinstance(row.record.known, level)
        if row.type in _LIFECYCLE_TYPES or not stays:
            continue
        key = row.vendor.known.id if row.vendor else "", row.engagement.known.id if row.engagement else None
        for change in row.fields:
            if is_unstated(level, change.name, change.before) > is_unstated(level, change.name, change.after):
                filled.setdefault(change.name, {})[key] = msgspec.structs.replace(row, fields=(change,))
    return filled


def _continuing(level: type[msgspec.Struct], comparison: Comparison) -> set[_RowKey]:
    """Return the entries of a level that are in both registers and neither withdrawn nor ended."""
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


def changes_between(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Return what changed between two versions, with summaries (docs/format/diff.md)."""
    sentences = Sentences.between(older, newer, promises.zone)
    return tuple(
        msgspec.structs.replace(
            change, summary=sentences.summary(change), summary_language=sentences.language.tag
        )
        for change in changes_without_summaries(older, newer, promises)
    )


def changes_without_summaries(
    older: Register | None, newer: Register, promises: Promises
) -> tuple[Change, ...]:
    """Return what changed, without the summaries in the publisher's language."""
    comparison = Comparison(older, newer, promises.zone)
    changed = (pair for pair in comparison.vendors.values() if pair.before != pair.after)
    found: list[Difference | Column] = []
    vendors = [difference for pair in changed for difference in vendor_differences(pair, comparison)]
    if comparison.older is None:
        found += vendors
    else:
        found += register_differences(comparison)
        found += fold_columns(vendors, comparison)
        found += reorders(comparison)
    found.sort(key=lambda difference: WEIGHT[difference.type])
    return tuple(
        _change(f"{newer.version}-{number}", item, comparison) for number, item in enumerate(found, 1)
    )


def diff_document(older: Encoded[Register] | None, newer: Encoded[Register], promises: Promises) -> Diff:
    """Return the diff document of two stored versions (docs/format/diff.md).

    The patch transforms the older bytes into the newer ones, whichever releases wrote them: a field that one
    document lacks is added or removed, not replaced by its default.
    """
    before = None if older is None else older.document
    return Diff(
        register=newer.document.register,
        older=None if older is None else _end(older),
        newer=_end(newer),
        changes=changes_between(before, newer.document, promises),
        patch=tuple(make_patch(None if older is None else older.plain(), newer.plain())),
    )


def _end(version: Encoded[Register]) -> DiffEnd:
    return DiffEnd(version=version.document.version, sha256=version.sha256)


def _change(id_: str, found: Difference | Column, comparison: Comparison) -> Change:
    """Return a difference as data: ids, affected vendors, fields with paths, notice."""
    if isinstance(found, Column):
        return Change(
            id=id_,
            type=found.type,
            kind="changed",
            subprocessor=None,
            engagement=None,
            affects=_in_order({vendor for vendor, _ in found.rows}, comparison),
            fields=tuple(
                _field(("subprocessors", vendor, *(("engagements", use) if use else ())), row.fields[0])
                for (vendor, use), row in found.rows.items()
            ),
            notice=_worst((_notice_of(row, comparison) for row in found.rows.values()), comparison),
        )
    vendor = found.vendor.known if found.vendor else None
    above = ("subprocessor",) if found.engagement is not None else ()
    record = found.record.known
    place = found.place or (("planned", record.id) if isinstance(record, PlannedChange) else ())
    others = _others(found, vendor) if vendor else _vendors_in(record, comparison)
    # Fields set by a planned change are reported for its owner, which stays.
    stays = found.record.in_both or (found.planned is not None and not isinstance(record, PlannedChange))
    return Change(
        id=id_,
        type=found.type,
        kind="changed" if stays else "added" if found.record.before is None else "removed",
        subprocessor=vendor.id if vendor else None,
        engagement=found.engagement.known.id if found.engagement else None,
        planned=found.planned.known.id if found.planned else None,
        affects=_in_order(others | {vendor.id} if vendor and others else others, comparison),
        fields=(
            *(_field(above, item) for item in found.vendor_fields),
            *(_field(place, item) for item in found.fields),
        ),
        notice=_notice_of(found, comparison),
    )


def _field(place: Sequence[Key], delta: FieldDelta) -> FieldChange:
    parts = (part if isinstance(part, str) else f"{part[0]}#{part[1]}" for part in (*place, delta.name))
    return FieldChange(path=".".join(parts), before=to_plain(delta.before), after=to_plain(delta.after))


def _others(difference: Difference, vendor: Subprocessor) -> set[str]:
    """Return the vendors that a change starts or stops referring to."""

    def ids(value: str | tuple[str, ...] | None) -> set[str]:
        return {value} if isinstance(value, str) else set(value or ())

    fields = difference.vendor_fields if difference.engagement is not None else difference.fields
    forms = {name: shape.form for name, shape in shapes(type(vendor)).items()}
    found: set[str] = set()
    for item in fields:
        form = forms.get(item.name)
        if isinstance(form, Reference) and form.to == "vendor":
            found |= ids(item.before) ^ ids(item.after)
    return found


def _vendors_in(record: msgspec.Struct, comparison: Comparison) -> set[str]:
    if not isinstance(record, Category | StatusText):
        return set()
    field = "category" if isinstance(record, Category) else "status"
    vendors = comparison.newer.subprocessors
    return {each.id for each in vendors if any(getattr(use, field) == record.id for use in each.engagements)}


def _in_order(ids: set[str], comparison: Comparison) -> tuple[str, ...]:
    """Return ids in the order of presentation; those not in the register come last."""
    listed = [pair.known.id for pair in comparison.vendors.values()]
    known = [id_ for id_ in dict.fromkeys(listed) if id_ in ids]
    return (*known, *sorted(ids.difference(known)))


def _notice_of(difference: Difference, comparison: Comparison) -> NoticeStatus:
    """Return whether a change required notice and got it; only the change that carries the event does."""
    if difference.vendor is None or difference.is_order:
        return _not_required(comparison)
    own = _own_notice(difference, difference.vendor, comparison)
    if own.required or difference.type not in {*ANNOUNCED_BY, "cancelled", "deactivated"}:
        return own
    # It may affect a planned start, which is then announced again.
    starts = _starts_announced_again(difference, difference.vendor, comparison)
    again = _worst(
        (notice_status(item.announced, item.effective_on, comparison.zone) for item in starts), comparison
    )
    return again if again.required else own


def _starts_announced_again(
    difference: Difference, vendor: Pair[Subprocessor], comparison: Comparison
) -> Iterator[PlannedChange]:
    """Yield the planned changes, known before, that bring the engagements concerned into use."""
    before = comparison.older.version if comparison.older is not None else 0
    new = comparison.new_plans.get(vendor.known.id, set())
    pairs = (
        [difference.engagement] if difference.engagement is not None else engagement_pairs(vendor).values()
    )
    for use in (pair.after for pair in pairs if pair.after is not None):
        for plan in use.planned:
            if plan.announced.version > before and (use.id, plan.id) not in new:
                yield plan


def _own_notice(difference: Difference, vendor: Pair[Subprocessor], comparison: Comparison) -> NoticeStatus:
    """Return the notice of what a change itself announces."""
    before = comparison.older.version if comparison.older is not None else 0
    plan = difference.planned.after if difference.planned is not None else None
    use = difference.engagement.after if difference.engagement is not None else None
    if plan is not None:
        is_announced = plan.cancelled is None and plan.announced.version > before
        own = notice_status(plan.announced, plan.effective_on, comparison.zone)
        return own if is_announced else _not_required(comparison, plan.effective_on)
    if use is None:
        # For another legal entity, the worst of its newly announced uses counts.
        other = vendor.before and vendor.after and another_entity(vendor.before, vendor.after)
        both = (pair.after for pair in engagement_pairs(vendor).values() if other and pair.in_both)
        again = (item for item in both if item is not None and item.announced.version > before)
        status = (notice_status(item.announced, item.starts_on, comparison.zone) for item in again)
        return _worst(status, comparison)
    is_announced = difference.type in ANNOUNCED_BY or (
        difference.type == "cancelled" and use.cancelled is None
    )
    if is_announced and use.announced.version > before:
        return notice_status(use.announced, use.starts_on, comparison.zone)
    if difference.type == "ended":
        return _not_required(comparison, use.ends_on)
    starts_later = is_announced and use.starts_on is not None and use.starts_on > comparison.day
    return _not_required(comparison, use.starts_on if starts_later else None)


def _not_required(comparison: Comparison, effective_on: dt.date | None = None) -> NoticeStatus:
    return NoticeStatus(required=False, announced_on=comparison.day, effective_on=effective_on)


def _worst(found: Iterable[NoticeStatus], comparison: Comparison) -> NoticeStatus:
    return max(
        (item for item in found if item.required),
        key=lambda item: (not item.met, item.announced_on is not None, -(item.days or 0)),
        default=_not_required(comparison),
    )
