"""What Ctrl-C and SIGTERM leave behind, told by the command that they end."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from register_api.store.reader import Snapshot, open_snapshot


class Terminated(KeyboardInterrupt):
    """SIGTERM, as systemd and containers send it: what is under way ends as with Ctrl-C."""


@contextlib.contextmanager
def telling(so_far: Callable[[], str]) -> Iterator[None]:
    """Have an interruption of the block say what stands by then."""
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as interruption:
        interruption.add_note(so_far())
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(_number: int, _frame: Any) -> NoReturn:
    raise Terminated


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Set an event at SIGTERM and SIGINT while the block runs."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda _number, _frame: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def publications(store: Path, before: Snapshot | None) -> Callable[[], str]:
    """Return what says which versions have joined a store since a publication was read from it."""

    def so_far() -> str:
        first, now = before.state.version if before else 0, open_snapshot(store)
        added = range(first + 1, now.state.version + 1 if now else 0)
        if len(added) > 1:
            return f"versions {added[0]} to {added[-1]} are published"
        return f"version {added[0]} is published" if added else "nothing was published"

    return so_far
