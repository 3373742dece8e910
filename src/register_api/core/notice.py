"""The notice promise: which changes it covers, and whether it was kept.

Two clocks decide: the day a change was announced (published) and the day it starts. The promise
that counts is the one in force on the day of announcement; a promise that was lowered stays
binding for changes announced within its own old number of days (rule R13).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from register_api.core.calendar import days_of_notice, earliest_start, later_day, local_day
from register_api.core.model import Announced, DayCount, Notice
from register_api.core.notice_event import START_EVENTS, Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import Register


class NoticePolicy(msgspec.Struct, frozen=True, kw_only=True):
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
    policies: tuple[NoticePolicy, ...]

    def joined_by(self, version: int, day: dt.date, notice: Notice, *, live: bool) -> Promises:
        """Return the promises as they stand once a further version is published."""
        changed = not self.policies or self.policies[-1].notice != notice
        new = (NoticePolicy(version=version, day=day, notice=notice),) if changed else ()
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


def promises_of(versions: Iterable[Register], zone: dt.tzinfo) -> Promises:
    """Return the notice promises that some versions tell of; what lay between them is not known.

    Args:
        versions: Versions of one register, oldest first.
        zone: The publisher's time zone.
    """
    promises = Promises(zone=zone, first_live=None, policies=())
    for register in versions:
        day = local_day(register.published_at, zone)
        live = register.recorded == "live"
        promises = promises.joined_by(register.version, day, register.notice, live=live)
    return promises


class NoticeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a change needs notice and got it (docs/format.md, The diff).

    Attributes:
        required: Whether the promise covers the change.
        announced_on: Local day of the announcement.
        starts_on: Day from which the change holds.
        days: Days of notice given, counted as promised; negative when announced late.
        day_count: What kind of days these and the promised ones are.
        promised_days: Days of notice promised for it.
        met: Whether the promise was kept; ``None`` where there is none.
        objection_until: Last day to object, where the promise names a period.
    """

    required: bool
    announced_on: dt.date | None = None
    starts_on: dt.date | None = None
    days: int | None = None
    day_count: DayCount | None = None
    promised_days: int | None = None
    met: bool | None = None
    objection_until: dt.date | None = None


def status(what: Event, announced: Announced, starts_on: dt.date | None, promises: Promises) -> NoticeStatus:
    """Judge an event by the promises in force when it was announced.

    Args:
        what: The event, from ``notice_event.events``.
        announced: The version and instant that announced it.
        starts_on: Day from which it holds; ``None`` when none is given.
        promises: All promises of the register.

    Returns:
        The status; ``required=False`` without days where no promise covers the event.
    """
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
        day_count=counted.day_count if counted else None,
        promised_days=binding.days if binding else None,
        met=starts_on is not None and starts_on >= earliest_start(day, binding) if binding else None,
        objection_until=objection_until(day, current),
    )


def strictest(what: Event, version: int, day: dt.date, promises: Promises) -> Notice | None:
    """Return the promise with the latest first right day among those that cover an event."""
    if promises.is_baseline(version):
        return None
    covering = [notice for notice in promises.binding(version, day) if _covers(notice, what)]
    return max(covering, key=lambda notice: earliest_start(day, notice), default=None)


def _covers(notice: Notice, what: Event) -> bool:
    if what == "rescheduled":
        return not START_EVENTS.isdisjoint(notice.applies_to)
    return what in notice.applies_to


def objection_until(day: dt.date, notice: Notice | None) -> dt.date | None:
    """Return the last day to object to what was announced on a day, counted as the promise counts.

    Args:
        day: Local day of the announcement.
        notice: The promise in force on that day.

    Returns:
        The day, or ``None`` where no period is promised.
    """
    if notice is None or notice.objection_days is None:
        return None
    return later_day(day, notice.objection_days, notice)
