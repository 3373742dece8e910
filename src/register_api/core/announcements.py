"""Determines what a version announces: each start and each planned change (docs/rules.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from register_api.core import model
from register_api.core.model import AnyVendor, EngagementSource, PlannedChangeSource, ReasonKind
from register_api.core.timeline import (
    coming_into_use,
    plan_owners,
    same_set,
    state_on,
    vendor_before,
    vendor_on,
    with_change,
    without,
)

Event = model.NoticeEvent | Literal["rescheduled"]
"""An event in terms of the notice promise; ``rescheduled`` is a start moved to an earlier date."""

START_EVENTS: frozenset[Event] = frozenset({"addition", "replacement", "activation"})
"""Events that are starts; a promise that covers one of them also covers rescheduling."""


def is_engaged(vendor: AnyVendor, engagement: EngagementSource, day: dt.date) -> bool:
    """Tell whether an engagement, in its state on a day, is in use or announced: not available, not ended."""
    if vendor.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return False
    return engagement.ends_on is None or engagement.ends_on > day


def find_engagement(vendor: AnyVendor | None, engagement: str) -> EngagementSource | None:
    """Return a vendor's engagement by id, or ``None``."""
    return next((item for item in (vendor.engagements if vendor else ()) if item.id == engagement), None)


def events(
    before: AnyVendor | None,
    after: AnyVendor,
    engagement: EngagementSource,
    *,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Yield the events that a change means for the notice promise (docs/rules.md, What needs notice).

    ``after`` and ``engagement`` are in their state on that day. An engagement first published after its end
    counts as a start without notice.
    """
    old = find_engagement(before, engagement.id)
    if after.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return
    if before is not None and old is not None and is_engaged(before, old, day):
        if is_engaged(after, engagement, day):
            yield from _changes(before, old, after, engagement, day, reason_kind)
        return
    # An ended or withdrawn engagement may start again; in a correction it never stopped.
    again = reason_kind != "correction" and is_engaged(after, engagement, day)
    activated = old is not None and old.status == "available"
    if old is None or activated or again:
        corrected = reason_kind == "correction"
        yield from _starts(before, after, engagement, day, activated=activated, corrected=corrected)


def _starts(
    before: AnyVendor | None,
    after: AnyVendor,
    engagement: EngagementSource,
    day: dt.date,
    *,
    activated: bool,
    corrected: bool,
) -> Iterator[Event]:
    replacing = bool(set(after.replaces) - set(before.replaces if before else ()))
    if activated:
        yield "activation"
    if replacing:
        yield "replacement"
    if activated or replacing:
        return
    running = (item for item in before.engagements if is_engaged(before, item, day)) if before else ()
    covering = [item for item in running if _includes(item, engagement)]
    if before is None or not covering:
        yield "addition"
    elif not corrected:
        yield from _wider(before, covering, after, engagement)


def _wider(
    before: AnyVendor, olds: list[EngagementSource], after: AnyVendor, new: EngagementSource
) -> Iterator[Event]:
    """Yield the events by which an engagement goes beyond all of the older ones together."""
    if all(another_entity(old.entity or before, new.entity or after) for old in olds):
        yield "replacement"
    countries, known = (
        {place.country for use in uses for place in use.locations or ()} for uses in ([new], olds)
    )
    if countries - known:
        yield "relocation"
    scopes, known_scopes = ({item for use in uses for item in use.data_scope or ()} for uses in ([new], olds))
    data, known_data = (
        {item for use in uses for item in use.data_categories or ()} for uses in ([new], olds)
    )
    sensitive = new.special_categories and not any(old.special_categories for old in olds)
    if scopes - known_scopes or data - known_data or sensitive:
        yield "data_changed"


def _includes(running: EngagementSource, new: EngagementSource) -> bool:
    """Tell whether a running engagement already covers a new one, from the same day or earlier."""
    same = running.category == new.category and running.purpose == new.purpose
    unconditional = running.status == "active" or new.status == "conditional"
    early = running.starts_on is None or (new.starts_on is not None and running.starts_on <= new.starts_on)
    narrower = set(new.data_scope or ()) <= set(running.data_scope or ())
    return same and unconditional and early and narrower


def _changes(
    before: AnyVendor,
    old: EngagementSource,
    after: AnyVendor,
    new: EngagementSource,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Yield the events of a running engagement, the most important first."""
    wider = () if reason_kind == "correction" else tuple(_wider(before, [old], after, new))
    if "replacement" in wider:
        yield "replacement"
    if old.status == "conditional" and new.status == "active":
        yield "activation"
    if old.starts_on and old.starts_on > day and (new.starts_on is None or new.starts_on < old.starts_on):
        yield "rescheduled"
    yield from (event for event in wider if event != "replacement")


def another_entity(before: AnyVendor | model.Entity, after: AnyVendor | model.Entity) -> bool:
    """Tell whether legal name or seat changed; stating one for the first time is not a change."""
    pairs = ((before.legal_name, after.legal_name), (before.seat, after.seat))
    return any(old is not None and old != new for old, new in pairs)


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a version announces, for the first time or again.

    ``what`` lists its events, the most important first. ``written_into_use``: it edits an engagement in use,
    effective on publication. ``changes_start``: it affects a start that was announced before and keeps its
    announcement unless a promise covers an event. ``reused_reason``: its reason was published for an earlier
    announcement.
    """

    engagement: str | None
    planned: str | None
    what: tuple[Event, ...]
    effective_on: dt.date | None
    written_into_use: bool = False
    changes_start: bool = False
    short_notice: model.ShortNotice | None = None
    reused_reason: bool = False


def announcements(
    before: AnyVendor | None, vendor: AnyVendor, day: dt.date, reason_kind: ReasonKind
) -> Iterator[Announcement]:
    """Yield all announcements of a version about one vendor."""
    now = vendor_on(without(vendor, new_plans(before, vendor)), day)
    past = None if before is None else vendor_on(before, day)
    for use in now.engagements:
        old = find_engagement(past, use.id)
        what = tuple(events(past, now, use, day=day, reason_kind=reason_kind))
        if old is not None and not what:
            continue
        in_use = past is not None and old is not None and state_on(past, old, day) == "in_force"
        engaged = past is not None and old is not None and is_engaged(past, old, day)
        reused = old is not None and old.short_notice == use.short_notice
        yield Announcement(
            engagement=use.id,
            planned=None,
            what=what,
            effective_on=None if in_use else use.starts_on,
            written_into_use=in_use,
            changes_start=engaged and not in_use and "rescheduled" not in what,
            short_notice=None if in_use or reused else use.short_notice,
            reused_reason=reused and use.short_notice is not None,
        )
    for engagement, plan, change in _newly_planned(before, vendor):
        reused = plan is not None and plan.short_notice == change.short_notice
        yield Announcement(
            engagement=engagement,
            planned=change.id,
            what=tuple(dict.fromkeys(_events_of_change(vendor, engagement, change, reason_kind))),
            effective_on=change.effective_on,
            short_notice=None if reused else change.short_notice,
            reused_reason=reused and change.short_notice is not None,
        )
    if before is not None:
        yield from _changed_activations(before, vendor, day, reason_kind)


def _changed_activations(
    before: AnyVendor, vendor: AnyVendor, day: dt.date, reason_kind: ReasonKind
) -> Iterator[Announcement]:
    """Yield the planned changes that still bring an engagement into use, but now otherwise than announced."""
    new = new_plans(before, vendor)
    for use in vendor.engagements:
        change = coming_into_use(use, day)
        if change is None or (use.id, change.id) in new:
            continue
        then, now = (vendor_on(item, change.effective_on) for item in (before, vendor))
        current, old = find_engagement(now, use.id), find_engagement(before, use.id)
        known = next(item for item in old.planned if item.id == change.id) if old is not None else change
        if current is None:
            continue
        what = tuple(events(then, now, current, day=change.effective_on, reason_kind=reason_kind))
        if what:
            reused = known.short_notice == change.short_notice
            yield Announcement(
                engagement=use.id,
                planned=change.id,
                what=what,
                effective_on=change.effective_on,
                changes_start="rescheduled" not in what,
                short_notice=None if reused else change.short_notice,
                reused_reason=reused and change.short_notice is not None,
            )


def _newly_planned(
    before: AnyVendor | None, vendor: AnyVendor
) -> Iterator[tuple[str | None, PlannedChangeSource | None, PlannedChangeSource]]:
    """Yield newly announced changes: id of the engagement or ``None``, earlier plan or ``None``, change."""
    earlier = dict(plan_owners(before)) if before is not None else {}
    for id_, owner in plan_owners(vendor):
        known = {item.id: item for item in earlier[id_].planned} if id_ in earlier else {}
        for item in owner.planned:
            old = known.get(item.id)
            if item.cancelled is None and (
                old is None
                or old.cancelled is not None
                or not same_set(type(owner), old, item)
                or item.effective_on < old.effective_on
            ):
                yield id_, old, item


def new_plans(before: AnyVendor | None, vendor: AnyVendor) -> set[tuple[str | None, str]]:
    """Return newly announced changes: id of the engagement or ``None``, and id of the change."""
    return {(engagement, change.id) for engagement, _, change in _newly_planned(before, vendor)}


def _events_of_change(
    vendor: AnyVendor, engagement: str | None, change: PlannedChangeSource, reason_kind: ReasonKind
) -> Iterator[Event]:
    """Yield the events of a planned change, comparing its first day with the day before."""
    before = after = vendor_before(vendor, engagement, change)
    if engagement is None:
        after = with_change(before, change)
    else:
        uses = (with_change(item, change) if item.id == engagement else item for item in before.engagements)
        after = msgspec.structs.replace(before, engagements=tuple(uses))
    for item in after.engagements:
        if engagement in {None, item.id} and is_engaged(after, item, change.effective_on):
            yield from events(before, after, item, day=change.effective_on, reason_kind=reason_kind)
