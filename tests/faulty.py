"""Runs ``register-api`` with an injected fault: ``python tests/faulty.py FAULT ARGUMENTS…``.

FAULT is a key of ``FAULTS``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import signal
import sys
import time
from typing import TYPE_CHECKING
from unittest.mock import patch

from breaking_disk import dying_after
from register_api import clock
from register_api.cli.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

STEPS = 40
"""File system operations before a signal is sent."""


def _signalled(number: int) -> BaseException:
    """Send this process a signal; its handler raises."""
    os.kill(os.getpid(), number)
    time.sleep(10)
    return AssertionError("nothing has heeded the signal")


def at_a_step(number: int) -> AbstractContextManager[None]:
    """Send a signal once, in the middle of writing."""
    return dying_after(STEPS, functools.partial(_signalled, number))


def shifted(**by: float) -> AbstractContextManager[object]:
    """Shift the clock."""
    right = clock.now
    return patch.object(clock, "now", lambda: right() + dt.timedelta(**by))


FAULTS: dict[str, Callable[[], AbstractContextManager[object]]] = {
    "none": contextlib.nullcontext,
    "killed": functools.partial(at_a_step, signal.SIGKILL),
    "terminated": functools.partial(at_a_step, signal.SIGTERM),
    "interrupted": functools.partial(at_a_step, signal.SIGINT),
    "clock behind": functools.partial(shifted, days=-5),
    "clock ahead": functools.partial(shifted, days=3 * 365),
}

if __name__ == "__main__":
    _, fault, *words = sys.argv
    sys.argv = ["register-api", *words]
    with FAULTS[fault]():
        main()
