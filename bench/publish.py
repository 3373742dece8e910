"""P8: cost of publishing one change of a thousand vendors, after 10 and after 1,000 versions.

CPU time of this warm process, minimum of several rounds, since other load only adds. It is divided by the
time that ``tomllib`` takes to parse the same thousand files, so that the goal is independent of the machine.

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

import goals
import histories

from register_api.core.format import tree
from register_api.publish import artefact_builders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publishers import Publisher

ROUNDS, WARM = 7, 2
GOAL, GOAL_GROWTH = 3.0, 1.2
FEW, SOME = 10, 300

EXPORTS = (tree.USES_CSV, tree.WORKBOOK, tree.CYCLONEDX, tree.DPV, tree.DORA_PROVIDERS, tree.DORA_CHAIN)
"""Exports of the register to other formats, which are rebuilt for each version."""


def large(folder: Path, versions: int) -> Publisher:
    """Return a publisher of a thousand vendors that reaches ``versions`` after all rounds."""
    publisher = histories.small_history(folder, versions - ROUNDS - WARM - 1)
    histories.grow_large(publisher)
    return publisher


def cost(publisher: Publisher) -> float:
    """Return the CPU milliseconds of publishing one change."""
    version = publisher.snapshot().state.version + 1
    histories.write_vendors(publisher, [version % histories.MANY + 1], f"note {version}")
    before = time.process_time()
    publisher.publish(histories.instant(version))
    return (time.process_time() - before) * 1e3


def first(folder: Path) -> float:
    """Return the CPU milliseconds of a first publication, in which all files are new."""
    publisher = histories.Publisher(folder)
    histories.write_vendors(publisher, range(1, SOME + 1), "as ever")
    before = time.process_time()
    publisher.publish(histories.instant(1))
    return (time.process_time() - before) * 1e3


def cost_without_exports(publisher: Publisher) -> float:
    """Return the CPU milliseconds of publishing one change without exports."""
    with mock.patch.dict(artefact_builders.ONE, dict.fromkeys(EXPORTS, lambda _: None)):
        return cost(publisher)


def parsing(publisher: Publisher) -> float:
    """Return the CPU milliseconds that ``tomllib`` takes for the vendors' files."""
    texts = [path.read_text("utf-8") for path in (publisher.source / "subprocessors").glob("*.toml")]
    before = time.process_time()
    for text in texts:
        tomllib.loads(text)
    return (time.process_time() - before) * 1e3


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure a short and a long history alternately."""
    few = large(folder / "few", FEW + ROUNDS + WARM)
    plain = large(folder / "plain", FEW + ROUNDS + WARM)
    long = folder / "long"
    histories.small_history(long, histories.MANY)
    # Files of a store are never modified in place, so hard links suffice for a copy.
    shutil.copytree(long, folder / "many", symlinks=True, copy_function=os.link)
    many = histories.Publisher(folder / "many")
    histories.grow_large(many)
    rounds = [
        (cost(few), cost(many), cost_without_exports(plain), parsing(few)) for _ in range(ROUNDS + WARM)
    ][WARM:]
    short, grown, bare, parsed = (min(column) for column in zip(*rounds, strict=True))
    yield goals.Result("P8: one change of 1,000 vendors, 10 versions / tomllib", short / parsed, GOAL)
    yield goals.Result("P8: the same with 1,000 versions / tomllib", grown / parsed, GOAL)
    yield goals.Result("the same with 10 versions and without exports / tomllib", bare / parsed, None)
    yield goals.Result("one change of 1,000 vendors, 10 versions", short, None, "ms")
    yield goals.Result("P8: 1,000 versions / 10 versions", grown / short, GOAL_GROWTH)
    yield goals.Result(f"first publication of {SOME} vendors", first(folder / "first"), None, "ms")


if __name__ == "__main__":
    goals.run(measure)
