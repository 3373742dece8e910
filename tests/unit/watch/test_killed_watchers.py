"""Watchers that are killed: what was published is told all the same, each change once."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from publishers import NOW, Publisher
from register_api.watch.look import Asking, Known, look
from thoroughness import EVERY_EXAMPLE
from watch_soak import soak
from watched_host import watched_host
from watching import Watcher, add_vendor, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database


def test_killed_watchers_lose_no_change_and_tell_none_twice() -> None:
    kills = 200 if EVERY_EXAMPLE else 8
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
        assert look(vendor, Known(version=1), watcher.now, Asking.of(settings)).outcome == "fresh"
        told = watcher.round()
    assert [row["change_id"] for row in told] == ["2-1", "3-1"]
