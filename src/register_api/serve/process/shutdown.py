"""Graceful shutdown, also for signals that arrive before the server runs, or when the parent has gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when its parent dies."""


def end_with_parent(parent: int) -> None:
    """Have the system send SIGTERM to this process when its parent dies, even by SIGKILL.

    Linux alone can do this; elsewhere nothing happens, and a parent that is killed leaves its children.

    Args:
        parent: Process id of the parent; if it is gone already, this process ends at once.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


class Shutdown:
    """Whether this process was asked to shut down.

    A worker that has just been forked still has its parent's handlers, which lead here: a signal that
    comes before it has set up anything of its own is not lost.

    Attributes:
        requested: Whether it was.
    """

    def __init__(self) -> None:
        """Begin without having been asked."""
        self.requested = False
        self._server: uvicorn.Server | None = None

    def run(self, server: uvicorn.Server, **arguments: Any) -> None:
        """Run a server until this process is asked to shut down."""
        self._server = server
        server.should_exit = self.requested
        server.run(**arguments)

    def request(self) -> None:
        """Ask this process to shut down."""
        self.requested = True
        if self._server is not None:
            self._server.should_exit = True


@contextlib.contextmanager
def shutdown_on_signals() -> Iterator[Shutdown]:
    """Let SIGTERM, SIGINT and SIGHUP end the process in order while the block runs.

    uvicorn takes the first two for itself while it runs, and raises them again when it has shut down.
    """
    shutdown = Shutdown()

    def request(_number: int, _frame: Any) -> None:
        shutdown.request()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield shutdown
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
