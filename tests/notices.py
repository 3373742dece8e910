"""Notices in tests: a database of either kind, and a worker with its own clock."""

from __future__ import annotations

import contextlib
import datetime as dt
import secrets
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from publishers import NOW
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.publication import PublicTree, record_new
from register_api.notify.schema import STEPS
from register_api.notify.settings import NotifySettings
from register_api.notify.worker import Worker
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from register_api.verify import FolderFetcher

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mail_peer import MailPeer
    from publishers import Publisher
    from register_api.sending.database import Database

AT = int(NOW.timestamp())


def settings_for(folder: Path, peer: MailPeer | None = None, **more: object) -> NotifySettings:
    """Return settings that send to a peer as fast as it accepts mails."""
    return msgspec.convert(
        {
            "register": "https://example.com/",
            "sender": "privacy@example.com",
            "sender_name": "Example, Privacy",
            "bounce_address": "bounces@example.com",
            "state": str(folder / "verified"),
            "database": str(folder / "notify.sqlite3"),
            "smtp_host": "127.0.0.1",
            "smtp_port": peer.port if peer else 1,
            "tls": "off",
            "mails_per_second": 10_000,
            **more,
        },
        NotifySettings,
    )


def add_contacts(database: Database, addresses: Iterable[str], **said: object) -> None:
    """Add a contact for each address, each of a separate customer."""
    rows = {
        number: ContactRow(customer=f"C-{address}", email=address, **said)  # type: ignore[arg-type]
        for number, address in enumerate(addresses, 1)
    }
    assert not import_contacts(database, rows, AT).faults


def add_subscribers(database: Database, addresses: Iterable[str], **said: object) -> None:
    """Add a confirmed subscriber for each address, with further columns from ``said``."""
    with database.transaction() as run:
        for address in addresses:
            row = {
                "id": secrets.token_hex(16),
                "kind": "subscriber",
                "channel": "mail",
                "address": address,
                "language": "en",
                "hears": "all",
                "state": "active",
                "pseudonym_key": secrets.token_bytes(32),
                "created_at": AT,
                **said,
            }
            marks = ", ".join("?" for _ in row)
            names = ", ".join(row)
            run(f"INSERT INTO recipients ({names}) VALUES ({marks})", *row.values())  # noqa: S608 - columns


def record(
    database: Database,
    settings: NotifySettings,
    publisher: Publisher,
    first: int | None = None,
    public: Path | None = None,
) -> list[int]:
    """Record the new versions in a publisher's tree, or in a copy of it."""
    fetcher = FolderFetcher(public or publisher.store / "public")
    source = lambda: contextlib.nullcontext(fetcher)  # noqa: E731
    published = PublicTree(settings.base, Path(settings.state), "", source, settings.reminder_days)
    return record_new(database, published, fetcher, dt.datetime.now(dt.UTC), first)


class Time:
    """A clock that the test moves; it starts later than anything recorded by the real clock."""

    def __init__(self) -> None:
        self.instant = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(minutes=10)

    def now(self) -> dt.datetime:
        return self.instant

    def pass_by(self, seconds: float) -> None:
        self.instant += dt.timedelta(seconds=seconds)


@contextlib.contextmanager
def worker(database: Database, settings: NotifySettings, time: Time, told: list[str]) -> Iterator[Worker]:
    """Run a worker while the block runs."""
    runtime = Runtime(time.now, threading.Event(), told.append)
    with Worker(database, settings, "", runtime) as made:
        yield made


@contextlib.contextmanager
def database_of(
    kind: str, folder: Path, server: str, steps: Sequence[Sequence[str]] = STEPS
) -> Iterator[Database]:
    """Open an empty database: a file in the folder, or the only database of a server."""
    if kind == "sqlite":
        with opened(str(folder / "notify.sqlite3"), steps) as database:
            yield database
        return
    import psycopg  # noqa: PLC0415 - only where there is a server

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    with opened(server, steps) as database:
        yield database
