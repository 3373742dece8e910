"""Watchers that are killed repeatedly while publishers publish.

Run at any size: ``python tests/watch_soak.py KILLS [SEED]``.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import random
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from memory_folder import memory_folder
from patience import PATIENCE
from publishers import NOW, Publisher
from register_api import clock
from register_api.core.canonical import decode
from register_api.core.changes import Diff
from register_api.core.format import tree
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from register_api.watch.check_vendor import Polling
from register_api.watch.poller import Poller
from register_api.watch.schema import STEPS
from watched_host import watched_host
from watching import add_vendor, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.sending.database import Database

VENDORS = 4


class Soaked(NamedTuple):
    """The outcome: published and reported changes, and kills that hit a running watcher."""

    published: set[tuple[str, str, str]]
    told: list[tuple[str, str, str]]
    kills: int
    unrecorded: int


def watch(folder: Path) -> None:
    """Poll all due vendors; to be run in another process."""
    settings = settings_for(folder)
    with opened(settings.database, STEPS) as database:
        runtime = Runtime(clock.now, threading.Event(), lambda _: None)
        Poller(database, settings, Polling.of(settings), runtime).round()


def soak(kills: int, seed: int = 0) -> Soaked:
    """Repeatedly publish a version and kill a polling watcher; finally let one finish."""
    chance = random.Random(seed)  # noqa: S311 - when to kill
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["watch_soak"])
    met = unrecorded = 0
    with memory_folder() as folder, watched_host() as host:
        publishers = {f"v{number}": _publisher(folder / f"v{number}") for number in range(VENDORS)}
        settings = settings_for(folder)
        with opened(settings.database, STEPS) as database:
            for name, publisher in publishers.items():
                host.trees[name] = publisher.store / "public"
                add_vendor(database, name, register=host.address(name))
            first = context.Process(target=watch, args=(folder,))
            first.start()
            first.join(PATIENCE)
            longest = 0.0
            for number in range(kills + 1):
                publisher = chance.choice(list(publishers.values()))
                publisher.publish_note(f"note {number}", NOW + dt.timedelta(seconds=10 * number + 10))
                _make_due(database)
                process = context.Process(target=watch, args=(folder,))
                begun = time.monotonic()
                process.start()
                if not number:  # not killed, to measure how long a round takes
                    process.join(PATIENCE)
                    longest = time.monotonic() - begun
                    continue
                process.join(chance.random() * longest)
                process.kill()
                process.join(PATIENCE)
                met += process.exitcode == -signal.SIGKILL
                unrecorded += _is_ahead(database, publishers, folder)
            _make_due(database)
            watch(folder)
            rows = database.query("SELECT vendor, change_id, class FROM news WHERE change_id IS NOT NULL")
        told = [(row["vendor"], row["change_id"], row["class"]) for row in rows]
        return Soaked(
            {each for name, one in publishers.items() for each in _changes(name, one)}, told, met, unrecorded
        )


def _publisher(folder: Path) -> Publisher:
    folder.mkdir()
    publisher = Publisher(folder)
    publisher.publish()
    return publisher


def _make_due(database: Database) -> None:
    """Make everything due, and drop the leases of killed watchers."""
    with database.transaction() as run:
        run("UPDATE polls SET next_at = 0, lease_until = 0")


def _is_ahead(database: Database, publishers: dict[str, Publisher], folder: Path) -> bool:
    """Return whether a state file has a version not yet recorded: the kill came in between."""
    for name in publishers:
        state = (folder / "registers" / name / "state.json").read_bytes()
        (row,) = database.query("SELECT version FROM polls WHERE vendor = ?", name)
        checked = int(state.partition(b'"checked_version":')[2].split(b",")[0])
        if checked > row["version"]:
            return True
    return False


def _changes(name: str, publisher: Publisher) -> set[tuple[str, str, str]]:
    public = publisher.store / "public"
    versions = sorted(publisher.registers())[1:]
    diffs = (decode((public / tree.VERSION_DIFF.path(number)).read_bytes(), Diff) for number in versions)
    return {(name, change.id, change.type) for diff in diffs for change in diff.changes}


if __name__ == "__main__":
    found = soak(*map(int, sys.argv[1:]))
    sys.stdout.write(f"{len(found.published)} published, {len(found.told)} told, {found.kills} kills, ")
    sys.stdout.write(
        f"{found.unrecorded} between memory and record; same: {found.published == set(found.told)}\n"
    )
