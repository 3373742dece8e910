"""Two registers in, what a person would want to be told out: in order of weight, with the patch.

The changes depend on the two registers and the promises only: who reads the diff from version 3 to 7 is
told what the steps between amount to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import msgspec

from register_api.core.announcements import another_entity
from register_api.core.canonical import Encoded
from register_api.core.changes import (
    ANNOUNCED_BY,
    Change,
    ChangeType,
    Diff,
    DiffEnd,
    FieldChange,
)
from register_api.core.diff.columns import Column, fold_columns
from register_api.core.diff.comparison import Comparison, FieldDelta, Key, engagement_pairs
from register_api.core.diff.differences import (
    Difference,
    Reorder,
    register_differences,
    reorders,
    vendor_differences,
)
from register_api.core.field_forms import Reference
from register_api.core.language.changes import Sentences
from register_api.core.model import Category, PlannedChange, Register, StatusText, Subprocessor
from register_api.core.notice_period import NoticeStatus, Promises, notice_status
from register_api.core.patch import make_patch
from register_api.core.struct_fields import shapes, to_plain

_WEIGHT: dict[ChangeType, int] = {name: weight for weight, name in enumerate(get_args(ChangeType))}


def changes_between(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Say what changed from one version to another (docs/format/diff.md)."""
    sentences = Sentences.between(older, newer, promises.zone)
    return tuple(
        msgspec.structs.replace(
            change, summary=sentences.summary(change), summary_language=sentences.language.tag
        )
        for change in untold_changes(older, newer, promises)
    )


def untold_changes(older: Register | None, newer: Register, promises: Promises) -> tuple[Change, ...]:
    """Return what changed without the sentences, which are the publisher's own words."""
    comparison = Comparison(older, newer, promises.zone)
    found = sorted(_differences(comparison), key=lambda difference: _WEIGHT[difference.type])
    changes = (_change(f"{newer.version}-{number}", item, comparison) for number, item in enumerate(found, 1))
    return tuple(changes)


