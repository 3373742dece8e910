"""The inbox, decisions and reminders, on both databases."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from register_api.errors import SendingError, WatchError
from register_api.watch.inbox import Decision, decide, decisions, inbox
from register_api.watch.messages import reminders
from register_api.watch.settings import WatchContext, WatchSettings
from register_api.watch.vendors import remove
from watching import AT, add_news, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = dt.date(2026, 5, 10)


def decision(news: str = "n1", **said: object) -> Decision:
    given = {"decision": "accepted", "reason": "it is needed", "by": "Ann", "at": AT, **said}
    return Decision(news=news, **given)  # type: ignore[arg-type]


def ids(database: Database, **asked: object) -> list[str]:
    return [news.id for news in inbox(database, TODAY, **asked)]  # type: ignore[arg-type]


def test_the_inbox_has_what_concerns_us_by_deadline(database: Database) -> None:
    add_vendor(database)
    add_vendor(database, "beta", critical=True)
    add_news(database, "late", seen_at=AT - 5)
    add_news(database, "second", deadline="2026-05-20", deadline_of="contract")
    add_news(database, "first", "beta", deadline="2026-05-08", deadline_of="register")
    add_news(database, "foreign", concerns=0)
    assert ids(database) == ["first", "second", "late"]
    assert ids(database, foreign=True) == ["first", "second", "late", "foreign"]
    assert ids(database, vendor="beta") == ["first"]
    assert ids(database, vendor="nobody") == []
    found = inbox(database, TODAY)[0]
    assert (found.days_left, found.critical, found.deadline_of) == (-2, True, "register")
    remove(database, "beta", AT)
    assert ids(database) == ["second", "late"]


def test_what_is_decided_leaves_the_inbox_and_every_decision_stays(database: Database) -> None:
    add_vendor(database)
    add_news(database, "n1")
    add_news(database, "n2")
    decide(database, decision())
    second = decision(decision="objected", reason="  not in Singapore ")
    decide(database, second)
    assert ids(database) == ["n2"]
    found = decisions(database, news="n1")
    assert [each.decision.decision for each in found] == ["accepted", "objected"]
    assert (found[-1].title, found[-1].decision.reason) == ("News n1", "not in Singapore")
    assert decisions(database, vendor="acme") == found
    assert decisions(database, vendor="beta") == decisions(database, news="n2") == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"news": "\x1b[2J"}, "unknown news"),
        ({"reason": " \n"}, "reason"),
        ({"by": ""}, "name of who"),
    ],
)
def test_a_decision_without_news_reason_or_name_is_refused(
    database: Database, wrong: dict[str, str], words: str
) -> None:
    add_vendor(database)
    add_news(database, "n1")
    with pytest.raises(WatchError, match=words) as caught:
        decide(database, decision(**wrong))
    assert caught.value.message.isprintable()
    assert decisions(database) == []


def in_berlin(now: dt.datetime, *reminder_days: int) -> WatchContext:
    return WatchContext(
        now, WatchSettings(time_zone="Europe/Berlin", reminder_days=reminder_days or (14, 7, 2))
    )


def reminded(database: Database, day: dt.date) -> list[tuple[str, int]]:
    context = in_berlin(dt.datetime.combine(day, dt.time(7), BERLIN))
    with database.transaction() as run:
        return [(news, days) for news, _, days in reminders(run, context)]


def run_of_days(database: Database, first: dt.date, days: int) -> dict[dt.date, list[tuple[str, int]]]:
    every = (first + dt.timedelta(days=number) for number in range(days))
    return {day: found for day in every if (found := reminded(database, day))}


def midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(0, 30), BERLIN).timestamp())


def test_reminders_come_once_each_until_somebody_decides(database: Database) -> None:
    add_vendor(database)
    deadline = dt.date(2027, 1, 4)  # 14 days before it, the year is another one
    for news in ("n1", "n2"):
        add_news(database, news, deadline=deadline.isoformat(), seen_at=midnight(dt.date(2026, 12, 1)))
    add_news(database, "foreign", concerns=0, deadline=deadline.isoformat())
    before = deadline - dt.timedelta(days=7)
    found = run_of_days(database, dt.date(2026, 12, 1), (before - dt.date(2026, 12, 1)).days)
    assert found == {dt.date(2026, 12, 21): [("n1", 14), ("n2", 14)]}
    decide(database, decision("n1"))
    found = run_of_days(database, before, 30)
    assert found == {dt.date(2026, 12, 28): [("n2", 7)], dt.date(2027, 1, 2): [("n2", 2)]}
    assert run_of_days(database, before, 30) == {}


def test_a_reminder_that_was_missed_is_not_sent_on_top_of_the_next(database: Database) -> None:
    add_vendor(database)
    add_news(database, "n1", deadline="2026-06-30", seen_at=midnight(dt.date(2026, 5, 1)))
    assert reminded(database, dt.date(2026, 6, 25)) == [("n1", 7)]
    assert run_of_days(database, dt.date(2026, 6, 25), 9) == {dt.date(2026, 6, 28): [("n1", 2)]}


def test_what_is_new_on_the_day_of_a_reminder_is_no_reminder(database: Database) -> None:
    add_vendor(database)
    seen_on = dt.date(2026, 6, 20)
    add_news(database, "n1", deadline="2026-06-30", seen_at=midnight(seen_on))
    assert run_of_days(database, seen_on, 30) == {
        dt.date(2026, 6, 23): [("n1", 7)],
        dt.date(2026, 6, 28): [("n1", 2)],
    }


def fail_to_remind(database: Database, now: dt.datetime) -> None:
    with database.transaction() as run:
        for news, _, _ in reminders(run, in_berlin(now, 2)):
            run("INSERT INTO no_outbox VALUES (?)", news)


def test_what_was_not_put_into_the_outbox_is_due_again(database: Database) -> None:
    add_vendor(database)
    add_news(database, "n1", deadline="2026-06-30", seen_at=midnight(dt.date(2026, 5, 1)))
    now = dt.datetime(2026, 6, 28, 7, tzinfo=BERLIN)
    with pytest.raises(SendingError):
        fail_to_remind(database, now)
    assert reminded(database, now.date()) == [("n1", 2)]


def test_without_days_nobody_is_reminded(database: Database) -> None:
    add_vendor(database)
    add_news(database, "n1", deadline="2026-06-30", seen_at=0)
    with database.transaction() as run:
        context = WatchContext(dt.datetime(2026, 6, 30, tzinfo=BERLIN), WatchSettings(reminder_days=()))
        assert not list(reminders(run, context))
