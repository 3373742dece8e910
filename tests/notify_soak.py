"""Notification workers that are killed repeatedly while they send to a real mail server.

Run at any size: ``python tests/notify_soak.py RECIPIENTS KILLS [WORKERS] [postgresql]``.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import signal
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

import programs
from mail_peer import mail_peer
from memory_folder import memory_folder
from notices import add_contacts, database_of
from patience import wait_until
from postgresql import postgresql
from publishers import NOW, Publisher
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from programs import Program
    from register_api.sending.database import Database

LEASE = 3


class Soaked(NamedTuple):
    """The outcome: recipients by number of mails received, and the recorded deliveries."""

    once: int
    twice: int
    more: int
    missing: int
    twice_unsaid: int
    states: dict[str, int]
    unknown: int
    kills: int
    seconds: float


def settings_file(folder: Path, register: str, port: int, database: str, **more: object) -> Path:
    """Write a settings file for sending to a peer without TLS."""
    said = {
        "register": register,
        "sender": "privacy@example.com",
        "bounce_address": "bounces@example.com",
        "state": str(folder / "verified"),
        "database": database,
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "tls": "off",
        "mails_per_second": 10_000,
        **more,
    }
    lines = [f"{name} = {value!r}" for name, value in said.items()]
    path = folder / "notify.toml"
    path.write_text("[notify]\n" + "\n".join(lines) + "\n", "utf-8")
    return path


@contextlib.contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[str, Database]]:
    """Open an empty database; yield its address for other processes, and itself."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(postgresql()) if kind == "postgresql" else ""
        opened = stack.enter_context(database_of(kind, folder, server))
        yield server or str(folder / "notify.sqlite3"), opened


def soak(recipients: int, kills: int, workers: int = 1, kind: str = "sqlite", seed: int = 0) -> Soaked:
    """Publish, notify everyone with workers that are killed, and count the mails that arrived."""
    chance = random.Random(seed)  # noqa: S311 - when to kill
    begun = time.monotonic()
    with memory_folder() as folder, databases(kind, folder) as (where, database), mail_peer() as peer:
        publisher = Publisher(folder)
        publisher.publish()
        with static_host(publisher.store / "public") as base:
            file = settings_file(folder, base, peer.port, where, lease_seconds=LEASE, look_seconds=1)
            command = (*programs.REGISTER_API, "notify")
            assert programs.run(*command, "record", "--settings", file).returncode == 0
            add_contacts(database, (f"p{number}@c.example" for number in range(recipients)))
            publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
            publisher.publish(NOW + dt.timedelta(minutes=1))
            done = programs.run(*command, "record", "--settings", file)
            assert done.returncode == 0, done.stderr
            with contextlib.ExitStack() as stack:

                def start() -> Program:
                    return stack.enter_context(programs.started(*command, "worker", "--settings", file))

                running = [start() for _ in range(workers)]
                step = max(1, recipients // (kills + 1))
                for number in range(1, kills + 1):
                    wait_until(lambda goal=number * step: len(peer.mails) >= goal)  # type: ignore[misc]
                    time.sleep(chance.random() * 0.01)
                    which = chance.randrange(workers)
                    running[which].send(signal.SIGKILL)
                    running[which].ended()
                    running[which].close()
                    running[which] = start()
                wait_until(lambda: not _open(database), 600)
                for program in running:
                    # One that has just started may not handle signals yet.
                    assert program.end() in {0, -signal.SIGTERM}, program.errors()
            return _counted(database, peer.count(), recipients, kills, time.monotonic() - begun)


def _open(database: Database) -> int:
    """Return the number of open deliveries; those of unknown outcome are made due at once."""
    with database.transaction() as run:
        run("UPDATE deliveries SET due_at = 1 WHERE state = 'unknown' AND due_at IS NOT NULL")
        return int(run("SELECT count(*) AS n FROM deliveries WHERE due_at IS NOT NULL")[0]["n"])


def _counted(database: Database, count: dict[str, int], recipients: int, kills: int, took: float) -> Soaked:
    rows = database.query(
        "SELECT r.address, d.state, d.unknowns FROM deliveries d JOIN recipients r ON r.id = d.recipient"
    )
    states: dict[str, int] = {}
    for row in rows:
        states[row["state"]] = states.get(row["state"], 0) + 1
    times = [count.get(row["address"], 0) for row in rows]
    assert len(rows) == recipients
    return Soaked(
        once=times.count(1),
        twice=times.count(2),
        more=sum(number > 2 for number in times),
        missing=times.count(0),
        twice_unsaid=sum(count.get(row["address"], 0) > 1 and not row["unknowns"] for row in rows),
        states=states,
        unknown=sum(row["unknowns"] > 0 for row in rows),
        kills=kills,
        seconds=round(took, 1),
    )


if __name__ == "__main__":
    sys.stdout.write(f"{soak(*map(int, sys.argv[1:4]), *sys.argv[4:5])}\n")
