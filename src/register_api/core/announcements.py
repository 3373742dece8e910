"""What a version announces: each start, and each change with a day of its own, with its events.

Publishing sets ``announced`` from it, the rules judge it, and a verifier recounts it from two
registers (docs/rules.md, What needs notice).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from register_api.core.model import (
    EngagementSource,
    NoticeEvent,
    PlannedChangeSource,
    ReasonKind,
    ShortNotice,
    Subprocessor,
    SubprocessorSource,
)
from register_api.core.planned_changes import same_set, vendor_before, vendor_on, with_change, without
from register_api.core.timeline import state_on

Vendor = Subprocessor | SubprocessorSource


Event = NoticeEvent | Literal["rescheduled"]
"""What happens to an engagement, as the promise sees it; ``rescheduled`` is a start moved earlier."""

START_EVENTS: frozenset[Event] = frozenset({"addition", "replacement", "activation"})
"""Events that begin something; a promise that covers one of them covers rescheduling, too."""


def is_engaged(vendor: Vendor, engagement: EngagementSource, day: dt.date) -> bool:
    """Tell whether a vendor is used, or announced to be, as of a day: neither available nor over.

    Here as in ``events``, vendor and engagement are as they hold on that day (``vendor_on``).
    """
    if vendor.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return False
    return engagement.ends_on is None or engagement.ends_on > day


def find_engagement(vendor: Vendor | None, engagement: str) -> EngagementSource | None:
    """Return a vendor's engagement by id, or ``None``."""
    for item in vendor.engagements if vendor is not None else ():
        if item.id == engagement:
            return item
    return None


