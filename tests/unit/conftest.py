"""A publisher in a folder in memory, and one who has published."""

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


@pytest.fixture(scope="session")
def first_version() -> Iterator[Publisher]:
    """Version 1, published once, for tests that go on from it."""
    with memory_folder() as folder:
        made = Publisher(folder)
        made.publish()
        yield made


@pytest.fixture
def published(publisher: Publisher, first_version: Publisher) -> Publisher:
    """The same, with version 1 published."""
    return first_version.copied(publisher.folder)
