"""A folder in memory to take lists over into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from imports import Desk

from memory_folder import memory_folder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Someone who takes over lists into an empty folder."""
    with memory_folder() as made:
        yield Desk(made)
