"""An orderly end: signals that tell a process to stop are remembered, whenever they come."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import uvicorn


class Ending:
    """Whether this process was told to end.

    A worker that has just been forked still has its parent's handlers, which lead here: a signal that
    comes before it has set up anything of its own is not lost.

    Attributes:
        told: Whether it was.
    """

    def __init__(self) -> None:
        """Begin without having been told."""
        self.told = False
        self._server: uvicorn.Server | None = None

    def run(self, server: uvicorn.Server, **arguments: Any) -> None:
        """Run a server until this process is told to end.

        Args:
            server: A server that was not run yet.
            arguments: What its ``run`` takes.
        """
        self._server = server
        server.should_exit = self.told
        server.run(**arguments)

    def tell(self) -> None:
        """Tell this process to end."""
        self.told = True
        if self._server is not None:
            self._server.should_exit = True


@contextlib.contextmanager
def listening_to_signals() -> Iterator[Ending]:
    """Let SIGTERM, SIGINT and SIGHUP end the process in order while the block runs.

    uvicorn takes the first two for itself while it runs, and raises them again when it has shut down.
    """
    ending = Ending()

    def tell(_number: int, _frame: Any) -> None:
        ending.tell()

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, tell) for number in numbers}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