def events(
    before: Vendor | None,
    after: Vendor,
    engagement: EngagementSource,
    *,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Yield everything a change is in terms of the notice promise (docs/rules.md, What needs notice).

    A use that is first told of when it is already over is a start all the same: one without notice.
    """
    old = find_engagement(before, engagement.id)
    if after.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return
    if before is not None and old is not None and is_engaged(before, old, day):
        if is_engaged(after, engagement, day):
            yield from _changes(before, old, after, engagement, day, reason_kind)
        return
    # What had ended or was withdrawn may run again; a correction says that it never stopped.
    again = reason_kind != "correction" and is_engaged(after, engagement, day)
    if old is None or old.status == "available" or again:
        yield from _starts(before, old, after, engagement, day)


def _starts(
    before: Vendor | None,
    old: EngagementSource | None,
    after: Vendor,
    engagement: EngagementSource,
    day: dt.date,
) -> Iterator[Event]:
    """Name the start of an engagement that was not one before."""
    activated = old is not None and old.status == "available"
    replacing = bool(set(after.replaces) - set(before.replaces if before else ()))
    if activated:
        yield "activation"
    if replacing:
        yield "replacement"
    running = [item for item in before.engagements if is_engaged(before, item, day)] if before else []
    if not activated and not replacing and not any(_includes(item, engagement) for item in running):
        yield "addition"


def _includes(running: EngagementSource, new: EngagementSource) -> bool:
    """Tell whether a running engagement already says all that a new one does, and from as early on."""
    same = running.category == new.category and running.purpose == new.purpose
    unconditional = running.status == "active" or new.status == "conditional"
    early = running.starts_on is None or (new.starts_on is not None and running.starts_on <= new.starts_on)
    narrower = set(new.data_scope or ()) <= set(running.data_scope or ())
    return same and unconditional and early and narrower


def _changes(
    before: Vendor,
    old: EngagementSource,
    after: Vendor,
    new: EngagementSource,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Name what happens to a running engagement, the weightiest first."""
    corrected = reason_kind == "correction"
    if not corrected and another_entity(before, after):
        yield "replacement"
    if old.status == "conditional" and new.status == "active":
        yield "activation"
    if old.starts_on and old.starts_on > day and (new.starts_on is None or new.starts_on < old.starts_on):
        yield "rescheduled"
    if corrected:
        return
    if _countries(new) - _countries(old):
        yield "relocation"
    wider = set(new.data_scope or ()) - set(old.data_scope or ())
    more = set(new.data_categories or ()) - set(old.data_categories or ())
    if wider or more or (new.special_categories and not old.special_categories):
        yield "data_changed"


def another_entity(before: Vendor, after: Vendor) -> bool:
    """Tell whether legal name or seat changed; to state for the first time what was unknown is no change."""
    pairs = ((before.legal_name, after.legal_name), (before.seat, after.seat))
    return any(old is not None and old != new for old, new in pairs)


def _countries(engagement: EngagementSource) -> set[str]:
    return {location.country for location in engagement.locations or ()}


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a version says for the first time, or says anew.

    Attributes:
        vendor: Id of the vendor.
        engagement: Id of the engagement; ``None`` for a planned change of the vendor itself.
        planned: Id of the planned change; ``None`` for the engagement itself.
        what: Its events, the weightiest first; empty where no promise could cover it.
        effective_on: Day from which it holds; ``None`` where none is stated.
        written_into_use: It is no announcement at all, but was written straight into what is in use, so
            that it holds from the publication on.
        short_notice: Why it comes too late, if that is said for this announcement.
        reused_reason: That reason was published for an earlier announcement.
    """

    vendor: str
    engagement: str | None
    planned: str | None
    what: tuple[Event, ...]
    effective_on: dt.date | None
    written_into_use: bool = False
    short_notice: ShortNotice | None = None
    reused_reason: bool = False

    @property
    def key(self) -> tuple[str, str | None, str | None]:
        """Whose ``announced`` this is: vendor, engagement, planned change."""
        return self.vendor, self.engagement, self.planned


def announcements(
    before: Vendor | None, vendor: Vendor, day: dt.date, reason_kind: ReasonKind
) -> Iterator[Announcement]:
    """Yield all that a version announces of one vendor."""
    now = vendor_on(without(vendor, fresh_plans(before, vendor)), day)
    past = None if before is None else vendor_on(before, day)
    for engagement in now.engagements:
        found = _of_engagement(past, now, engagement, day, reason_kind)
        if found is not None:
            yield found
    for use, old, change in _fresh(before, vendor):
        yield _of_planned(vendor, use, old, change, reason_kind)


def _fresh(
    before: Vendor | None, vendor: Vendor
) -> Iterator[tuple[EngagementSource | None, PlannedChangeSource | None, PlannedChangeSource]]:
    """Yield planned changes that are said for the first time, or anew: other content, or earlier.

    Each with its engagement, unless it is of the vendor itself, and with what was said before.
    """
    uses = ((use, find_engagement(before, use.id)) for use in vendor.engagements)
    for use, older in ((None, before), *uses):
        owner = use or vendor
        known = {item.id: item for item in older.planned} if older is not None else {}
        for item in owner.planned:
            old = known.get(item.id)
            if item.cancelled is None and (
                old is None
                or old.cancelled is not None
                or not same_set(type(owner), old, item)
                or item.effective_on < old.effective_on
            ):
                yield use, old, item


def fresh_plans(before: Vendor | None, vendor: Vendor) -> set[tuple[str | None, str]]:
    """Return the planned changes that a version announces: id of the engagement or ``None``, and its own."""
    return {(use.id if use else None, change.id) for use, _, change in _fresh(before, vendor)}


def _of_engagement(
    before: Vendor | None, vendor: Vendor, engagement: EngagementSource, day: dt.date, reason_kind: ReasonKind
) -> Announcement | None:
    """Return what is said of an engagement itself, or ``None`` where nothing of it is news."""
    old = find_engagement(before, engagement.id)
    what = tuple(events(before, vendor, engagement, day=day, reason_kind=reason_kind))
    if old is not None and not what:
        return None
    in_use = before is not None and old is not None and state_on(before, old, day) == "in_force"
    reused = old is not None and old.short_notice == engagement.short_notice
    return Announcement(
        vendor=vendor.id,
        engagement=engagement.id,
        planned=None,
        what=what,
        effective_on=None if in_use else engagement.starts_on,
        written_into_use=in_use,
        short_notice=None if in_use or reused else engagement.short_notice,
        reused_reason=reused and engagement.short_notice is not None,
    )


def _of_planned(
    vendor: Vendor,
    engagement: EngagementSource | None,
    old: PlannedChangeSource | None,
    change: PlannedChangeSource,
    reason_kind: ReasonKind,
) -> Announcement:
    """Return what a planned change is in terms of the promise: the day before against its first day."""
    reused = old is not None and old.short_notice == change.short_notice
    return Announcement(
        vendor=vendor.id,
        engagement=engagement.id if engagement else None,
        planned=change.id,
        what=tuple(dict.fromkeys(_events_of_change(vendor, engagement, change, reason_kind))),
        effective_on=change.effective_on,
        short_notice=None if reused else change.short_notice,
        reused_reason=reused and change.short_notice is not None,
    )


def _events_of_change(
    vendor: Vendor, engagement: EngagementSource | None, change: PlannedChangeSource, reason_kind: ReasonKind
) -> Iterator[Event]:
    day = change.effective_on
    before = vendor_before(vendor, engagement.id if engagement else None, change)
    if engagement is None:
        after: Vendor = with_change(before, change)
    else:
        changed = tuple(
            with_change(item, change) if item.id == engagement.id else item for item in before.engagements
        )
        after = msgspec.structs.replace(before, engagements=changed)
    for item in after.engagements:
        if (engagement is None or item.id == engagement.id) and is_engaged(after, item, day):
            yield from events(before, after, item, day=day, reason_kind=reason_kind)
