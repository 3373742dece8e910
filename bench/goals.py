"""Shared by all benchmarks: results compared with goals, and the folder for stores."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""A file system in memory; the speed of a disk would depend on recent deletions."""


class Result(NamedTuple):
    """One measured goal.

    Attributes:
        goal: Number of the goal and what is measured.
        measured: The measured value, or a ratio.
        bound: The maximum, in the same unit; ``None`` if there is no goal.
        least: Whether ``bound`` is the minimum instead.
    """

    goal: str
    measured: float
    bound: float | None
    unit: str = ""
    least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        if self.bound is None:
            return True
        return self.measured >= self.bound if self.least else self.measured <= self.bound

    @property
    def shown(self) -> str:
        """The number with its unit, to three digits."""
        digits = 0 if self.measured >= 100 else 1 if self.measured >= 10 else 2
        return f"{self.measured:.{digits}f} {self.unit}".rstrip()

    @property
    def allowed(self) -> str:
        """The bound with its unit; empty if there is no goal."""
        return (
            "" if self.bound is None else f"{'≥' if self.least else '≤'} {self.bound:g} {self.unit}".rstrip()
        )

    @property
    def row(self) -> str:
        """The row in the table of docs/performance.md."""
        missed = "" if self.reached else " (missed)"
        return f"| {self.goal} | {self.allowed} | {self.shown}{missed} |\n"

    def __str__(self) -> str:
        """Return the line to print."""
        return f"{self.goal}: {self.shown} ({f'goal: {self.allowed}' if self.allowed else 'for information'})"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Yield a folder for stores, either temporary or the shared one named by ``BENCH_FOLDER``."""
    shared = os.environ.get("BENCH_FOLDER")
    if shared is not None:
        yield Path(shared)
        return
    with tempfile.TemporaryDirectory(prefix="bench-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


def run(measure: Callable[[Path], Iterable[Result]]) -> None:
    """Measure, print each result immediately, and exit with 1 if a goal is missed.

    Each result is also appended as a table row to the file named by ``BENCH_TABLE``.
    """
    reached, table = True, os.environ.get("BENCH_TABLE")
    with folder() as path:
        for result in measure(path):
            print(result, flush=True)
            reached = reached and result.reached
            if table is not None:
                with Path(table).open("a", encoding="utf-8") as rows:
                    rows.write(result.row)
    sys.exit(0 if reached else 1)
