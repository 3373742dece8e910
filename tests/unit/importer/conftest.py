"""A folder in memory into which lists are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from imports import Workspace

from memory_folder import memory_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    """Yield an empty folder into which lists are imported."""
    with memory_folder() as made:
        yield Workspace(made)
