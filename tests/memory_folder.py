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


@contextlib.contextmanager
def memory_folder() -> Iterator[Path]:
    """Make a folder that is gone after the block."""
    base = _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        yield Path(folder)
