"""How servers are asked: conditionally, one request at a time of a host, with a name, and not too soon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from publishers import NOW, Publisher
from register_api.core.format import tree
from watched_host import watched_host
from watching import Watcher, add_vendor, dt, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database
    from watched_host import Handler, WatchedHost

FIRST = tree.TIMESTAMP.path()


@pytest.fixture
def publisher(folder: Path) -> Publisher:
    made = Publisher(folder / "publisher")
    made.publish()
    return made


def watched(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher, *names: str, **more: object
) -> Watcher:
    """Watch a publisher's register, which all names give, and look at it once."""
    for name in names:
        host.trees[name] = publisher.store / "public"
        add_vendor(database, name, register=host.address(name))
    watcher = Watcher(database, settings_for(folder, contact="https://c.example/bots", **more))
    watcher.round()
    return watcher


def outcomes(database: Database) -> list[str]:
    return [row["outcome"] for row in database.query("SELECT outcome FROM polls ORDER BY vendor")]


def test_a_look_without_news_is_one_request_with_a_condition_and_a_name(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    watcher = watched(database, folder, host, publisher, "acme")
    host.asked.clear()
    watcher.round()
    ((_, path, headers),) = host.asked
    assert path == FIRST
    assert headers["If-None-Match"]
    assert headers["User-Agent"].endswith(" watch (+https://c.example/bots)")
    assert headers["Accept-Encoding"] == "identity"


def test_freshness_that_is_renewed_takes_few_requests_and_is_no_news(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    watcher = watched(database, folder, host, publisher, "acme")
    publisher.refresh(NOW + dt.timedelta(minutes=30))
    host.asked.clear()
    assert watcher.round() == []
    assert 1 < len(host.asked) <= 5
    assert [path for _, path, _ in host.asked].count(FIRST) == 1


def test_a_host_that_says_that_nothing_is_new_is_not_believed_for_ever(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    """Once what was seen has expired, everything is verified."""
    watcher = watched(database, folder, host, publisher, "acme")
    host.answers["acme"] = lambda handler: handler.answer(304)
    watcher.round()
    assert outcomes(database) == ["fresh"]
    watcher.now += dt.timedelta(days=4)
    watcher.round()
    assert outcomes(database) == ["unreachable"]  # a condition was not set
    del host.answers["acme"]
    watcher.round()
    assert outcomes(database) == ["stale"]


def test_a_host_that_asks_to_be_left_alone_is(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    watcher = watched(database, folder, host, publisher, "acme")
    host.answers["acme"] = lambda handler: handler.answer(429, Retry_After="999999999")
    host.asked.clear()
    watcher.round()
    assert len(host.asked) == 1  # it is not asked at once again
    (row,) = database.query("SELECT next_at FROM polls")
    assert row["next_at"] - watcher.now.timestamp() == 86_400


def test_a_host_gets_one_request_at_a_time_and_holds_up_no_other(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    with watched_host() as other:
        other.trees["beta"] = publisher.store / "public"
        add_vendor(database, "beta", register=other.address("beta"))
        watcher = watched(database, folder, host, publisher, "acme1", "acme2", "acme3", pool=4)
        most, done = 0, list[str]()
        under_way = 0

        def slow(handler: Handler) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            time.sleep(0.2)
            under_way -= 1
            handler.answer(304)
            done.append("slow")

        def quick(handler: Handler) -> None:
            done.append("quick")
            handler.answer(304)

        for name in ("acme1", "acme2", "acme3"):
            host.answers[name] = slow
        other.answers["beta"] = quick
        watcher.round()
    assert most == 1
    assert done.index("quick") == 0
    assert outcomes(database) == ["fresh"] * 4


def test_two_watchers_of_one_database_look_once_at_each_vendor(
    database: Database, folder: Path, host: WatchedHost, publisher: Publisher
) -> None:
    first = watched(database, folder, host, publisher, "acme", "beta")
    second = Watcher(database, first.settings)
    second.now = first.now = first.now + dt.timedelta(hours=2)
    host.asked.clear()
    first.poller.round()
    second.poller.round()
    assert sorted(name for name, _, _ in host.asked) == ["acme", "beta"]
