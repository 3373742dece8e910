"""P17: watching 1,000 registers of 20 publishers: a round without news, and its memory.

The real publisher makes 20 trees with separate names and keys; each is served at 50 URLs, which are 50
vendors with separate state to the watcher. The server is another process.

.venv/bin/python bench/watch.py [VENDORS]
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import goals

from publishers import NOW, Publisher
from register_api import clock
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from register_api.watch.check_vendor import Polling
from register_api.watch.poller import Poller
from register_api.watch.schema import STEPS
from register_api.watch.vendors import Vendor, save
from watched_host import watched_host
from watching import settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.sending.database import Database
    from register_api.watch.poller import Counts

VENDORS = 1_000
PUBLISHERS = 20
MAX_SECONDS = 120
MAX_MIB = 60


def serve(folder: Path, vendors: int) -> None:
    """Serve a tree at each vendor's URL, until standard input ends."""
    with watched_host() as host:
        for number in range(vendors):
            host.trees[f"v{number}"] = folder / f"p{number % PUBLISHERS}" / "store" / "public"
        print(host.base, flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def host_of(folder: Path, vendors: int) -> Iterator[str]:
    """Serve in another process while the block runs; yield the base URL."""
    command = [sys.executable, __file__, "serve", str(folder), str(vendors)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ) as process:
        yield (process.stdout or sys.stdin).readline().strip()
        process.communicate()


def publish(folder: Path) -> list[Publisher]:
    """Publish two versions with each publisher."""
    made = []
    for number in range(PUBLISHERS):
        (folder / f"p{number}").mkdir()
        publisher = Publisher(folder / f"p{number}")
        publisher.say(name=f"p{number}.example/sub-processors")
        publisher.publish()
        publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        publisher.publish(NOW + dt.timedelta(minutes=1))
        made.append(publisher)
    return made


def watch(folder: Path, database: Database) -> tuple[Counts, float]:
    """Poll every vendor once; return the counts and the CPU time."""
    with database.transaction() as run:
        run("UPDATE polls SET next_at = 0")
    settings = settings_for(folder)
    runtime = Runtime(clock.now, threading.Event(), lambda _: None)
    poller = Poller(database, settings, Polling.of(settings), runtime)
    begun = time.process_time()
    counts = poller.round()
    return counts, time.process_time() - begun


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, vendors: int) -> Iterator[goals.Result]:
    """Poll three times: new versions, no change, and renewed freshness only."""
    publishers = publish(folder)
    with opened(str(folder / "watch.sqlite3"), STEPS) as database, host_of(folder, vendors) as base:
        with database.transaction() as run:
            for number in range(vendors):
                name = f"v{number}"
                save(run, Vendor(id=name, name=name, register=f"{base}{name}/", owner=f"{name}@c.example"))
        before = _resident()
        first, took_first = watch(folder, database)
        idle, took_idle = watch(folder, database)
        for publisher in publishers:
            publisher.refresh(dt.datetime.now(dt.UTC).replace(microsecond=0))
        renewed, took_renewed = watch(folder, database)
        grown = _resident() - before
    if {counts.fresh for counts in (first, idle, renewed)} != {vendors} or first.news != vendors:
        raise SystemExit(f"not all was seen: {first}, {idle}, {renewed}")
    print(f"CPU: {took_first:.1f} s first, {took_idle:.1f} s idle, {took_renewed:.1f} s renewed")
    yield goals.Result("P17: a round of 1,000 registers without news", took_idle, MAX_SECONDS, "s")
    yield goals.Result("the same once each has renewed freshness", took_renewed, MAX_SECONDS, "s")
    yield goals.Result("P17: memory that grows over all rounds", grown, MAX_MIB, "MiB")
    yield goals.Result(
        "the first round, each verified in full / a round without news", took_first / took_idle, None
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        goals.run(lambda folder: measure(folder, int(sys.argv[1]) if len(sys.argv) > 1 else VENDORS))
