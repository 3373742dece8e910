"""What happens to a sub-processor and its engagements: listed, started, stopped, withdrawn, or edited.

A vendor that comes is one difference for each engagement, since notice is due for each; with one
engagement or none it is one. Fields that a start or a stop brings with it (status, its dates, a
condition that falls away) belong to it and are not told again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from register_api.core.diff.changes import ChangeType
from register_api.core.diff.deltas import Delta, FieldDelta, Key, keyed
from register_api.core.diff.differences import Comparison, Difference, Pair
from register_api.core.diff.meaning import type_of
from register_api.core.fields import change_of, content
from register_api.core.model import (
    Engagement,
    EngagementSource,
    PlannedChange,
    ReasonKind,
    Subprocessor,
)
from register_api.core.planned_changes import fields_set, same_set

replace = msgspec.structs.replace

_DATES = frozenset({"starts_on", "ends_on", "short_notice"})


def vendor_differences(key: Key, comparison: Comparison) -> Iterator[Difference]:
    """Yield all that happened to one vendor, in reading order."""
    vendor = comparison.vendors[key]
    if not vendor.in_both:
        yield from _came_or_went(vendor)
        for owner in (None, *engagement_pairs(vendor).values()):
            yield from planned_differences(vendor, owner, comparison)
        return
    place = ("subprocessors", key)
    engagements = engagement_pairs(vendor)
    changed = {change.name: change for change in _fields(comparison, place)}
    taken_over: tuple[FieldDelta, ...] = ()
    if any(_takes_over(vendor, pair) for pair in engagements.values()):
        taken_over = (changed.pop("replaces"),)
    if "withdrawn" in changed and changed["withdrawn"].after is None:
        yield from _listed_again(vendor, changed.pop("withdrawn"))
    like = Difference(type="editorial", record=vendor, vendor=vendor)
    yield from grouped(changed.values(), like, comparison.reason)
    yield from planned_differences(vendor, None, comparison)
    for name, engagement in engagements.items():
        place_of_use = (*place, "engagements", name)
        for found in _engagement_differences(place_of_use, vendor, engagement, comparison):
            told = taken_over if found.type == "replaced" else ()
            yield replace(found, vendor_fields=told)
        yield from planned_differences(vendor, engagement, comparison)


def engagement_pairs(vendor: Pair[Subprocessor]) -> dict[Key, Pair[Engagement]]:
    """Return a vendor's engagements by key, in the newer reading order, those that went last."""
    before = keyed(vendor.before.engagements) if vendor.before else {}
    after = keyed(vendor.after.engagements) if vendor.after else {}
    return {key: Pair(before.get(key), after.get(key)) for key in after | before}


def grouped(changes: Iterable[FieldDelta], like: Difference, reason: ReasonKind) -> Iterator[Difference]:
    """Yield one difference for each type among changed fields."""
    found: dict[ChangeType, list[FieldDelta]] = {}
    kind = type(like.record.known)
    for change in changes:
        found.setdefault(type_of(kind, change, reason), []).append(change)
    for type_, fields in found.items():
        yield replace(like, type=type_, fields=tuple(fields))


def whole(pair: Pair[Any]) -> tuple[FieldDelta, ...]:
    """Return all that an entry says that came or went: each field that is stated."""
    kind: type[msgspec.Struct] = type(pair.known)
    found = (
        FieldDelta(name, getattr(pair.before, name, None), getattr(pair.after, name, None))
        for name in content(kind)
    )
    return tuple(item for item in found if item.before is not None or item.after is not None)


def _fields(comparison: Comparison, place: tuple[Key, ...]) -> Iterator[FieldDelta]:
    delta = comparison.deltas.entries.get(place, Delta(None, None))
    return delta.fields()


def _came_or_went(vendor: Pair[Subprocessor]) -> Iterator[Difference]:
    for engagement in list(engagement_pairs(vendor).values()) or (None,):
        found = Difference(
            type=_type_of_entry(vendor, engagement), record=vendor, vendor=vendor, engagement=engagement
        )
        yield _with_fields(found, whole(vendor), () if engagement is None else whole(engagement))


def _with_fields(
    like: Difference, of_vendor: tuple[FieldDelta, ...], of_use: tuple[FieldDelta, ...] = ()
) -> Difference:
    """Return a difference with fields of a vendor, beside those of the engagement if it names one."""
    if like.engagement is None:
        return replace(like, fields=of_vendor)
    return replace(like, fields=of_use, vendor_fields=of_vendor)


def _listed_again(vendor: Pair[Subprocessor], change: FieldDelta) -> Iterator[Difference]:
    """Yield what a vendor brings back that had been withdrawn: each engagement that stayed."""
    stayed = [pair for pair in engagement_pairs(vendor).values() if pair.in_both]
    for engagement in stayed or (None,):
        found = Difference(type="added", record=vendor, vendor=vendor, engagement=engagement)
        yield _with_fields(found, (change,))


def _type_of_entry(vendor: Pair[Subprocessor], engagement: Pair[Engagement] | None) -> ChangeType:
    """Return the type of the change of a vendor or engagement that came or went."""
    if vendor.after is None or (engagement is not None and engagement.after is None):
        return "ended"
    if vendor.before is None and vendor.after.withdrawn is not None:
        return "withdrawn"
    return "replaced" if engagement is not None and _takes_over(vendor, engagement) else "added"


