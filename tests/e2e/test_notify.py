"""Notices as their operator meets them: every command, and workers that are killed while they send."""

from __future__ import annotations

import datetime as dt
import signal
from typing import TYPE_CHECKING

import pytest

import programs
from mail_peer import mail_peer
from memory_folder import memory_folder
from notify_soak import settings_file, soak
from patience import wait_until
from publishers import NOW, Publisher
from static_host import static_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mail_peer import MailPeer
    from programs import Done


class Office:
    """Someone who publishes, with a mail server and a settings file."""

    def __init__(self, folder: Path, base: str, peer: MailPeer, publisher: Publisher) -> None:
        self.folder, self.peer, self.publisher = folder, peer, publisher
        self.file = settings_file(folder, base, peer.port, str(folder / "notify.sqlite3"), look_seconds=1)

    def call(self, *arguments: str, code: int = 0) -> Done:
        """Run a command of `notify`."""
        done = programs.run(*programs.REGISTER_API, "notify", *arguments, "--settings", self.file)
        assert done.returncode == code, (arguments, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def announce(self, vendor: str, minutes: int = 1) -> None:
        """Publish a version with a further vendor."""
        self.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=minutes))


@pytest.fixture
def office() -> Iterator[Office]:
    with memory_folder() as folder, mail_peer() as peer:
        publisher = Publisher(folder)
        publisher.publish()
        with static_host(publisher.store / "public") as base:
            yield Office(folder, base, peer, publisher)


def test_a_worker_tells_of_a_version_that_comes_and_ends_when_told(office: Office) -> None:
    office.call("contacts", "add", "--customer", "C1", "--email", "ann@c.example")
    command = (*programs.REGISTER_API, "notify", "worker", "--settings", office.file)
    with programs.started(*command) as worker:
        assert worker.first_line() == "version 1 recorded"
        office.announce("beta")
        wait_until(lambda: office.peer.mails)
        assert worker.end(signal.SIGTERM) == 0
        assert "ann@c.example" not in worker.output().decode() + worker.errors()
    assert office.peer.count() == {"ann@c.example": 1}
    assert office.call("status").returncode == 0


@pytest.mark.parametrize(("kind", "workers"), [("sqlite", 1), ("postgresql", 2)])
def test_killed_workers_lose_nobody_and_double_nobody_unsaid(kind: str, workers: int) -> None:
    found = soak(300, 3, workers, kind)
    assert (found.missing, found.more, found.twice_unsaid) == (0, 0, 0)
    assert found.once + found.twice == 300
    assert found.states == {"sent": 300}
