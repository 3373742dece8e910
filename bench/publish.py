"""P8: what it costs to publish one change of a thousand vendors, after 10 and after 1,000 versions.

In process and warm, in CPU time of this process; the least of some rounds, since whatever else the
machine does only adds. The measure is what ``tomllib`` takes to parse the same thousand files in the same
rounds, so that the goal says nothing about the machine. Small files are compressed by brotli at 5, not
11, as the goal has it.

    .venv/bin/python bench/publish.py
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))

import brotli
import goals
import histories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publishers import Publisher

ROUNDS, WARM = 7, 2
GOAL, GOAL_GROWTH = 3.0, 1.2
FEW = 10


def large(folder: Path, versions: int) -> Publisher:
    """Return a publisher of a thousand vendors with room for the rounds up to a number of versions."""
    publisher = histories.small_history(folder, versions - ROUNDS - WARM - 1)
    histories.grow_large(publisher)
    return publisher


def cost(publisher: Publisher) -> float:
    """Return the milliseconds that publishing one change takes; the last rounds are those that count."""
    version = publisher.snapshot().state.version + 1
    histories.write_vendors(publisher, [version % histories.MANY + 1], f"note {version}")
    with mock.patch.object(brotli, "compress", _medium(brotli.compress)):
        before = time.process_time()
        publisher.publish(histories.instant(version))
        return (time.process_time() - before) * 1e3


def parsing(publisher: Publisher) -> float:
    """Return the milliseconds that ``tomllib`` takes for the files of the vendors."""
    texts = [path.read_text("utf-8") for path in (publisher.source / "subprocessors").glob("*.toml")]
    before = time.process_time()
    for text in texts:
        tomllib.loads(text)
    return (time.process_time() - before) * 1e3


def _medium(compress):  # noqa: ANN001, ANN202 - a stand-in for a function of brotli's
    return lambda data, quality: compress(data, quality=min(quality, 5))


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure the short history and the long one in turns."""
    few = large(folder / "few", FEW + ROUNDS + WARM)
    long = folder / "long"
    histories.small_history(long, histories.MANY)
    # No file of a store is ever written in place, so names of the same bytes will do for a copy.
    shutil.copytree(long, folder / "many", symlinks=True, copy_function=os.link)
    many = histories.Publisher(folder / "many")
    histories.grow_large(many)
    rounds = [(cost(few), cost(many), parsing(few)) for _ in range(ROUNDS + WARM)][WARM:]
    short, grown, parsed = (min(column) for column in zip(*rounds, strict=True))
    yield goals.Result("P8: one change of 1,000 vendors, 10 versions / tomllib", short / parsed, GOAL)
    yield goals.Result("P8: the same with 1,000 versions / tomllib", grown / parsed, GOAL)
    yield goals.Result("one change of 1,000 vendors, 10 versions", short, None, "ms")
    yield goals.Result("P8: 1,000 versions / 10 versions", grown / short, GOAL_GROWTH)


if __name__ == "__main__":
    goals.run(measure)