def diff_document(older: Encoded[Register] | None, newer: Encoded[Register], promises: Promises) -> Diff:
    """Return the diff document of two versions (docs/format/diff.md).

    The patch leads from the older bytes to the newer ones, whichever release of this program wrote
    them: a field that one of the two documents lacks is added or removed, never taken for its default.

    Args:
        older: The older version as it is stored, or ``None``.
        newer: The newer version as it is stored.
        promises: All promises of the register as of the newer version.
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


def _differences(comparison: Comparison) -> Iterator[Difference | Column | Reorder]:
    """Yield everything that differs, in order of reading."""
    changed = (pair for pair in comparison.vendors.values() if pair.before != pair.after)
    vendors = [difference for pair in changed for difference in vendor_differences(pair, comparison)]
    if comparison.older is None:
        yield from vendors
        return
    yield from register_differences(comparison)
    yield from fold_columns(vendors, comparison)
    yield from reorders(comparison)


def _change(id_: str, found: Difference | Column | Reorder, comparison: Comparison) -> Change:
    """Return what was found as data for programs: ids, whom it concerns, fields with paths, notice."""
    if isinstance(found, Column):
        ids = {row.vendor.known.id for row in found.rows if row.vendor}
        notice = _worst((_notice_of(row, comparison) for row in found.rows), comparison)
        return Change(
            id=id_,
            type=found.type,
            kind="changed",
            subprocessor=None,
            engagement=None,
            affects=_in_order(ids, comparison),
            fields=tuple(_field_of_row(row) for row in found.rows),
            notice=notice,
        )
    vendor = found.vendor.known if found.vendor else None
    if isinstance(found, Reorder):
        *way, name = found.place[2:] if vendor else found.place
        return Change(
            id=id_,
            type=found.type,
            kind="changed",
            subprocessor=vendor.id if vendor else None,
            engagement=None,
            fields=(_field(way, FieldDelta(str(name), found.before, found.after)),),
            notice=_not_required(comparison),
        )
    above = ("subprocessor",) if found.engagement is not None else ()
    record = found.record.known
    place = found.place or (("planned", record.id) if isinstance(record, PlannedChange) else ())
    others = _others(found, vendor) if vendor else set(_belonging(record, comparison))
    # What a planned change sets is told of its owner, which stays.
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


def _field_of_row(row: Difference) -> FieldChange:
    """Return the field of a column that a row fills, by its way from the register."""
    vendor = row.vendor.known.id if row.vendor is not None else ""
    use = ("engagements", row.engagement.known.id) if row.engagement is not None else ()
    return _field(("subprocessors", vendor, *use), row.fields[0])


def _others(difference: Difference, vendor: Subprocessor) -> set[str]:
    """Return the vendors that a change newly points to, or no longer points to."""
    fields = difference.vendor_fields if difference.engagement is not None else difference.fields
    forms = {name: shape.form for name, shape in shapes(type(vendor)).items()}
    found: set[str] = set()
    for item in fields:
        form = forms.get(item.name)
        if isinstance(form, Reference) and form.to == "vendor":
            found |= _ids(item.before) ^ _ids(item.after)
    return found


def _ids(value: str | tuple[str, ...] | None) -> set[str]:
    return {value} if isinstance(value, str) else set(value or ())


def _belonging(record: msgspec.Struct, comparison: Comparison) -> Iterator[str]:
    """Yield the vendors with a use in a category, or with a status."""
    if isinstance(record, Category | StatusText):
        field = "category" if isinstance(record, Category) else "status"
        for vendor in comparison.newer.subprocessors:
            if any(getattr(use, field) == record.id for use in vendor.engagements):
                yield vendor.id


def _in_order(ids: set[str], comparison: Comparison) -> tuple[str, ...]:
    """Return ids in order of reading; those that the register does not list come last."""
    listed = [pair.known.id for pair in comparison.vendors.values()]
    known = [id_ for id_ in dict.fromkeys(listed) if id_ in ids]
    return (*known, *sorted(ids.difference(known)))


def _notice_of(difference: Difference, comparison: Comparison) -> NoticeStatus:
    """Say whether a change needed notice and got it: the one that carries an event carries its notice."""
    if difference.vendor is None:
        return _not_required(comparison)
    before = comparison.older.version if comparison.older is not None else 0
    plan = difference.planned.after if difference.planned is not None else None
    use = difference.engagement.after if difference.engagement is not None else None
    effective_on: dt.date | None
    if plan is not None:
        announced, effective_on, said = plan.announced, plan.effective_on, plan.cancelled is None
    elif use is None:
        # Another legal entity is as good as its worst use of those that are announced anew.
        older, newer = difference.vendor.before, difference.vendor.after
        if older is None or newer is None or not another_entity(older, newer):
            return _not_required(comparison)
        both = (pair.after for pair in engagement_pairs(difference.vendor).values() if pair.in_both)
        anew = (item for item in both if item is not None and item.announced.version > before)
        status = (notice_status(item.announced, item.starts_on, comparison.zone) for item in anew)
        return _worst(status, comparison)
    elif difference.type == "ended":
        return _not_required(comparison, use.ends_on)
    else:
        announced, effective_on = use.announced, use.starts_on
        said = difference.type in ANNOUNCED_BY or (difference.type == "cancelled" and use.cancelled is None)
    if not said or announced.version <= before:
        return _not_required(comparison, effective_on if plan is not None else None)
    return notice_status(announced, effective_on, comparison.zone)


def _not_required(comparison: Comparison, effective_on: dt.date | None = None) -> NoticeStatus:
    return NoticeStatus(required=False, announced_on=comparison.day, effective_on=effective_on)


def _worst(found: Iterable[NoticeStatus], comparison: Comparison) -> NoticeStatus:
    """Return the status that a customer would mind most."""
    return max(
        (item for item in found if item.required),
        key=lambda item: (not item.met, item.announced_on is not None, -(item.days or 0)),
        default=_not_required(comparison),
    )
