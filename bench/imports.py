"""P13: cost of importing the verifier, and of ``register-api --version``.

CPU time of a whole process including the interpreter, minimum of several rounds. For comparison: an
interpreter that does nothing.

    .venv/bin/python bench/imports.py
"""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import goals

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 15
GOAL_IMPORT, GOAL_VERSION = 300.0, 100.0


def cost(*arguments: str) -> float:
    """Return the CPU milliseconds of a Python process with these arguments."""
    costs = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(costs) * 1e3


def measure(_folder: Path) -> Iterator[goals.Result]:
    """Measure both, and the bare interpreter."""
    yield goals.Result(
        "P13: importing register_api.verify",
        cost("-c", "import register_api.verify"),
        GOAL_IMPORT,
        "ms",
    )
    yield goals.Result(
        "P13: register-api --version", cost("-m", "register_api", "--version"), GOAL_VERSION, "ms"
    )
    yield goals.Result("Python that does nothing", cost("-c", ""), None, "ms")


if __name__ == "__main__":
    goals.run(measure)
