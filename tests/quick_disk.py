"""A disk as quick as memory, for tests of many publications in which processes die but the power stays."""

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
    """Leave out fsync and compressed forms: both cost far more than all else that publishing does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        patch.setattr(plan, "compressed_forms", lambda _data: {})
        yield
