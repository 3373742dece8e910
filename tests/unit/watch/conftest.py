"""A database of each kind with the tables of the watcher, and a host of registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import databases
from register_api.watch.schema import STEPS
from watched_host import watched_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from watched_host import WatchedHost

database, folder, server, where = (
    databases.database, databases.folder, databases.server, databases.where,
)  # fmt: skip


@pytest.fixture
def steps() -> Sequence[Sequence[str]]:
    """The tables of the watcher."""
    return STEPS


@pytest.fixture
def host() -> Iterator[WatchedHost]:
    """A host of registers."""
    with watched_host() as made:
        yield made
