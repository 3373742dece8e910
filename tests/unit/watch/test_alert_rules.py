"""When trouble is told: after so many failures or at once, each week anew, and that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from register_api.watch import poller
from register_api.watch.check_vendor import FRESH, NO_REGISTER, PollResult
from register_api.watch.inbox import vendors_status
from register_api.watch.poller import due, lease, record
from register_api.watch.settings import WatchContext
from watching import AT, NOW, Watcher, add_vendor, dt, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database
    from register_api.watch.settings import WatchSettings

HOUR, DAY = 3600, 86_400
DEAD = PollResult("unreachable", "no answer")
GOOD = PollResult(FRESH)


class Desk:
    """Looks at one vendor, as a test says that they end."""

    def __init__(self, database: Database, settings: WatchSettings) -> None:
        self.database, self.settings, self.at = database, settings, 0
        add_vendor(database, register="https://trust.acme.example/")

    def look(self, looked: PollResult, after: int = HOUR, owner: str = "me") -> list[str]:
        """Record a look, and return the classes of what is told."""
        self.at += after
        now = AT + self.at
        leased = lease(self.database, "acme", owner, until=now + 2 * DAY, now=now, seconds=600)
        assert leased
        context = WatchContext(NOW + dt.timedelta(seconds=self.at), self.settings)
        return [piece.kind for piece in record(self.database, leased, looked, context)]

    def next_at(self) -> int:
        """Return the seconds from the last look to the next."""
        (row,) = self.database.query("SELECT next_at FROM polls")
        return int(row["next_at"]) - AT - self.at


@pytest.fixture
def desk(database: Database, folder: Path) -> Desk:
    return Desk(database, settings_for(folder))


def test_a_failure_that_passes_is_told_to_nobody(desk: Desk) -> None:
    assert [desk.look(each) for each in (GOOD, DEAD, DEAD, GOOD, DEAD, DEAD, GOOD)] == [[]] * 7


def test_what_cannot_be_looked_at_is_told_after_some_failures_weekly_and_at_its_end(desk: Desk) -> None:
    assert [desk.look(DEAD) for _ in range(4)] == [[], [], ["unreachable"], []]
    assert [desk.look(DEAD, DAY) for _ in range(14)].count(["unreachable"]) == 2
    assert [desk.look(GOOD), desk.look(GOOD)] == [["recovered"], []]
    assert [desk.look(DEAD) for _ in range(3)] == [[], [], ["unreachable"]]  # trouble of its own


@pytest.mark.parametrize("outcome", ["rolled_back", "forked", "untrusted"])
def test_what_no_passing_fault_looks_like_is_told_at_once(desk: Desk, outcome: str) -> None:
    found = PollResult(outcome, "as it stands")
    assert [desk.look(found), desk.look(found), desk.look(GOOD)] == [[outcome], [], ["recovered"]]


def test_trouble_that_turns_into_another_kind_is_told_as_both_and_ends_once(desk: Desk) -> None:
    wall = PollResult("wall", "status 403")
    looks = [DEAD, DEAD, DEAD, wall, DEAD, wall, GOOD]
    told = [["unreachable"], ["wall"], [], [], ["recovered"]]
    assert [desk.look(each) for each in looks] == [[], [], *told]


def test_no_register_is_no_trouble(desk: Desk) -> None:
    assert [desk.look(PollResult(NO_REGISTER)) for _ in range(5)] == [[]] * 5
    assert desk.next_at() > DAY * 0.85
    assert vendors_status(desk.database)[0].is_well


def test_the_next_look_is_about_an_hour_later_or_when_the_server_says(desk: Desk) -> None:
    pauses = set()
    for _ in range(20):
        desk.look(GOOD)
        pauses.add(desk.next_at())
    assert len(pauses) > 10
    assert all(0.9 * HOUR <= pause <= 1.1 * HOUR for pause in pauses)
    desk.look(PollResult("busy", "status 429", wait=5 * HOUR))
    assert desk.next_at() == 5 * HOUR


def test_a_vendor_is_looked_at_by_one_at_a_time_until_that_one_dies(desk: Desk) -> None:
    def take(owner: str, now: int) -> object:
        return lease(desk.database, "acme", owner, until=now, now=now, seconds=600)

    assert take("a", AT)
    assert not take("b", AT + 600 - 1)
    assert take("b", AT + 600)


def test_a_look_that_took_too_long_or_was_at_another_address_is_not_recorded(desk: Desk) -> None:
    found = PollResult("forked", "as it stands")
    late = lease(desk.database, "acme", "late", until=AT, now=AT, seconds=600)
    context = WatchContext(NOW, desk.settings)
    assert late
    assert desk.look(GOOD) == []
    assert record(desk.database, late, found, context) == []
    before = lease(desk.database, "acme", "me", until=AT + DAY, now=AT + 2 * HOUR, seconds=600)
    assert before
    add_vendor(desk.database, register="https://new.acme.example/")
    assert record(desk.database, before, found, context) == []
    assert [row["id"] for row in due(desk.database, 0)] == ["acme"]  # at once, at the new address


def test_status_says_what_is_wrong_first(desk: Desk) -> None:
    add_vendor(desk.database, "aaa")
    desk.look(PollResult("stale", "expired"))
    first, second = vendors_status(desk.database)
    assert (first.vendor, first.outcome, first.message, first.is_well) == ("acme", "stale", "expired", False)
    assert (second.vendor, second.outcome, second.is_well) == ("aaa", "", True)


def test_a_vendor_that_was_removed_is_not_due(desk: Desk) -> None:
    add_vendor(desk.database, closed_at=AT)
    assert due(desk.database, AT + DAY) == []


def test_what_strangers_write_stands_in_one_line_that_every_database_takes(desk: Desk) -> None:
    hostile = PollResult("forked", "a\0b\nc\x1b[31m", elsewhere="x\0\n")
    assert desk.look(hostile) == ["forked"]
    assert desk.look(PollResult("redirected", "m\0", elsewhere="https://x\0\n.example/")) == []
    (row,) = desk.database.query("SELECT title, detail FROM news")
    assert row["title"].isprintable()
    assert vendors_status(desk.database)[0].message == "m\\x00"


def test_a_register_that_cannot_be_recorded_is_told_and_stops_no_other(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = poller.record

    def fails(*arguments: Any) -> list[Any]:
        if arguments[1].vendor.id == "acme" and arguments[2].outcome != "unusable":
            raise KeyError("\0")
        return real(*arguments)

    monkeypatch.setattr(poller, "record", fails)
    for name in ("acme", "beta"):
        add_vendor(database, name, register="http://127.0.0.1:1/")
    watcher = Watcher(database, settings_for(folder, failures_before_alert=1))
    watcher.round()
    assert [(row["vendor"], row["class"]) for row in watcher.news()] == [
        ("acme", "unusable"),
        ("beta", "unreachable"),
    ]
