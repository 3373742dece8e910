"""P10: cost of a new version for a customer who has verified the last one, after 10 and 1,000 versions.

Requests and bytes are counted. CPU time is that of the customer's thread after imports, including HTTP,
minimum of several rounds. Also: verifying a history of 1,000 versions from disk, and diffs of random pairs.

    .venv/bin/python bench/verify.py
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories

from register_api.core.canonical import Encoded, decode
from register_api.core.diff.document import diff_document
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher, HttpFetcher
from register_api.verify.options import Options
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publishers import Publisher
    from register_api.verify.fetcher import Fetcher

ROUNDS, FEW, PAIRS = 7, 10, 50
GOAL_REQUESTS, GOAL_KIBIBYTES, GOAL_MILLISECONDS = 12, 64.0, 60.0


class Cost(NamedTuple):
    """Cost of a run: CPU milliseconds, requests, and bytes apart from the register."""

    milliseconds: float
    requests: int
    size: int


class Counting:
    """Counts the requests and bytes of another fetcher."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Wrap a fetcher."""
        self.fetcher = fetcher
        self.sizes: list[int] = []

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file; a missing one counts as a request as well."""
        self.sizes.append(0)
        data = self.fetcher.get(path, max_bytes)
        self.sizes[-1] = 0 if path == tree.REGISTER.path() else len(data)
        return data


def check(fetcher: Fetcher, **options: object) -> Cost:
    """Verify a tree, which must be valid, and return the cost."""
    counting, now = Counting(fetcher), dt.datetime.now(dt.UTC).replace(microsecond=0)
    before = time.thread_time()
    report = verify("bench", Options(wait=0, **options), now, fetcher=counting).report
    cost = (time.thread_time() - before) * 1e3
    if report.exit_code:
        raise AssertionError([check for check in report.checks if check.result == "failed"])
    return Cost(cost, len(counting.sizes), sum(counting.sizes))


def poll(publisher: Publisher, folder: Path) -> Cost:
    """Verify the tree, publish another version, and return the cost of verifying it in quick mode."""
    public, state = publisher.store / "public", folder / "state"
    check(FolderFetcher(public), state=state, quick=True)
    histories.small_history(publisher.folder, publisher.snapshot().state.version + 1)
    costs = []
    with static_host(public) as base:
        for number in range(ROUNDS):
            copy = shutil.copytree(state, folder / f"state-{number}")
            with HttpFetcher(base) as fetcher:
                costs.append(check(fetcher, state=copy, quick=True))
    return min(costs)


def diffs(publisher: Publisher) -> float:
    """Return the CPU milliseconds of a diff of two random versions, including reading them."""
    snapshot, random_ = publisher.snapshot(), random.Random(1)  # noqa: S311 - any two versions
    before = time.process_time()
    for _ in range(PAIRS):
        older, newer = (random_.randint(1, histories.MANY) for _ in range(2))
        one, two = (snapshot.read(tree.VERSION_REGISTER.path(version)) for version in (older, newer))
        ends = (Encoded(decode(data, Register), data) for data in (one, two))
        diff_document(*ends, snapshot.state.promises())
    return (time.process_time() - before) * 1e3 / PAIRS


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure a short and a long history."""
    few = histories.small_history(folder / "ten", FEW)
    many = histories.small_history(folder / "long", histories.MANY)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        short, long = poll(few, Path(one)), poll(many, Path(two))
    yield goals.Result(
        "P10: requests for version 1,001 by a client that remembers 1,000", long.requests, GOAL_REQUESTS
    )
    yield goals.Result("P10: read beside the register", long.size / 1024, GOAL_KIBIBYTES, "KiB")
    yield goals.Result(
        "P10: CPU of that run after imports, HTTP included", long.milliseconds, GOAL_MILLISECONDS, "ms"
    )
    yield goals.Result("P10: requests, 1,000 versions / 10 versions", long.requests / short.requests, None)
    whole = check(FolderFetcher(many.store / "public"), history="all")
    yield goals.Result(
        "all of 1,000 versions in full, from disk / that run", whole.milliseconds / long.milliseconds, None
    )
    yield goals.Result("diff of any two of 1,000 versions / that run", diffs(many) / long.milliseconds, None)


if __name__ == "__main__":
    goals.run(measure)
