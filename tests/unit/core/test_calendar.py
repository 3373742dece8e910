"""Counting days: the boundary, business days, holidays, midnights, ends of years, leap days."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from register_api.core.instant import days_of_notice, earliest_start, later_day, local_day
from register_api.core.model import Notice

BERLIN = ZoneInfo("Europe/Berlin")


def notice(days: int, *holidays: str, business: bool = False) -> Notice:
    """Return a promise of so many days."""
    return Notice(
        days=days,
        applies_to=(),
        day_count="business" if business else "calendar",
        holidays=tuple(map(dt.date.fromisoformat, holidays)),
    )


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-06-01T21:59:59Z", "Europe/Berlin", "2026-06-01"),
        ("2026-06-01T22:00:00Z", "Europe/Berlin", "2026-06-02"),
        ("2026-01-01T22:59:59Z", "Europe/Berlin", "2026-01-01"),
        ("2026-01-01T23:00:00Z", "Europe/Berlin", "2026-01-02"),
        ("2025-12-31T10:00:00Z", "Pacific/Kiritimati", "2026-01-01"),
        ("2026-01-01T09:59:59Z", "Pacific/Honolulu", "2025-12-31"),
        ("2026-01-01T03:29:59Z", "America/St_Johns", "2025-12-31"),
        ("2026-01-01T03:30:00Z", "America/St_Johns", "2026-01-01"),
        # Apia skipped 30 December 2011 when it crossed the date line.
        ("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"),
        ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"),
    ],
)
def test_local_day_turns_at_the_publishers_midnight(instant: str, zone: str, day: str) -> None:
    """An instant belongs to the day that it is where the publisher is."""
    assert local_day(dt.datetime.fromisoformat(instant), ZoneInfo(zone)) == dt.date.fromisoformat(day)


def test_a_naive_instant_has_no_day() -> None:
    """Without a zone nobody knows which day it was."""
    with pytest.raises(ValueError, match="without a time zone"):
        local_day(dt.datetime(2026, 6, 1), BERLIN)  # noqa: DTZ001 (that is the point)


@pytest.mark.parametrize(
    ("announced_on", "days", "earliest"),
    [
        ("2026-06-01", 30, "2026-07-01"),
        ("2026-06-01", 0, "2026-06-01"),
        ("2026-12-15", 30, "2027-01-14"),
        ("2028-01-30", 30, "2028-02-29"),
        ("2028-02-29", 365, "2029-02-28"),
        ("2027-02-28", 1, "2027-03-01"),
    ],
)
def test_calendar_days(announced_on: str, days: int, earliest: str) -> None:
    """The day of the announcement is day 0; the count runs over ends of months and years."""
    announced, first = dt.date.fromisoformat(announced_on), dt.date.fromisoformat(earliest)
    assert earliest_start(announced, notice(days)) == first
    assert days_of_notice(announced, first, notice(days)) == days


@pytest.mark.parametrize(
    ("announced_on", "promise", "earliest"),
    [
        ("2026-06-05", notice(5, business=True), "2026-06-12"),
        ("2026-06-05", notice(5, "2026-06-10", business=True), "2026-06-15"),
        ("2026-06-05", notice(5, "2026-06-06", business=True), "2026-06-12"),
        ("2026-06-06", notice(1, business=True), "2026-06-08"),
        ("2026-06-07", notice(0, business=True), "2026-06-07"),
        ("2026-12-23", notice(2, "2026-12-25", "2027-01-01", business=True), "2026-12-28"),
        ("2026-12-30", notice(2, "2027-01-01", business=True), "2027-01-04"),
    ],
)
def test_business_days(announced_on: str, promise: Notice, earliest: str) -> None:
    """Monday to Friday count, less the publisher's holidays; one at a weekend takes nothing away."""
    announced, first = dt.date.fromisoformat(announced_on), dt.date.fromisoformat(earliest)
    assert earliest_start(announced, promise) == first
    assert days_of_notice(announced, first, promise) == promise.days


def test_announced_late_counts_below_zero() -> None:
    """Backdating is a negative number of days, in either way of counting."""
    monday = dt.date(2026, 6, 8)
    assert days_of_notice(monday, dt.date(2026, 6, 1), notice(30)) == -7
    assert days_of_notice(monday, dt.date(2026, 6, 1), notice(30, business=True)) == -5
    assert days_of_notice(monday, dt.date(2026, 6, 1), notice(30, "2026-06-03", business=True)) == -4


def test_a_holiday_named_twice_counts_once() -> None:
    """A list with a slip in it does not lengthen the notice given or owed."""
    twice = notice(5, "2026-06-10", "2026-06-10", business=True)
    assert days_of_notice(dt.date(2026, 6, 5), dt.date(2026, 6, 15), twice) == 5


def test_later_day_counts_from_any_number() -> None:
    """The period for objections is counted as the notice is."""
    assert later_day(dt.date(2026, 6, 5), 10, "business", ()) == dt.date(2026, 6, 19)
