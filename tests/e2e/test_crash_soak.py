"""Whatever signs, killed again and again in any order: nothing is lost, and what is shown is one whole state.

``SOAK_KILLS=1000`` kills as often as that, in some ten minutes; without it a few kills are made.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from test_crashes import Customer, instants, kill, nothing_is_visible, wait_for

from memory_folder import memory_folder
from patience import PATIENCE
from publishers import Publisher, publish_from, recover_from, refresh_from, rotate_from
from register_api.publish.last_signed import read_memory
from register_api.store import reader
from register_api.store.reader import current, generations

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess

KILLS = int(os.environ.get("SOAK_KILLS", "24"))
A_STORE = 50
"""Kills over one store; then another is begun, so that looking at all of it stays quick."""

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["publishers", "register_api.publish.recovery", "register_api.verify.engine"])

WORKS = ("publish", "refresh", "keys", "recover", "recover into nothing")


class Tally(msgspec.Struct):
    """What the kills met.

    Attributes:
        killed: Works that were killed before they ended, by kind.
        ended: Works that were quicker.
        half_written: Kills that left a generation which was not visible.
        not_remembered: Kills between the first word of the memory and its last, around the switch.
        times: Seconds that each kind takes undisturbed, from the start of its process.
    """

    killed: collections.Counter[str] = msgspec.field(default_factory=collections.Counter)
    ended: int = 0
    half_written: int = 0
    not_remembered: int = 0
    times: dict[str, float] = {}


class Soak:
    """One publisher, a mirror of what was shown last, and a customer who remembers everything."""

    def __init__(self, folder: Path, seed: int, tally: Tally) -> None:
        self.publisher = Publisher(folder / "publisher")
        self.mirror = folder / "mirror"
        self.customer = Customer(self.publisher)
        self.moments = random.Random(seed)  # noqa: S311 - a soak has to repeat itself
        self.now = instants()
        self.tally = tally
        self.publisher.publish_note("first", next(self.now))
        self.version = self.customer.look(1)
        self._mirror()
        for work in ("refresh", *WORKS) if not tally.times else ():  # the first starts what all others need
            tally.times[work] = self._time_of(work)
        self.version = self.customer.look(1, 2)

    def kill_once(self, number: int) -> None:
        """Begin some work, kill it at some moment, and look at what is left."""
        work = self.moments.choice(WORKS)
        self._mirror()
        if work == "recover into nothing":
            shutil.rmtree(self.publisher.store)
        self.publisher.say(f"killed {number}")
        writing = self._next_generation()
        process = self._start(work, next(self.now))
        if number % 2:  # once it writes, which is the shorter part of its time
            wait_for(writing.exists, process)
            time.sleep(self.moments.uniform(0, 0.3 * self.tally.times[work]))
        else:
            process.join(self.moments.uniform(0, 1.1 * self.tally.times[work]))
        if process.is_alive():
            self.tally.killed[work] += 1
        else:
            self.tally.ended += 1
        kill(process)
        self._look(work)

    def _next_generation(self) -> Path:
        store = self.publisher.store
        return reader.generation_folder(store, (current(store) or 0) + 1 if store.exists() else 1)

    def _time_of(self, work: str) -> float:
        self.publisher.say("measured")
        begun = time.monotonic()
        process = self._start(work, next(self.now))
        process.join(PATIENCE)
        assert process.exitcode == 0, work
        self._mirror()
        return time.monotonic() - begun

    def finish(self, number: int) -> None:
        """Publish without being killed: whatever was left half done is no hindrance."""
        self.publisher.publish_note(f"finished {number}", next(self.now))
        self.version = self.customer.look(self.version + 1)

    def _start(self, work: str, now: dt.datetime) -> BaseProcess:
        folder = self.publisher.folder
        call, arguments = {
            "publish": (publish_from, (folder, now)),
            "refresh": (refresh_from, (folder, now)),
            "keys": (rotate_from, (folder, now.isoformat(), "rotated")),
        }.get(work, (recover_from, (folder, self.mirror, now)))
        process = FORKS.Process(target=call, args=arguments)
        process.start()
        return process

    def _look(self, work: str) -> None:
        """One whole state is shown, of this version or, where one was published, the next."""
        store = self.publisher.store
        visible = current(store) if store.exists() else None
        if store.exists():
            self.tally.half_written += any(each > (visible or 0) for each in generations(store))
        self.tally.not_remembered += read_memory(self.publisher.keys).intended is not None
        if work == "recover into nothing" and visible is None:
            assert nothing_is_visible(store)
            recover_from(self.publisher.folder, self.mirror, next(self.now))
        allowed = {self.version, self.version + 1} if work == "publish" else {self.version}
        self.version = self.customer.look(*allowed)

    def _mirror(self) -> None:
        """Copy what is shown, as whoever mirrors it does: never again an older one."""
        if (self.publisher.store / reader.CURRENT).exists():
            shutil.rmtree(self.mirror, ignore_errors=True)
            public = self.publisher.store / reader.PUBLIC
            # New names lead nowhere until they are shown: a host answers 404 to them.
            for path in filter(Path.is_file, public.rglob("*")):
                copy = self.mirror / path.relative_to(public)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)


def _stores(kills: int) -> Iterator[range]:
    """Yield the numbers of the kills over each store."""
    for first in range(0, kills, A_STORE):
        yield range(first, min(kills, first + A_STORE))


@pytest.mark.parametrize(
    "numbers", list(_stores(KILLS)), ids=lambda numbers: f"{numbers.start}-{numbers.stop}"
)
def test_what_is_killed_at_any_moment_leaves_one_whole_state(numbers: range, record_property) -> None:
    """Publishing, refreshing, keys and recovering, in any order; every tenth time one goes to its end."""
    tally = Tally()
    with memory_folder() as folder:
        soak = Soak(folder, numbers.start, tally)
        for number in numbers:
            soak.kill_once(number)
            if number % 10 == 9:
                soak.finish(number)
        soak.finish(numbers.stop)
        assert soak.publisher.verify().exit_code == 0
    record_property("kills", repr(tally))
    print(tally)  # noqa: T201 (shown by -s: what a soak met)
    assert tally.killed.total() + tally.ended == len(numbers)
