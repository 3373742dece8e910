"""Several processes that answer at one address; one that dies is replaced."""

from __future__ import annotations

import logging
import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.process import BaseProcess

from register_api.errors import UsageError
from register_api.serve.process.shutdown import Shutdown, end_with_parent

_log = logging.getLogger(__name__)

_SHORT_LIFE_SECONDS = 5.0
"""A worker that died younger is replaced only after a pause, so that a fault does not busy the machine."""

_PAUSE_SECONDS = 1.0

_GRACE_SECONDS = 5.0
"""What workers get to end in beyond the time for replies under way."""

_GLANCE_SECONDS = 0.5


class Workers:
    """Starts processes, replaces those that die, and ends all of them when told to."""

    def __init__(
        self, work: Callable[[], None], shutdown: Shutdown, number: int, shutdown_seconds: float
    ) -> None:
        """Prepare the workers."""
        if "fork" not in multiprocessing.get_all_start_methods():
            raise UsageError("several workers need a system that can fork", hint="leave out --workers")
        self._context = multiprocessing.get_context("fork")
        self._work = work
        self._number = number
        self._seconds = shutdown_seconds + _GRACE_SECONDS
        self._running: dict[BaseProcess, float] = {}
        self._shutdown = shutdown
        self._not_before = 0.0

    def run(self) -> None:
        """Keep the workers running until this process is told to end; then end them in order."""
        try:
            while not self._shutdown.requested:
                if time.monotonic() >= self._not_before:
                    self._fill_up()
                connection.wait([worker.sentinel for worker in self._running], _GLANCE_SECONDS)
                self._bury_the_dead()
        finally:
            self._end()

    def _fill_up(self) -> None:
        while len(self._running) < self._number and not self._shutdown.requested:
            worker = self._context.Process(target=_begin, args=(self._work, os.getpid()))
            worker.start()
            self._running[worker] = time.monotonic()

    def _bury_the_dead(self) -> None:
        for worker, since in list(self._running.items()):
            if worker.is_alive():
                continue
            del self._running[worker]
            if self._shutdown.requested:
                continue
            facts = {"worker": worker.pid, "exit_code": worker.exitcode}
            _log.error("a worker has died and is replaced", extra=facts)
            if time.monotonic() - since < _SHORT_LIFE_SECONDS:
                self._not_before = time.monotonic() + _PAUSE_SECONDS

    def _end(self) -> None:
        for worker in self._running:
            worker.terminate()
        end = time.monotonic() + self._seconds
        for worker in self._running:
            worker.join(max(0.0, end - time.monotonic()))
            if worker.is_alive():
                _log.error("a worker did not end in time", extra={"worker": worker.pid})
                worker.kill()
                worker.join()


def _begin(work: Callable[[], None], parent: int) -> None:
    end_with_parent(parent)
    work()
