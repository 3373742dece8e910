"""Instants and dates (RFC 3339), counting of notice days, and validity of TUF timestamps.

A notice of *n* days counts the days after the day of announcement: announced on 1 June with 30 calendar days,
1 July is the earliest date allowed. Business days are Monday to Friday without the publisher's holidays.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable

from register_api.core.model import DayCount, NoticeSource

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def format_instant(instant: dt.datetime) -> str:
    """Return an aware instant as ``2026-05-10T09:00:00Z``; fractions of a second are cut off."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return f"{instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_instant(text: str) -> dt.datetime:
    """Parse an instant like ``2026-05-10T09:00:00Z``, or raise ``ValueError``."""
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant like 2026-05-10T09:00:00Z")
    return dt.datetime.fromisoformat(text)


def instant_of(seconds: int) -> dt.datetime:
    """Return the UTC instant of a Unix time."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def parse_day(text: str) -> dt.date:
    """Parse a date like ``2026-05-10``, or raise ``ValueError``."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day like 2026-05-10")
    return dt.date.fromisoformat(text)


SHORTEST, LONGEST, USUAL = dt.timedelta(hours=1), dt.timedelta(days=31), dt.timedelta(hours=48)
"""Limits and default of a timestamp's validity."""


def check_fresh_for(fresh_for: dt.timedelta) -> None:
    """Raise ``ValueError`` for a validity that the format does not allow (docs/format/trust.md, TUF)."""
    if not SHORTEST <= fresh_for <= LONGEST:
        raise ValueError(
            f"a timestamp is good for {in_words(SHORTEST)} to {in_words(LONGEST)}, not {in_words(fresh_for)}"
        )


def renewal_after(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return the age at which to renew a timestamp: seven renewals may fail before it expires."""
    return fresh_for / 8


def latest_renewal(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return the age by which a timestamp must be renewed, so that one renewal may fail."""
    return fresh_for / 2


def warning_before(fresh_for: dt.timedelta) -> dt.timedelta:
    """Return how long before a timestamp's expiry to warn that it was not renewed."""
    return fresh_for / 4


def in_words(fresh_for: dt.timedelta) -> str:
    """Return a duration in English, in whole minutes: ``48 hours``, ``7 days``."""
    unit, name = dt.timedelta(minutes=1), "minute"
    if fresh_for > USUAL and not fresh_for % dt.timedelta(days=1):
        unit, name = dt.timedelta(days=1), "day"
    elif not fresh_for % dt.timedelta(hours=1):
        unit, name = dt.timedelta(hours=1), "hour"
    number = fresh_for // unit
    return f"{number} {name}" if number == 1 else f"{number} {name}s"


_SATURDAY = 5


def local_day(instant: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """Return the date of an aware instant in the publisher's time zone."""
    if instant.tzinfo is None:
        raise ValueError("a time without a time zone has no date")
    return instant.astimezone(zone).date()


def earliest_start(announced_on: dt.date, notice: NoticeSource) -> dt.date:
    """Return the earliest allowed date of a change announced on a day."""
    return later_day(announced_on, notice.days, notice.day_count, notice.holidays)


def later_day(day: dt.date, days: int, day_count: DayCount, holidays: Iterable[dt.date]) -> dt.date:
    """Return the date a number of calendar or business days after another.

    Raises:
        OverflowError: The date is after the year 9999.
    """
    if day_count == "calendar":
        return day + dt.timedelta(days=days)
    free = frozenset(holidays)
    while days > 0:
        day += dt.timedelta(days=1)
        days -= day.weekday() < _SATURDAY and day not in free
    return day


def days_of_notice(announced_on: dt.date, starts_on: dt.date, notice: NoticeSource) -> int:
    """Return how many days of notice were given, counted as the promise counts."""
    if notice.day_count == "calendar":
        return (starts_on - announced_on).days
    # Business days after one date up to and including the other, without iterating over years.
    after, until = sorted((announced_on, starts_on))
    weeks, rest = divmod((until - after).days, 7)
    tail = (after + dt.timedelta(days=offset) for offset in range(1, rest + 1))
    count = weeks * 5 + sum(day.weekday() < _SATURDAY for day in tail)
    holidays = {day for day in notice.holidays if after < day <= until and day.weekday() < _SATURDAY}
    return (count - len(holidays)) * (-1 if starts_on < announced_on else 1)
