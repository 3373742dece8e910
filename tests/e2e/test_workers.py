"""Several processes at one address, and processes whose parent is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import hostile
import stores
from running import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hostile import Service

WORKERS = 2


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    """The service with two workers."""
    store = stores.make_store(tmp_path / "store", 1)
    with hostile.service(store, tmp_path, "--workers", str(WORKERS)) as found:
        yield found


def children(parent: int) -> set[int]:
    """Return the process ids of a process's children."""
    return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()))


def is_alive(process: int) -> bool:
    """Tell whether a process still runs; one that has ended and is not yet collected does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_dies_is_replaced_and_requests_go_on(served: Service) -> None:
    """Even if it is killed; the log names it."""
    wait_until(lambda: len(children(served.process.pid)) == WORKERS, hostile.SECONDS)
    before = children(served.process.pid)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    assert all(served.answers_others() for _ in range(20))
    wait_until(lambda: len(children(served.process.pid) - before) == 1, hostile.SECONDS)
    assert all(served.answers_others() for _ in range(20))
    (line,) = served.faults()
    assert f'"worker": {victim}' in line
    assert '"exit_code": -9' in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_first_process_ends_all_in_order(served: Service, number: signal.Signals) -> None:
    """With exit code 0, and a reply under way is finished."""
    wait_until(lambda: len(children(served.process.pid)) == WORKERS, hostile.SECONDS)
    workers = children(served.process.pid)
    served.process.send_signal(number)
    assert served.process.wait(hostile.SECONDS) == 0
    assert not any(map(is_alive, workers))
    assert served.faults() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of it")
def test_workers_end_when_the_first_process_is_killed(served: Service) -> None:
    """Nobody is left who answers at the address without being watched over."""
    wait_until(lambda: len(children(served.process.pid)) == WORKERS, hostile.SECONDS)
    workers = children(served.process.pid)
    served.process.kill()
    wait_until(lambda: not any(map(is_alive, workers)), hostile.SECONDS)
    served.process.wait()
    served.process.returncode = 0  # what the fixture expects of an end that was asked for


def test_metrics_are_refused_with_several_workers(tmp_path: Path) -> None:
    """Rather than those of one of them being told as if they were all."""
    done = subprocess.run(
        [sys.executable, "-m", "register_api", "serve", "--store", str(tmp_path), "--workers", "2"],
        env={**os.environ, "REGISTER_METRICS": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "more than one worker" in done.stderr
