"""The notice promise: which changes it covers, and whether it was kept.

Two clocks decide: the day a change was announced (published) and the day it starts. The promise
that counts is the one in force on the day of announcement; a promise that was lowered stays
binding for changes announced within its own old number of days (rule R13).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.core.calendar import days_of_notice, earliest_start, later_day, local_day
from register_api.core.model import Announced, EngagementSource, Notice, NoticeEvent, ReasonKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.model import Subprocessor, SubprocessorSource

    Vendor = Subprocessor | SubprocessorSource

Event = NoticeEvent | Literal["rescheduled"]
"""What happens to an engagement, as the promise sees it; ``rescheduled`` is a start moved earlier."""

START_EVENTS: frozenset[Event] = frozenset({"addition", "replacement", "activation"})
"""Events that begin something; a promise that covers one of them covers rescheduling, too."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A notice promise and the version and local day from which it was in force."""

    version: int
    day: dt.date
    notice: Notice


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """Every promise a register has made, oldest first; one row for each time it changed.

    Attributes:
        zone: The publisher's time zone.
        first_live: First version that was not imported; ``None`` while there is none.
        policies: Promises in order of version.
    """

    zone: dt.tzinfo
    first_live: int | None
    policies: tuple[Policy, ...]

    def joined_by(self, version: int, day: dt.date, notice: Notice, *, live: bool) -> Promises:
        """Return the promises as they stand once a further version is published."""
        changed = not self.policies or self.policies[-1].notice != notice
        new = (Policy(version=version, day=day, notice=notice),) if changed else ()
        first = version if live and self.first_live is None else self.first_live
        return Promises(zone=self.zone, first_live=first, policies=self.policies + new)

    def is_baseline(self, version: int) -> bool:
        """Tell whether nothing was promised before that version: the first, or an imported one."""
        return version == 1 or self.first_live is None or version < self.first_live

    def binding(self, version: int, day: dt.date) -> Iterator[Notice]:
        """Yield the promises that bind a change announced by a version on a day, newest first."""
        known = [policy for policy in self.policies if policy.version <= version]
        superseded_on: dt.date | None = None
        for policy in reversed(known):
            if superseded_on is None or day < earliest_start(superseded_on, policy.notice):
                yield policy.notice
            superseded_on = policy.day


class NoticeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a change needs notice and got it (docs/format.md, The diff).

    Attributes:
        required: Whether the promise covers the change.
        announced_on: Local day of the announcement.
        starts_on: Day from which the change holds.
        days: Days of notice given, counted as promised; negative when announced late.
        promised_days: Days of notice promised for it.
        met: Whether the promise was kept; ``None`` where there is none.
        objection_until: Last day to object, where the promise names a period.
    """

    required: bool
    announced_on: dt.date | None = None
    starts_on: dt.date | None = None
    days: int | None = None
    promised_days: int | None = None
    met: bool | None = None
    objection_until: dt.date | None = None


def is_engaged(vendor: Vendor, engagement: EngagementSource, day: dt.date) -> bool:
    """Tell whether a vendor is used, or announced to be, as of a day: neither available nor over."""
    if vendor.withdrawn is not None or engagement.status == "available":
        return False
    return engagement.ends_on is None or engagement.ends_on > day


def find_engagement(vendor: Vendor | None, engagement: str) -> EngagementSource | None:
    """Return a vendor's engagement by id, or ``None``."""
    found = vendor.engagements if vendor is not None else ()
    return next((item for item in found if item.id == engagement), None)


