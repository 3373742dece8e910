"""What held on a day, and what was known on a day: the register's two clocks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.core.calendar import local_day
from register_api.core.planned_changes import engagement_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import (
        Announced,
        EngagementSource,
        Register,
        Subprocessor,
        SubprocessorSource,
    )

State = Literal["announced", "in_force", "ended", "available", "withdrawn", "cancelled"]
"""Where an engagement stands on a day; only ``in_force`` is in use."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn", "cancelled"})
"""States in which there is nothing left to look after."""


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """A start or an end that lies ahead.

    Attributes:
        days: Calendar days from the day that was asked about.
    """

    subprocessor: str
    engagement: str
    what: Literal["starts", "ends"]
    day: dt.date
    days: int


def state_on(vendor: Subprocessor | SubprocessorSource, engagement: EngagementSource, day: dt.date) -> State:
    """Say where an engagement stands on a day (docs/format.md, The register).

    Without ``starts_on`` it was used before version 1, so it is in force on every day until it ends.

    Args:
        vendor: The vendor.
        engagement: One of its engagements; planned changes that have taken effect are taken into account.
        day: A day in the publisher's time zone.
    """
    if vendor.withdrawn is not None:
        return "withdrawn"
    if engagement.cancelled is not None:
        return "cancelled"
    engagement = engagement_on(engagement, day)
    if engagement.status == "available":
        return "available"
    if engagement.ends_on is not None and engagement.ends_on <= day:
        return "ended"
    if engagement.starts_on is not None and engagement.starts_on > day:
        return "announced"
    return "in_force"


def upcoming(register: Register, day: dt.date) -> tuple[Upcoming, ...]:
    """Return what will start or end after a day, the nearest first.

    Args:
        register: A version.
        day: A day in the publisher's time zone.
    """
    events = (
        event
        for vendor in register.subprocessors
        for engagement in vendor.engagements
        for event in _events(vendor, engagement, day)
    )
    return tuple(sorted(events, key=lambda event: (event.day, event.subprocessor, event.engagement)))


def _events(vendor: Subprocessor, engagement: EngagementSource, day: dt.date) -> Iterator[Upcoming]:
    if state_on(vendor, engagement, day) not in {"announced", "in_force"}:
        return
    dates: tuple[tuple[Literal["starts", "ends"], dt.date | None], ...] = (
        ("starts", engagement.starts_on),
        ("ends", engagement.ends_on),
    )
    for what, when in dates:
        if when is not None and when > day:
            yield Upcoming(
                subprocessor=vendor.id,
                engagement=engagement.id,
                what=what,
                day=when,
                days=(when - day).days,
            )


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a customer may object to what was announced (GDPR Art. 28(2)).

    Attributes:
        engagement: Id of the engagement; ``None`` for a planned change of the vendor itself.
        planned: Id of the planned change; ``None`` for the start of the engagement.
        version: The version that announced it.
        effective_on: Day from which it holds; ``None`` where none was stated.
        until: Last day to object.
    """

    subprocessor: str
    engagement: str | None
    planned: str | None
    version: int
    effective_on: dt.date | None
    until: dt.date


def open_deadlines(register: Register, day: dt.date) -> tuple[Deadline, ...]:
    """Return until when customers may object, the nearest first, without what has passed or will not come.

    Args:
        register: A version; what it says alone is enough.
        day: A day in the publisher's time zone.
    """
    found = (item for vendor in register.subprocessors for item in _deadlines(vendor, day))
    ordered = (item for item in found if item.until >= day)
    return tuple(sorted(ordered, key=lambda item: (item.until, item.subprocessor, item.engagement or "")))


def _deadlines(vendor: Subprocessor, day: dt.date) -> Iterator[Deadline]:
    announced: list[tuple[str | None, str | None, Announced, dt.date | None]] = [
        (None, change.id, change.announced, change.effective_on)
        for change in vendor.planned
        if change.cancelled is None and vendor.withdrawn is None
    ]
    for item in vendor.engagements:
        if state_on(vendor, item, day) in PAST:
            continue
        announced.append((item.id, None, item.announced, item.starts_on))
        announced += [
            (item.id, change.id, change.announced, change.effective_on)
            for change in item.planned
            if change.cancelled is None
        ]
    for engagement, planned, said, effective_on in announced:
        if said.objection_until is not None:
            yield Deadline(
                subprocessor=vendor.id,
                engagement=engagement,
                planned=planned,
                version=said.version,
                effective_on=effective_on,
                until=said.objection_until,
            )


def known_on(published: Iterable[tuple[int, dt.datetime]], day: dt.date, zone: dt.tzinfo) -> int | None:
    """Return the newest version that was known at the end of a day."""
    # Where clocks go back over midnight a day has two ends, and a later version can be of an earlier day.
    known = (version for version, instant in published if local_day(instant, zone) <= day)
    return max(known, default=None)
