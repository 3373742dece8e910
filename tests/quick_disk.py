"""Faster publishing, for tests in which processes may die but the machine does not lose power."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import pytest

from register_api.store import plan

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quick_disk() -> Iterator[None]:
    """Skip fsync and compression, which take most of the time of publishing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        patch.setattr(plan, "compressed_forms", lambda _data: {})
        yield
