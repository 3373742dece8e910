"""Graceful shutdown, also for signals that arrive before the server runs."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import uvicorn


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
        """Run a server until this process is asked to shut down.

        Args:
            server: A server that was not run yet.
            arguments: What its ``run`` takes.
        """
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
