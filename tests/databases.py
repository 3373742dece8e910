"""Fixtures: a folder, a PostgreSQL server, and a database of each kind with the tables of a package.

The ``conftest.py`` of a test folder imports them and defines the schema in a fixture ``steps``.
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
    """A folder for all files of a test."""
    with memory_folder() as made:
        yield made


@pytest.fixture(params=DATABASES)
def where(request: pytest.FixtureRequest, folder: Path) -> str:
    """The database setting of the test, once for each kind (``DATABASES``)."""
    is_file = request.param == "sqlite"
    return str(folder / "notify.sqlite3") if is_file else request.getfixturevalue("server")


@pytest.fixture
def database(where: str, folder: Path, steps: Sequence[Sequence[str]]) -> Iterator[Database]:
    """The database at ``where``, empty."""
    kind = "postgresql" if where.startswith("postgresql://") else "sqlite"
    with database_of(kind, folder, where, steps) as opened:
        yield opened
