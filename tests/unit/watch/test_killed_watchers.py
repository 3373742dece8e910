"""Watchers that are killed, or lose their memory: each change is told once, and no other history passes."""

from __future__ import annotations

import datetime as dt
import shutil
from typing import TYPE_CHECKING

from publishers import NOW, Publisher
from register_api.watch.check_vendor import Lease, Polling, poll_register
from thoroughness import EVERY_EXAMPLE
from watch_soak import soak
from watched_host import watched_host
from watching import Watcher, add_vendor, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database


def test_killed_watchers_lose_no_change_and_tell_none_twice() -> None:
    kills = 200 if EVERY_EXAMPLE else 4
    found = soak(kills)
    assert len(found.published) == kills + 1
    assert sorted(found.told) == sorted(found.published)
    assert found.kills > kills / 2


def test_what_was_read_and_not_recorded_is_read_again(database: Database, folder: Path) -> None:
    """A watcher was killed between the two: its memory knows the version, its database does not."""
    publisher = Publisher(folder)
    publisher.publish()
    with watched_host() as host:
        host.trees["acme"] = publisher.store / "public"
        vendor = add_vendor(database, register=host.address("acme"))
        settings = settings_for(folder)
        watcher = Watcher(database, settings)
        watcher.round()
        for number in (1, 2):
            publisher.publish_note(f"note {number}", NOW + dt.timedelta(minutes=number))
        assert poll_register(Lease(vendor, version=1), watcher.now, Polling.of(settings)).outcome == "fresh"
        told = watcher.round()
    assert [row["change_id"] for row in told] == ["2-1", "3-1"]


def test_a_first_look_that_was_not_recorded_is_made_again(database: Database, folder: Path) -> None:
    publisher = Publisher(folder)
    publisher.publish()
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    with watched_host() as host:
        host.trees["acme"] = publisher.store / "public"
        vendor = add_vendor(database, register=host.address("acme"))
        watcher = Watcher(database, settings_for(folder))
        assert poll_register(Lease(vendor), watcher.now, Polling.of(watcher.settings)).outcome == "fresh"
        assert [row["change_id"] for row in watcher.round()] == ["2-1"]
    assert database.query("SELECT version FROM versions") == [{"version": 2}]


def test_what_is_recorded_finds_an_older_or_another_register_where_the_memory_is_lost(
    database: Database, folder: Path
) -> None:
    (folder / "twin").mkdir()
    (folder / "one").mkdir()
    publisher = Publisher(folder / "one")
    publisher.publish()
    twin = publisher.copied(folder / "twin")
    with watched_host() as host:
        host.trees["acme"] = publisher.store / "public"
        add_vendor(database, register=host.address("acme"))
        settings = settings_for(folder)
        watcher = Watcher(database, settings)
        publisher.publish_note("one", NOW + dt.timedelta(minutes=1))
        watcher.round()
        told = []
        for change in (lambda: None, lambda: twin.publish_note("two", NOW + dt.timedelta(minutes=2))):
            shutil.rmtree(settings.state)
            change()
            host.trees["acme"] = twin.store / "public"
            told += [row["class"] for row in watcher.round()]
        assert told == ["rolled_back", "forked"]
        shutil.rmtree(settings.state)
        host.trees["acme"] = publisher.store / "public"
        assert [row["class"] for row in watcher.round()] == ["recovered"]
