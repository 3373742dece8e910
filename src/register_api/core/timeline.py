"""What held on a day, and what was known on a day: the register's two clocks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.core.calendar import local_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from register_api.core.model import EngagementSource, Register, Subprocessor, SubprocessorSource

State = Literal["announced", "in_force", "ended", "available", "withdrawn"]
"""Where an engagement stands on a day; ``available`` and ``withdrawn`` are not engaged at all."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn"})
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
        engagement: One of its engagements.
        day: A day in the publisher's time zone.
    """
    if vendor.withdrawn is not None:
        return "withdrawn"
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


def known_on(published: Iterable[tuple[int, dt.datetime]], day: dt.date, zone: dt.tzinfo) -> int | None:
    """Return the newest version that was known at the end of a day."""
    # Where clocks go back over midnight a day has two ends, and a later version can be of an earlier day.
    known = (version for version, instant in published if local_day(instant, zone) <= day)
    return max(known, default=None)