def _takes_over(vendor: Pair[Subprocessor], engagement: Pair[Engagement]) -> bool:
    """Tell whether a new engagement, one more than available, comes with a vendor newly replaced."""
    if vendor.after is None or engagement.before is not None or engagement.after is None:
        return False
    newly = set(vendor.after.replaces) - set(vendor.before.replaces if vendor.before else ())
    return bool(newly) and engagement.after.status != "available"


def _engagement_differences(
    place: tuple[Key, ...], vendor: Pair[Subprocessor], engagement: Pair[Engagement], comparison: Comparison
) -> Iterator[Difference]:
    before, after = engagement.before, engagement.after
    like = Difference(type="editorial", record=engagement, vendor=vendor, engagement=engagement)
    if before is None or after is None:
        yield replace(like, type=_type_of_entry(vendor, engagement), fields=whole(engagement))
        return
    changes = list(_fields(comparison, place))
    turn, brought = _turn(before, after, comparison.day) or (None, frozenset[str]())
    if turn is not None:
        fields = tuple(change for change in changes if change.name in brought)
        yield replace(like, type=turn, fields=fields)
    yield from grouped((change for change in changes if change.name not in brought), like, comparison.reason)


def _turn(before: Engagement, after: Engagement, day: dt.date) -> tuple[ChangeType, frozenset[str]] | None:
    """Say whether an engagement started or stopped, and which fields belong to that."""
    condition = {"conditions"} if "conditional" in {before.status, after.status} else set()
    if after.status != "available" and is_over(before, day) and not is_over(after, day):
        condition = condition if before.status != after.status else set()
        return "added", _DATES | {"status"} | condition
    if before.status == after.status:
        return None
    change = FieldDelta("status", before.status, after.status)
    turn = type_of(type(after), change, "change")
    if after.status == "available":
        return turn, _DATES | {"status"} | condition
    dates = _DATES - {"ends_on"} if turn == "activated" else frozenset[str]()
    return turn, dates | {"status"} | condition


def is_over(engagement: EngagementSource, day: dt.date) -> bool:
    """Tell whether an engagement had been one and has ended by a day."""
    return engagement.status != "available" and engagement.ends_on is not None and engagement.ends_on <= day


def planned_differences(
    vendor: Pair[Subprocessor], engagement: Pair[Engagement] | None, comparison: Comparison
) -> Iterator[Difference]:
    """Yield what is planned, moved or cancelled for a vendor or for one of its engagements.

    What a planned change sets is told like a change of those fields, each type once, with the values
    that hold on the day before and from its day on; what else changes in it as its own fields.
    """
    owner: Pair[Any] = vendor if engagement is None else engagement
    if owner.after is None:
        return  # what went takes its plans with it
    before = {item.id: item for item in owner.before.planned} if owner.before else {}
    after = {item.id: item for item in owner.after.planned}
    for name in after | before:
        pair = Pair(before.get(name), after.get(name))
        if pair.before != pair.after:
            like = Difference(
                type="schedule_changed", record=owner, vendor=vendor, engagement=engagement, planned=pair
            )
            yield from _of_plan(pair, like, comparison)


def _of_plan(pair: Pair[PlannedChange], like: Difference, comparison: Comparison) -> Iterator[Difference]:
    old, new, own = pair.before, pair.after, replace(like, record=pair)
    kind: type[msgspec.Struct] = type(like.record.known)
    coming = new is not None and new.cancelled is None
    known = old is not None and new is not None and old.cancelled is None and same_set(kind, old, new)
    set_fields = list(_set_fields(new, like, comparison)) if new is not None and coming and not known else []
    yield from grouped(set_fields, like, comparison.reason)
    if pair.in_both:
        left = [change for change in Delta(old, new).fields() if change.name != "set" or not set_fields]
        yield from grouped(left, own, comparison.reason)
    elif not set_fields:
        yield replace(own, type="cancelled" if new and new.cancelled else own.type, fields=whole(pair))


def _set_fields(change: PlannedChange, like: Difference, comparison: Comparison) -> Iterator[FieldDelta]:
    """Yield the fields that a planned change sets, as they are the day before and from its day on."""
    vendor = comparison.said[like.vendor.known.id] if like.vendor is not None else None
    if vendor is not None:
        engagement = like.engagement.known.id if like.engagement is not None else None
        yield from (FieldDelta(*field) for field in fields_set(vendor, engagement, change))


def register_differences(comparison: Comparison) -> Iterator[Difference]:
    """Yield what differs outside the list of vendors: publisher, promise, statuses, categories."""
    for place, delta in comparison.deltas.entries.items():
        if place[:1] == ("subprocessors",):
            continue
        record: Pair[msgspec.Struct] = Pair(delta.before, delta.after)
        like = Difference(type="category_changed", record=record, place=place)
        if record.in_both:
            yield from grouped(delta.fields(), like, comparison.reason)
        else:
            yield replace(like, type=change_of(type(record.known), "title"), fields=whole(record))
