"""A database of each kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_folder import memory_folder
from notices import database_of
from postgresql import DATABASES, postgresql
from register_api.watch.schema import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator
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
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """An empty database of each kind (``DATABASES``)."""
    address = request.getfixturevalue("server") if request.param == "postgresql" else ""
    with database_of(request.param, folder, address, STEPS) as opened:
        yield opened
