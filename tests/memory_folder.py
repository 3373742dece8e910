"""A passing folder in memory where the machine has such: many publications are made there quickly."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHARED_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
"""Bytes that a whole run has to find free: environments that tests install are among what it writes."""


def roomy_memory() -> Path | None:
    """Return a folder in memory for all that tests write, if it holds that and programs may start there."""
    if not os.access(_SHARED_MEMORY, os.W_OK):
        return None
    found = os.statvfs(_SHARED_MEMORY)
    fits = found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC
    return _SHARED_MEMORY if fits else None


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Make a folder that is gone after the block."""
    base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)
