"""A publisher in a folder in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from publishers import Publisher

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A source with one vendor that keeps every rule; nothing is published yet."""
    with memory_folder() as folder:
        yield Publisher(folder)
