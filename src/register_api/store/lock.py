"""One publisher at a time: a lock that dies with the process that holds it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import filelock

from register_api.errors import StoreLocked
from register_api.store.layout import LOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WAIT_SECONDS = 20.0
"""How long a second publisher waits for the first before it gives up."""


@contextlib.contextmanager
def locked(store: Path, *, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the store's lock (``flock``) for the time of a ``with`` block.

    Args:
        store: The store's folder; made if missing.
        wait: Seconds to wait for another publisher.

    Raises:
        StoreLocked: Another process still holds the lock after that time.
    """
    store.mkdir(parents=True, exist_ok=True)
    lock = filelock.UnixFileLock(store / LOCK)
    try:
        lock.acquire(timeout=wait)
    except filelock.Timeout as error:
        raise StoreLocked(
            f"another process is publishing into {store}", hint="wait for it to end, then try again"
        ) from error
    try:
        yield
    finally:
        lock.release()
