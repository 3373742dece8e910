"""A publisher, a database of each kind, a mail server, a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import databases
from mail_peer import MailPeer, mail_peer
from notices import Time
from publishers import Publisher
from register_api.notify.schema import STEPS
from subscribing import OBJECTION, Public, public

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from register_api.sending.database import Database

database, folder, server, where = (
    databases.database, databases.folder, databases.server, databases.where,
)  # fmt: skip


@pytest.fixture
def steps() -> Sequence[Sequence[str]]:
    """The tables of notices."""
    return STEPS


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
def service(
    folder: Path, database: Database, where: str, publisher: Publisher, peer: MailPeer, time: Time
) -> Iterator[Public]:
    """A subscription service of someone who promises a period to object."""
    publisher.say("objections", notice=OBJECTION)
    with public(folder, database, where, publisher, peer, time) as made:
        yield made
