"""Simulates crashes and errors at a chosen file system operation."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from register_api.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STEPS = (
    (durable, "write_unsynced"),
    (durable, "sync"),
    (durable, "sync_folders"),
    (durable, "switch_link"),
    (durable, "place_link"),
    (durable, "place_hard_link"),
    (Path, "symlink_to"),
    (Path, "hardlink_to"),
    (Path, "unlink"),
    (Path, "mkdir"),
    (Path, "rmdir"),
    (os, "replace"),  # ``Path.replace`` calls it
    (os, "fsync"),
)
"""Calls that modify the file system."""


class Crash(Exception):
    """Simulates the death of the process."""


@contextlib.contextmanager
def dying_after(calls: int | None, how: Callable[[], BaseException] = Crash) -> Iterator[None]:
    """Let a number of file system operations succeed in the block, then fail each later one.

    Args:
        calls: How many operations succeed; ``None`` for all of them.
        how: Creates the error.
    """
    if calls is None:
        yield
        return
    left = calls

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            if left == 0:
                raise how()
            left -= 1
            return function(*args, **kwargs)

        return wrapped

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, wrap(getattr(owner, name)))
        yield
