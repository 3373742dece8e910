"""When digests and reminders are due: the clock changes, the deadline decides, and nobody waits too long."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sample_register as sample
from register_api.notify.deliveries import Listener, Schedule, next_morning, open_objections, when_to_notify
from strategies import ZONES

BERLIN = ZoneInfo("Europe/Berlin")
SUBSCRIBER = Listener(
    id="", kind="subscriber", channel="mail", products="", hears="all", frequency="daily", reminders=True
)
CONTACT = msgspec.structs.replace(SUBSCRIBER, kind="contact", frequency="at_once")
SUMMARY = sample.summary(7)
REGISTER, CHANGES = SUMMARY.register, SUMMARY.diff.changes
DEADLINE = dt.date(2026, 5, 24)
"""Of the sample's version 7, published on 10 May 2026."""


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "frequency", "expected"),
    [
        ("2026-11-27T06:59:59", "daily", "2026-11-27T07:00:00"),  # Friday; Berlin is an hour ahead
        ("2026-11-27T07:00:00", "daily", "2026-11-28T07:00:00"),
        ("2026-11-27T23:30:00", "daily", "2026-11-28T07:00:00"),  # Saturday there already
        ("2026-11-27T07:00:00", "weekly", "2026-11-30T07:00:00"),
        ("2026-11-30T06:59:59", "weekly", "2026-11-30T07:00:00"),
        ("2026-11-30T07:00:00", "weekly", "2026-12-07T07:00:00"),
        ("2026-03-28T12:00:00", "daily", "2026-03-29T06:00:00"),  # clocks go forward that night
        ("2026-10-24T12:00:00", "daily", "2026-10-25T07:00:00"),  # and back
        ("2026-10-19T12:00:00", "weekly", "2026-10-26T07:00:00"),
    ],
)
def test_the_next_digest(now: str, frequency: str, expected: str) -> None:
    assert next_morning(utc(now), BERLIN, frequency) == utc(expected)


@given(
    st.integers(946_684_800, 4_000_000_000).map(lambda at: dt.datetime.fromtimestamp(at, dt.UTC)),
    st.sampled_from(ZONES),
    st.sampled_from(["daily", "weekly"]),
)
def test_a_digest_is_due_soon_at_eight(now: dt.datetime, zone: ZoneInfo, frequency: str) -> None:
    """In every time zone, whatever its clocks do."""
    due = next_morning(now, zone, frequency)
    assert due > now
    assert due.astimezone(zone).time() == dt.time(8)
    assert due - now <= dt.timedelta(days=1 if frequency == "daily" else 7, hours=26)
    assert frequency == "daily" or due.astimezone(zone).weekday() == 0


def there(text: str) -> dt.datetime:
    """Return an instant of the sample's publisher."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def told(listener: Listener, now: str, reminder_days: int = 7) -> Schedule:
    return when_to_notify(listener, CHANGES, REGISTER, there(now), reminder_days)


WEEK_BEFORE = there("2026-05-17T08:00:00")


@pytest.mark.parametrize(
    ("now", "frequency", "days", "digest", "reminder"),
    [
        ("2026-05-10T09:00:00", "at_once", 7, None, WEEK_BEFORE),
        ("2026-05-10T09:00:00", "at_once", 0, None, None),
        ("2026-05-10T09:00:00", "at_once", 14, None, None),  # it would have been this morning
        ("2026-05-10T09:00:00", "daily", 7, there("2026-05-11T08:00:00"), WEEK_BEFORE),
        ("2026-05-10T09:00:00", "weekly", 7, there("2026-05-11T08:00:00"), WEEK_BEFORE),
        ("2026-05-11T09:00:00", "weekly", 7, None, WEEK_BEFORE),  # the next would come a day after that
        ("2026-05-15T09:00:00", "daily", 7, there("2026-05-16T08:00:00"), WEEK_BEFORE),
        ("2026-05-16T09:00:00", "daily", 7, None, WEEK_BEFORE),
        ("2026-05-17T09:00:00", "daily", 7, None, None),
        ("2026-05-21T09:00:00", "daily", 0, there("2026-05-22T08:00:00"), None),
        ("2026-05-22T09:00:00", "daily", 0, None, None),  # the day before the last is too late
        ("2026-05-25T09:00:00", "daily", 7, there("2026-05-26T08:00:00"), None),  # too late for anything
    ],
)
def test_a_subscriber_waits_no_longer_than_the_deadline_allows(
    now: str, frequency: str, days: int, digest: dt.datetime | None, reminder: dt.datetime | None
) -> None:
    listener = msgspec.structs.replace(SUBSCRIBER, frequency=frequency)
    assert told(listener, now, days) == Schedule(digest, reminder)


def test_a_contract_contact_is_told_at_once_whatever_is_said() -> None:
    weekly = msgspec.structs.replace(CONTACT, frequency="weekly")
    assert told(weekly, "2026-05-10T09:00:00") == Schedule(None, WEEK_BEFORE)


@pytest.mark.parametrize("how", [{"reminders": False}, {"channel": "webhook"}])
def test_who_wants_no_reminder_gets_none(how: dict[str, object]) -> None:
    listener = msgspec.structs.replace(CONTACT, **how)
    assert told(listener, "2026-05-10T09:00:00") == Schedule(None, None)


def test_changes_without_a_deadline_can_wait() -> None:
    plain = [change for change in CHANGES if change.notice.objection_until is None]
    assert plain
    assert when_to_notify(SUBSCRIBER, plain, REGISTER, there("2026-05-10T09:00:00"), 7) == Schedule(
        there("2026-05-11T08:00:00"), None
    )


def test_what_is_not_ahead_any_more_is_not_open() -> None:
    assert open_objections(7, CHANGES, REGISTER, DEADLINE)
    assert open_objections(7, CHANGES, REGISTER, DEADLINE + dt.timedelta(days=1)) == []
    assert open_objections(6, CHANGES, REGISTER, DEADLINE) == []
    assert open_objections(7, CHANGES, msgspec.structs.replace(REGISTER, subprocessors=()), DEADLINE) == []
