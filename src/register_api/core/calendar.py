"""Counting days of notice: calendar days, or business days without the publisher's holidays.

A notice of *n* days counts the days after the day of announcement: announced on 1 June with 30
calendar days, 1 July is the first right day to start (exactly the number is enough).
"""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from register_api.core.model import DayCount, NoticeSource

_SATURDAY = 5
_WEEK = 7
_WORKING_WEEK = 5


class DayCounting(Protocol):
    """How days are counted: by a promise, or by a contract."""

    @property
    def day_count(self) -> DayCount:
        """What kind of days."""

    @property
    def holidays(self) -> tuple[dt.date, ...]:
        """Days that are no business days, besides Saturdays and Sundays."""


def local_day(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the day that an instant falls on in the publisher's time zone.

    Args:
        instant: Aware instant, in any zone.
        zone: The publisher's time zone.

    Raises:
        ValueError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("a time without a time zone has no date")
    return instant.astimezone(zone).date()


def earliest_start(announced_on: dt.date, notice: NoticeSource) -> dt.date:
    """Return the first day on which a change announced that day may start.

    Raises:
        OverflowError: The day lies beyond the year 9999.
    """
    return later_day(announced_on, notice.days, notice)


def later_day(day: dt.date, days: int, notice: DayCounting) -> dt.date:
    """Return the day that lies that many days after another, counted as the promise counts.

    Raises:
        OverflowError: The day lies beyond the year 9999.
    """
    if notice.day_count == "calendar":
        return day + dt.timedelta(days=days)
    holidays = frozenset(notice.holidays)
    while days > 0:
        day += dt.timedelta(days=1)
        days -= day.weekday() < _SATURDAY and day not in holidays
    return day


def days_of_notice(announced_on: dt.date, starts_on: dt.date, notice: NoticeSource) -> int:
    """Return how many days of notice were given, counted as the promise counts."""
    if notice.day_count == "calendar":
        return (starts_on - announced_on).days
    if starts_on < announced_on:
        return -_business_days_between(starts_on, announced_on, notice)
    return _business_days_between(announced_on, starts_on, notice)


def _business_days_between(after: dt.date, until: dt.date, notice: NoticeSource) -> int:
    """Count business days later than one day, up to and with another, without walking years."""
    weeks, rest = divmod((until - after).days, _WEEK)
    tail = (after + dt.timedelta(days=offset) for offset in range(1, rest + 1))
    count = weeks * _WORKING_WEEK + sum(day.weekday() < _SATURDAY for day in tail)
    holidays = {day for day in notice.holidays if after < day <= until and day.weekday() < _SATURDAY}
    return count - len(holidays)
