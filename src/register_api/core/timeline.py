"""What held on a day, and what was known on a day: the register's two clocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from register_api.core.calendar import local_day
from register_api.core.model import EngagementSource, Subprocessor, SubprocessorSource
from register_api.core.planned_changes import engagement_on

State = Literal["announced", "in_force", "ended", "available", "withdrawn", "cancelled"]
"""Where an engagement stands on a day; only ``in_force`` is in use."""

PAST: frozenset[State] = frozenset({"ended", "withdrawn", "cancelled"})
"""States in which there is nothing left to look after."""


def state_on(vendor: Subprocessor | SubprocessorSource, engagement: EngagementSource, day: dt.date) -> State:
    """Say where an engagement stands on a day (docs/format/register.md).

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


def known_on(published: Iterable[tuple[int, dt.datetime]], day: dt.date, zone: dt.tzinfo) -> int | None:
    """Return the newest version that was known at the end of a day."""
    # Where clocks go back over midnight a day has two ends, and a later version can be of an earlier day.
    known = (version for version, instant in published if local_day(instant, zone) <= day)
    return max(known, default=None)
