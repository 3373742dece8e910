"""A database of each kind with the tables of the watcher."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import databases
from register_api.watch.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence

database, folder, server, where = (
    databases.database, databases.folder, databases.server, databases.where,
)  # fmt: skip


@pytest.fixture
def steps() -> Sequence[Sequence[str]]:
    """The tables of the watcher."""
    return STEPS
