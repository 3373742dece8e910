"""What a version announces: each start, and each change with a day of its own, with its events.

Publishing sets ``announced`` from it, the rules judge it, and a verifier recounts it from two
registers (docs/rules.md, What needs notice).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from register_api.core.model import (
    EngagementSource,
    PlannedChangeSource,
    ReasonKind,
    ShortNotice,
    Subprocessor,
    SubprocessorSource,
)
from register_api.core.notice_event import Event, events, find_engagement, is_engaged
from register_api.core.planned_changes import same_set, vendor_before, vendor_on, with_change, without
from register_api.core.timeline import state_on

Vendor = Subprocessor | SubprocessorSource


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
    for change in _fresh(before, vendor):
        yield _of_planned(before, vendor, None, change, reason_kind)
    for engagement in vendor.engagements:
        old = find_engagement(before, engagement.id)
        for change in _fresh(old, engagement):
            yield _of_planned(before, vendor, engagement, change, reason_kind)


def _fresh(
    before: Vendor | EngagementSource | None, owner: Vendor | EngagementSource
) -> Iterator[PlannedChangeSource]:
    """Yield planned changes that are said for the first time, or anew: other content, or earlier."""
    known = {item.id: item for item in before.planned} if before is not None else {}
    kind = type(owner)
    for item in owner.planned:
        old = known.get(item.id)
        if item.cancelled is None and (
            old is None
            or old.cancelled is not None
            or not same_set(kind, old, item)
            or item.effective_on < old.effective_on
        ):
            yield item


def fresh_plans(before: Vendor | None, vendor: Vendor) -> set[tuple[str | None, str]]:
    """Return the planned changes that a version announces: id of the engagement or ``None``, and its own."""
    found: set[tuple[str | None, str]] = {(None, item.id) for item in _fresh(before, vendor)}
    for engagement in vendor.engagements:
        old = find_engagement(before, engagement.id)
        found |= {(engagement.id, item.id) for item in _fresh(old, engagement)}
    return found


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
    before: Vendor | None,
    vendor: Vendor,
    engagement: EngagementSource | None,
    change: PlannedChangeSource,
    reason_kind: ReasonKind,
) -> Announcement:
    """Return what a planned change is in terms of the promise: the day before against its first day."""
    owner = before if engagement is None else find_engagement(before, engagement.id)
    old = next((item for item in owner.planned if item.id == change.id), None) if owner else None
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
