"""How long a test waits for asynchronous events: one generous limit, for busy machines.

Every wait in the suite has this limit or a shorter one that is itself under test (``test_of_tests.py``).
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE = 180.0
"""Maximum seconds to wait for anything: a program to start or end, an answer, a thread.

A program that starts in two seconds on an idle machine needs half a minute at a load of ten. The timeout of a
whole test (pyproject.toml) is longer, so that the failure names what was waited for.
"""


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE, pause: float = 0.01) -> None:
    """Wait until a condition is true.

    Raises:
        TimeoutError: It did not become true in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause)


def join(thread: threading.Thread) -> None:
    """Wait for a thread that is about to end.

    Raises:
        TimeoutError: It is still running.
    """
    thread.join(PATIENCE)
    if thread.is_alive():
        raise TimeoutError(f"{thread.name} goes on")


@contextlib.contextmanager
def in_background(
    work: Callable[..., object], *arguments: object, stop: Callable[[], object]
) -> Iterator[threading.Thread]:
    """Run ``work`` in a thread while the block runs.

    A thread that does not end fails the test, but does not block the test runner's exit.

    Args:
        work: Called in the thread.
        arguments: Its arguments.
        stop: Called at the end of the block; makes ``work`` return.
    """
    thread = threading.Thread(target=work, args=arguments, daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        stop()
        join(thread)
