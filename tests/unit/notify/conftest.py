"""A publisher, a database of each kind, a mail server, a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mail_peer import MailPeer, mail_peer
from memory_folder import memory_folder
from notices import Time, database_of
from postgresql import DATABASES, postgresql
from publishers import Publisher
from subscribing import OBJECTION, Public, public

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
    with database_of(request.param, folder, address) as opened:
        yield opened


@pytest.fixture
def publisher(folder: Path) -> Publisher:
    """Someone who has published one version."""
    publisher = Publisher(folder)
    publisher.publish()
    return publisher


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    """A mail server."""
    with mail_peer() as made:
        yield made


@pytest.fixture
def time() -> Time:
    """The worker's clock."""
    return Time()


@pytest.fixture
def where(request: pytest.FixtureRequest, folder: Path) -> str:
    """What the settings call the database of the test."""
    is_file = request.node.callspec.params["database"] == "sqlite"
    return str(folder / "notify.sqlite3") if is_file else request.getfixturevalue("server")


@pytest.fixture
def service(
    folder: Path, database: Database, where: str, publisher: Publisher, peer: MailPeer, time: Time
) -> Iterator[Public]:
    """A subscription service of someone who promises a period to object."""
    publisher.say("objections", notice=OBJECTION)
    with public(folder, database, where, publisher, peer, time) as made:
        yield made
