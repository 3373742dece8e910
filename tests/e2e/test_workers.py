"""Several processes at one address, and processes whose parent is killed."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

import hostile
import stores
from patience import wait_until
from programs import REGISTER_API, below, environment, is_alive, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hostile import Service

WORKERS = 2


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    """The service with two workers."""
    store = stores.make_store(tmp_path / "store", 1)
    with hostile.service(store, "--workers", str(WORKERS)) as found:
        yield found


def test_a_worker_that_dies_is_replaced_and_requests_go_on(served: Service) -> None:
    """Even if it is killed; the log names it."""
    wait_until(lambda: len(below(served.process.pid)) == WORKERS)
    before = below(served.process.pid).keys()
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    assert all(served.answers_others() for _ in range(20))
    wait_until(lambda: len(below(served.process.pid).keys() - before) == 1)
    assert all(served.answers_others() for _ in range(20))
    (line,) = served.faults()
    assert f'"worker": {victim}' in line
    assert '"exit_code": -9' in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_first_process_ends_all_in_order(served: Service, number: signal.Signals) -> None:
    """With exit code 0, and a reply under way is finished."""
    wait_until(lambda: len(below(served.process.pid)) == WORKERS)
    workers = below(served.process.pid)
    served.process.send(number)
    assert served.process.ended() == 0
    assert not any(map(is_alive, workers))
    assert served.faults() == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells children of it")
def test_workers_end_when_the_first_process_is_killed(served: Service) -> None:
    """Nobody is left who answers at the address without being watched over."""
    wait_until(lambda: len(below(served.process.pid)) == WORKERS)
    workers = below(served.process.pid)
    served.ends_with = -signal.SIGKILL
    assert served.process.end(signal.SIGKILL) == served.ends_with
    wait_until(lambda: not any(map(is_alive, workers)))


def test_metrics_are_refused_with_several_workers(tmp_path: Path) -> None:
    """Rather than those of one of them being told as if they were all."""
    metrics = environment(REGISTER_METRICS="127.0.0.1:0")
    done = run(*REGISTER_API, "serve", "--store", tmp_path, "--workers", "2", env=metrics)
    assert done.returncode == 2
    assert "more than one worker" in done.stderr
