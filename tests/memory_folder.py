"""A temporary folder, in memory if the machine allows, where publishing is fast."""

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
"""Free bytes needed for a whole run, including the virtual environments that tests install."""


def roomy_memory() -> Path | None:
    """Return a folder in memory, if it has room for all test files and is not mounted noexec."""
    if not os.access(_SHARED_MEMORY, os.W_OK):
        return None
    found = os.statvfs(_SHARED_MEMORY)
    fits = found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC
    return _SHARED_MEMORY if fits else None


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Create a folder that is removed after the block."""
    base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)
