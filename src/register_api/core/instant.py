"""Instants and days: their one spelling (RFC 3339), days of notice counted, and how long a timestamp is good.

A notice of *n* days counts the days after the day of announcement: announced on 1 June with 30 calendar days,
1 July is the earliest date allowed. Business days are Monday to Friday without the publisher's holidays.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Protocol

from register_api.core.model import DayCount, NoticeSource

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def format_instant(instant: dt.datetime) -> str:
    """Return an aware instant as ``2026-05-10T09:00:00Z``; fractions of a second are cut off."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return f"{instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_instant(text: str) -> dt.datetime:
    """Read an instant spelled like ``2026-05-10T09:00:00Z``, or raise ``ValueError``."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant like 2026-05-10T09:00:00Z")
    return dt.datetime.fromisoformat(text)


def instant_of(seconds: int) -> dt.datetime:
    """Return the instant of a Unix time, UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def parse_day(text: str) -> dt.date:
    """Read a day of the calendar spelled like ``2026-05-10``, or raise ``ValueError``."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day like 2026-05-10")
    return dt.date.fromisoformat(text)


SHORTEST, LONGEST, USUAL = dt.timedelta(hours=1), dt.timedelta(days=31), dt.timedelta(hours=48)
"""For how long a timestamp may be good, and is if the publisher says nothing."""


def check_fresh_for(fresh_for: dt.timedelta) -> None:
    """Raise ``ValueError`` for a time that the format does not allow (docs/format/trust.md, TUF)."""
    if not SHORTEST <= fresh_for <= LONGEST:
        raise ValueError(
            f"a timestamp is good for {in_words(SHORTEST)} to {in_words(LONGEST)}, not {in_words(fresh_for)}"
        )


def renewal_after(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return when to renew a timestamp: seven renewals may fail before customers refuse it."""
    return fresh_for / 8


def latest_renewal(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return when a timestamp has to be renewed at the latest, so that one renewal may fail."""
    return fresh_for / 2


def warning_before(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return how long before it expires a timestamp that was not renewed is warned of."""
    return fresh_for / 4


def in_words(fresh_for: dt.timedelta) -> str:
    """Return a length of time in English: ``48 hours``, ``7 days``; what is left of a minute is cut."""
    unit, name = dt.timedelta(minutes=1), "minute"
    if fresh_for > USUAL and not fresh_for % dt.timedelta(days=1):
        unit, name = dt.timedelta(days=1), "day"
    elif not fresh_for % dt.timedelta(hours=1):
        unit, name = dt.timedelta(hours=1), "hour"
    number = fresh_for // unit
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


_SATURDAY = 5


class DayCounting(Protocol):
    """How days are counted: by a promise, or by a contract."""

    @property
    def day_count(self) -> DayCount:
        """What kind of days."""

    @property
    def holidays(self) -> tuple[dt.date, ...]:
        """Days that are no business days, besides Saturdays and Sundays."""


def local_day(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the day that an aware instant falls on in the publisher's time zone."""
    if instant.tzinfo is None:
        raise ValueError("a time without a time zone has no date")
    return instant.astimezone(zone).date()


def earliest_start(announced_on: dt.date, notice: NoticeSource) -> dt.date:
    """Return the first day on which a change announced that day may start."""
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
    # Business days later than one day, up to and with the other, without walking years.
    after, until = sorted((announced_on, starts_on))
    weeks, rest = divmod((until - after).days, 7)
    tail = (after + dt.timedelta(days=offset) for offset in range(1, rest + 1))
    count = weeks * 5 + sum(day.weekday() < _SATURDAY for day in tail)
    holidays = {day for day in notice.holidays if after < day <= until and day.weekday() < _SATURDAY}
    return (count - len(holidays)) * (-1 if starts_on < announced_on else 1)
