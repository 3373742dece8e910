"""A soak test: for some minutes versions are published, customers poll, others query, some misbehave.

It requires: no errors, no inconsistent answers, no older version after a newer one, and finally no more
memory than after a fresh start on the same store, except for caches, threads and fragmentation.

    .venv/bin/python bench/soak.py --minutes 5
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import random
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import goals

import hostile
from publishers import NOW, Publisher
from quick_disk import quick_disk
from soaking import Customer

if TYPE_CHECKING:
    from hostile import Service

CUSTOMERS = 2
GOAL_BEYOND = 24.0
SETTINGS = {
    "REGISTER_POLL_SECONDS": "0.05",
    "REGISTER_CACHE_BYTES": "1000000",  # caches fill up soon, and further growth is a leak
    "REGISTER_ANSWER_CACHE_BYTES": "1000000",
}
QUESTIONS = ("/v1/diff?from={older}", "/v1/subprocessors", "/v1/upcoming", "/versions/{older}/", "/readyz")


class Restless(threading.Thread):
    """Repeats an action until stopped, and collects what went wrong."""

    def __init__(self, service: Service) -> None:
        """Set up a thread for a service."""
        super().__init__()
        self.service = service
        self.enough = threading.Event()
        self.done = 0
        self.wrong: list[str] = []
        self.chance = random.Random(3)  # noqa: S311 (the same every time)

    def run(self) -> None:
        """Act repeatedly until stopped."""
        while not self.enough.wait(0.02):
            self.act()
            self.done += 1

    def act(self) -> None:
        """Act once."""
        raise NotImplementedError


class Asker(Restless):
    """Sends queries that must be computed, and requests old versions."""

    newest = 1

    def act(self) -> None:
        """Send one query; status 5xx is an error, 4xx is not."""
        older = self.chance.randint(1, self.newest)
        path = self.chance.choice(QUESTIONS).format(older=older)
        url = f"http://127.0.0.1:{self.service.port}{path}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            if error.code >= 500:
                self.wrong.append(f"{path}: {error.code}")


class Vandal(Restless):
    """Sends almost valid requests, and disconnects early."""

    def act(self) -> None:
        """Misbehave once."""
        data = bytearray(hostile.GOOD * self.chance.randint(1, 50))
        data[self.chance.randrange(len(data))] = self.chance.randrange(256)
        with contextlib.suppress(OSError), self.service.connect() as connection:
            connection.sendall(data)
            if b"HTTP/1.1 5" in connection.recv(1000):
                self.wrong.append(f"5xx for {bytes(data[:100])!r}")


def soak(service: Service, publisher: Publisher, minutes: float, every: float) -> bool:
    """Run all clients for some minutes, print the result, and return whether all went well."""
    customers = [Customer(service.port) for _ in range(CUSTOMERS)]
    asker, vandal = Asker(service), Vandal(service)
    for thread in (*customers, asker, vandal):
        thread.start()
    begun, memory, version = time.monotonic(), [], 1
    while time.monotonic() - begun < minutes * 60 and not any(
        customer.has_failed() for customer in customers
    ):
        version += 1
        publisher.publish_note(f"edit {version}", NOW + dt.timedelta(seconds=version))
        asker.newest = version - 1
        memory.append(service.resident_bytes() / 2**20)
        time.sleep(every)
    for thread in (asker, vandal):
        thread.enough.set()
        thread.join()
    tallies = [customer.finish() for customer in customers]
    print(f"{version} versions published, {sum(len(tally.versions) for tally in tallies)} seen at the head")
    print(f"{sum(tally.answers for tally in tallies)} answers checked, none torn, none older after newer;")
    print(
        f"{sum(tally.rounds for tally in tallies)} rounds, {sum(tally.across for tally in tallies)} of them"
    )
    print(f"across a publication; {asker.done} questions; {vandal.done} acts of vandalism")
    wrong = [*asker.wrong, *vandal.wrong, *service.faults()]
    print(f"errors: {len(wrong)}", *wrong[:10], sep="\n")
    print(
        f"memory: {memory[0]:.0f} MiB at first, {max(memory):.0f} MiB at most, {memory[-1]:.0f} MiB at last"
    )
    return not wrong


def main() -> int:
    """Publish to a store in memory and serve it with the real command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=3.0, help="how long (3)")
    parser.add_argument("--every", type=float, default=0.3, help="seconds between publications (0.3)")
    options = parser.parse_args()
    with goals.folder() as folder, quick_disk():
        publisher = Publisher(folder / "soak")
        publisher.publish(NOW)
        with hostile.service(publisher.store, **SETTINGS) as service:
            well = soak(service, publisher, options.minutes, options.every)
            soaked = service.resident_bytes()
        with hostile.service(publisher.store, **SETTINGS) as fresh:
            beyond = (soaked - fresh.resident_bytes()) / 2**20
    result = goals.Result(
        "Soak: memory beyond that of a fresh start on the same store", beyond, GOAL_BEYOND, "MiB"
    )
    print(result)
    return 0 if well and result.reached else 1


if __name__ == "__main__":
    sys.exit(main())