def event(
    before: Vendor | None,
    after: Vendor,
    engagement: EngagementSource,
    *,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Event | None:
    """Say what a change is in terms of the notice promise: the weightiest of ``events``.

    Args:
        before: The vendor in the older version, if it was listed.
        after: The vendor in the newer version.
        engagement: The engagement of ``after`` that is judged.
        day: Local day on which the newer version is published.
        reason_kind: Why the newer version is published; a correction replaces nobody.

    Returns:
        The event, or ``None`` when the promise has nothing to say about it.
    """
    return next(events(before, after, engagement, day=day, reason_kind=reason_kind), None)


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

    Args:
        before: The vendor in the older version, if it was listed.
        after: The vendor in the newer version.
        engagement: The engagement of ``after`` that is judged.
        day: Local day on which the newer version is published.
        reason_kind: Why the newer version is published; a correction replaces nobody.
    """
    old = find_engagement(before, engagement.id)
    if after.withdrawn is not None or engagement.status == "available":
        return
    if before is not None and old is not None and is_engaged(before, old, day):
        if is_engaged(after, engagement, day):
            yield from _changes(before, old, after, engagement, day, reason_kind)
    elif old is None or old.status == "available" or is_engaged(after, engagement, day):
        yield from _starts(before, old, after, engagement, day)


def status(
    what: Event | None, announced: Announced, starts_on: dt.date | None, promises: Promises
) -> NoticeStatus:
    """Judge an event by the promises in force when it was announced.

    Args:
        what: The event, from ``event``.
        announced: The version and instant that announced it.
        starts_on: Day from which it holds; ``None`` when none is given.
        promises: All promises of the register.

    Returns:
        The status; ``required=False`` without days where no promise covers the event.
    """
    if what is None:
        return NoticeStatus(required=False)
    day = local_day(announced.at, promises.zone)
    current = next(promises.binding(announced.version, day), None)
    binding = strictest(what, announced.version, day, promises)
    counted = binding or current
    days = days_of_notice(day, starts_on, counted) if starts_on is not None and counted else None
    return NoticeStatus(
        required=binding is not None,
        announced_on=day,
        starts_on=starts_on,
        days=days,
        promised_days=binding.days if binding else None,
        met=starts_on is not None and starts_on >= earliest_start(day, binding) if binding else None,
        objection_until=_objection_until(day, current),
    )


def strictest(what: Event, version: int, day: dt.date, promises: Promises) -> Notice | None:
    """Return the promise with the latest first right day among those that cover an event.

    Args:
        what: The event.
        version: The version that announces it.
        day: Local day of the announcement.
        promises: All promises of the register.

    Returns:
        The promise, or ``None`` when none covers the event or the version is a baseline.
    """
    if promises.is_baseline(version):
        return None
    covering = [notice for notice in promises.binding(version, day) if _covers(notice, what)]
    return max(covering, key=lambda notice: earliest_start(day, notice), default=None)


def _covers(notice: Notice, what: Event) -> bool:
    if what == "rescheduled":
        return not START_EVENTS.isdisjoint(notice.applies_to)
    return what in notice.applies_to


def _objection_until(day: dt.date, notice: Notice | None) -> dt.date | None:
    if notice is None or notice.objection_days is None:
        return None
    return later_day(day, notice.objection_days, notice)


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
    narrower = set(new.data_scope) - {"none"} <= set(running.data_scope)
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
    if not corrected and _another_entity(before, after):
        yield "replacement"
    if old.status == "conditional" and new.status == "active":
        yield "activation"
    if _starts_earlier(old, new, day):
        yield "rescheduled"
    if corrected:
        return
    if {item.country for item in new.locations} - {item.country for item in old.locations}:
        yield "relocation"
    if _wider_data(old, new):
        yield "data_changed"


def _another_entity(before: Vendor, after: Vendor) -> bool:
    """Tell whether legal name or seat changed; to state for the first time what was unknown is no change."""
    pairs = ((before.legal_name, after.legal_name), (before.seat, after.seat))
    return any(old is not None and old != new for old, new in pairs)


def _starts_earlier(old: EngagementSource, new: EngagementSource, day: dt.date) -> bool:
    """Tell whether a start that is still to come moves earlier."""
    if old.starts_on is None or old.starts_on <= day:
        return False
    return new.starts_on is None or new.starts_on < old.starts_on


def _wider_data(old: EngagementSource, new: EngagementSource) -> bool:
    wider = set(new.data_scope) - set(old.data_scope) - {"none"}
    more = set(new.data_categories) - set(old.data_categories)
    return bool(wider or more or (new.special_categories and not old.special_categories))
