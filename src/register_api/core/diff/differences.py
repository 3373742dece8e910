"""Differences of sub-processors and engagements: added, started, stopped, withdrawn, or edited.

A new vendor is one difference for each engagement, since each requires notice. Fields that a start or stop
changes as well (status, dates, a condition that no longer applies) are part of it and not reported again.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from register_api.core.changes import ChangeType
from register_api.core.diff.comparison import (
    Comparison,
    EntryPath,
    Pair,
    engagement_pairs,
    pairs,
    type_of,
)
from register_api.core.fields import change_of, entries
from register_api.core.model import Engagement, EngagementSource, PlannedChange, ReasonKind, Subprocessor
from register_api.core.timeline import FieldDelta, fields_set, same_set

replace = msgspec.structs.replace

_DATES = frozenset({"starts_on", "ends_on", "short_notice"})


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Changed fields of one entry that have the same type of change, or an added or removed entry.

    Attributes:
        record: The entry that the fields belong to.
        place: Its path, for entries of the register itself, and for an engagement whose plans were reordered.
        planned: The planned change that causes it, or that is cancelled or moved.
        fields: Those that differ; all stated fields if the entry was added or removed.
        vendor_fields: Fields of the vendor that are reported with those of its engagement.
        is_order: Whether only the order of entries changed; ``fields`` then has their ids.
    """

    type: ChangeType
    record: Pair[msgspec.Struct]
    place: EntryPath = ()
    vendor: Pair[Subprocessor] | None = None
    engagement: Pair[Engagement] | None = None
    planned: Pair[PlannedChange] | None = None
    fields: tuple[FieldDelta, ...] = ()
    vendor_fields: tuple[FieldDelta, ...] = ()
    is_order: bool = False


def vendor_differences(vendor: Pair[Subprocessor], comparison: Comparison) -> Iterator[Difference]:
    """Yield all differences of one vendor, in the order of presentation."""
    uses = engagement_pairs(vendor).values()
    if not vendor.in_both:
        for use in list(uses) or (None,):
            of_use = () if use is None else use.stated()
            yield _whole(_type_of_entry(vendor, use), vendor, use, vendor.stated(), of_use)
        for owner in (None, *uses):
            yield from planned_differences(vendor, owner, comparison)
        return
    changed = {change.name: change for change in vendor.fields()}
    newly = (changed.pop("replaces"),) if any(_is_replacement(vendor, use) for use in uses) else ()
    if "withdrawn" in changed and changed["withdrawn"].after is None:
        again = (changed.pop("withdrawn"),)
        for use in [use for use in uses if use.in_both] or (None,):
            yield _whole("added", vendor, use, again)
    like = Difference(type="editorial", record=vendor, vendor=vendor)
    yield from grouped(changed.values(), like, comparison.reason)
    yield from planned_differences(vendor, None, comparison)
    for use in uses:
        for found in _engagement_differences(vendor, use, comparison):
            yield replace(found, vendor_fields=newly) if found.type == "replaced" else found
        yield from planned_differences(vendor, use, comparison)


def _whole(
    type_: ChangeType,
    vendor: Pair[Subprocessor],
    use: Pair[Engagement] | None,
    of_vendor: tuple[FieldDelta, ...],
    of_use: tuple[FieldDelta, ...] = (),
) -> Difference:
    """Return the difference of an added or removed vendor, or of one of its uses with the vendor's fields."""
    if use is None:
        return Difference(type=type_, record=vendor, vendor=vendor, fields=of_vendor)
    return Difference(
        type=type_, record=vendor, vendor=vendor, engagement=use, fields=of_use, vendor_fields=of_vendor
    )


def grouped(changes: Iterable[FieldDelta], like: Difference, reason: ReasonKind) -> Iterator[Difference]:
    """Yield one difference for each type among changed fields."""
    found: dict[ChangeType, list[FieldDelta]] = {}
    for change in changes:
        found.setdefault(type_of(change, reason), []).append(change)
    for type_, fields in found.items():
        yield replace(like, type=type_, fields=tuple(fields))


def _type_of_entry(vendor: Pair[Subprocessor], engagement: Pair[Engagement] | None) -> ChangeType:
    if vendor.after is None or (engagement is not None and engagement.after is None):
        return "ended"
    if vendor.before is None and vendor.after.withdrawn is not None:
        return "withdrawn"
    return "replaced" if engagement is not None and _is_replacement(vendor, engagement) else "added"


def _is_replacement(vendor: Pair[Subprocessor], engagement: Pair[Engagement]) -> bool:
    """Return whether a new engagement in use belongs to a vendor that newly replaces another."""
    if vendor.after is None or engagement.before is not None or engagement.after is None:
        return False
    newly = set(vendor.after.replaces) - set(vendor.before.replaces if vendor.before else ())
    return bool(newly) and engagement.after.status != "available"


