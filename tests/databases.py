"""Fixtures: a folder, a server, and a database of each kind with the tables of a room.

A room's ``conftest.py`` imports them, and says what its tables are in a fixture ``steps``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from notices import database_of
from postgresql import DATABASES, postgresql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from register_api.sending.database import Database


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgresql() as address:
        yield address


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for everything."""
    with memory_folder() as made:
        yield made


@pytest.fixture(params=DATABASES)
def where(request: pytest.FixtureRequest, folder: Path) -> str:
    """What the settings call the database of the test, of each kind (``DATABASES``)."""
    is_file = request.param == "sqlite"
    return str(folder / "notify.sqlite3") if is_file else request.getfixturevalue("server")


@pytest.fixture
def database(where: str, folder: Path, steps: Sequence[Sequence[str]]) -> Iterator[Database]:
    """That database, empty."""
    kind = "postgresql" if where.startswith("postgresql://") else "sqlite"
    with database_of(kind, folder, where, steps) as opened:
        yield opened
