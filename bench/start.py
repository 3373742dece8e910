"""P7: cost of starting the service with 1,000 stored versions, compared with one.

The real command is run until it is ready: CPU time and resident memory from proc(5), minimum of several
alternating rounds.

    .venv/bin/python bench/start.py
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 4
GOAL_RATIO, GOAL_MEBIBYTES = 1.5, 60.0
DEADLINE_SECONDS = 30.0


class Start(NamedTuple):
    """CPU seconds until a service was ready, and its resident memory in MiB at that time."""

    seconds: float
    mebibytes: float


def start(store: Path) -> Start:
    """Start the service on a store, measure it when it is ready, and stop it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "register_api", "serve", "--store", str(store), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(port)
            return _cost(process.pid)
        finally:
            process.terminate()


def _wait_until_ready(port: int) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the service did not get ready")


def _cost(process: int) -> Start:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return Start(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure both stores alternately."""
    one = histories.small_history(folder / "one", 1).store
    many = histories.small_history(folder / "long", histories.MANY).store
    rounds = [(start(one), start(many)) for _ in range(ROUNDS)]
    first, last = (Start(*map(min, zip(*column, strict=True))) for column in zip(*rounds, strict=True))
    yield goals.Result("P7: start with 1,000 versions / with one", last.seconds / first.seconds, GOAL_RATIO)
    yield goals.Result(
        "P7: memory beyond that with one version", last.mebibytes - first.mebibytes, GOAL_MEBIBYTES, "MiB"
    )


if __name__ == "__main__":
    goals.run(measure)