def _engagement_differences(
    vendor: Pair[Subprocessor], engagement: Pair[Engagement], comparison: Comparison
) -> Iterator[Difference]:
    before, after = engagement.before, engagement.after
    like = Difference(type="editorial", record=engagement, vendor=vendor, engagement=engagement)
    if before is None or after is None:
        yield replace(like, type=_type_of_entry(vendor, engagement), fields=engagement.stated())
        return
    changes = engagement.fields()
    lifecycle_type, brought = _start_or_stop(before, after, comparison.day) or (None, frozenset[str]())
    if lifecycle_type is not None:
        yield replace(
            like, type=lifecycle_type, fields=tuple(each for each in changes if each.name in brought)
        )
    yield from grouped((change for change in changes if change.name not in brought), like, comparison.reason)


def _start_or_stop(
    before: Engagement, after: Engagement, day: dt.date
) -> tuple[ChangeType, frozenset[str]] | None:
    """Return the type of a start or stop and the fields that belong to it, or ``None``."""
    condition = {"conditions"} if "conditional" in {before.status, after.status} else set()
    if after.status != "available" and is_over(before, day) and not is_over(after, day):
        condition = condition if before.status != after.status else set()
        return "added", _DATES | {"status"} | condition
    if before.status == after.status:
        return None
    lifecycle_type = type_of(FieldDelta(Engagement, "status", before.status, after.status), "change")
    if after.status == "available":
        return lifecycle_type, _DATES | {"status"} | condition
    dates = _DATES - {"ends_on"} if lifecycle_type == "activated" else frozenset[str]()
    return lifecycle_type, dates | {"status"} | condition


def is_over(engagement: EngagementSource, day: dt.date) -> bool:
    """Return whether an engagement was in use and has ended by a day."""
    return engagement.status != "available" and engagement.ends_on is not None and engagement.ends_on <= day


def planned_differences(
    vendor: Pair[Subprocessor], engagement: Pair[Engagement] | None, comparison: Comparison
) -> Iterator[Difference]:
    """Yield what is planned, moved or cancelled for a vendor or for one of its engagements.

    The fields that a planned change sets are reported like a change of those fields, once for each type, with
    the values before and from its effective date; its other changes are reported as its own fields.
    """
    owner: Pair[Any] = vendor if engagement is None else engagement
    if owner.after is None:
        return  # plans of a removed entry are removed with it
    for pair in pairs(owner.before.planned if owner.before else (), owner.after.planned).values():
        if pair.before != pair.after:
            like = Difference(
                type="schedule_changed", record=owner, vendor=vendor, engagement=engagement, planned=pair
            )
            yield from _of_plan(pair, like, comparison)


def _of_plan(pair: Pair[PlannedChange], like: Difference, comparison: Comparison) -> Iterator[Difference]:
    old, new, own = pair.before, pair.after, replace(like, record=pair)
    kind: type[msgspec.Struct] = type(like.record.known)
    is_open = new is not None and new.cancelled is None
    is_unchanged = old is not None and new is not None and old.cancelled is None and same_set(kind, old, new)
    set_fields: list[FieldDelta] = []
    if new is not None and is_open and not is_unchanged and like.vendor is not None:
        use = like.engagement.known.id if like.engagement is not None else None
        newer = comparison.newer_vendors[like.vendor.known.id]
        # Values on the day before and from its effective date.
        set_fields = list(fields_set(newer, use, new))
    yield from grouped(set_fields, like, comparison.reason)
    if pair.in_both:
        left = [change for change in pair.fields() if change.name != "set" or not set_fields]
        yield from grouped(left, own, comparison.reason)
    elif not set_fields:
        yield replace(own, type="cancelled" if new and new.cancelled else own.type, fields=pair.stated())


def register_differences(comparison: Comparison) -> Iterator[Difference]:
    """Yield the differences outside the list of vendors: publisher, promise, statuses, categories."""
    for place, record in comparison.others():
        like = Difference(type="category_changed", record=record, place=place)
        if record.in_both:
            yield from grouped(record.fields(), like, comparison.reason)
        else:
            type_ = change_of(type(record.known), "title")
            yield replace(like, type=type_, fields=record.stated())


def reorders(comparison: Comparison) -> Iterator[Difference]:
    """Yield each list whose common entries are in another order."""
    yield from _reordered(Pair(comparison.older, comparison.newer))
    for vendor in comparison.vendors.values():
        if vendor.before == vendor.after:
            continue
        yield from _reordered(vendor, (), vendor)
        for key, use in engagement_pairs(vendor).items():
            yield from _reordered(use, ("engagements", key), vendor)


def _reordered(
    record: Pair[msgspec.Struct], place: EntryPath = (), vendor: Pair[Subprocessor] | None = None
) -> Iterator[Difference]:
    kind = type(record.known)
    for name in entries(kind):
        lists = [getattr(item, name, ()) for item in (record.before, record.after)]
        if not all(isinstance(items, tuple) for items in lists):
            continue
        counts = [Counter(item.id for item in items) for items in lists]
        once = [[id_ for id_, number in each.items() if number == 1] for each in counts]
        before, after = (tuple(id_ for id_ in ids if id_ in others) for ids, others in (once, reversed(once)))
        if before != after:
            order = (FieldDelta(kind, name, before, after),)
            yield Difference(
                type="reordered", record=record, place=place, vendor=vendor, fields=order, is_order=True
            )
