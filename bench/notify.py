"""P14: sending notices by mail, compared with a bare aiosmtplib loop that sends the same bytes.

.venv/bin/python bench/notify.py [RECIPIENTS]
"""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import Pipe, get_context
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import goals
from bare_mail import Used, used

from mail_peer import MailPeer, mail_peer
from notices import add_contacts, record, settings_for
from programs import output_of
from publishers import NOW, Publisher
from register_api import clock
from register_api.notify.schema import STEPS
from register_api.notify.worker import Worker
from register_api.sending.database import opened
from register_api.sending.sender import Runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from register_api.sending.database import Database

RECIPIENTS = 5_000
MAX_TIME, MAX_MEMORY, MAX_GROWTH = 4.0, 5.0, 1.2

EARLIER, FEW, MANY = 1_000, 4, 199
"""Recipients of each earlier version, and two numbers of earlier versions."""

PROCESSES = get_context("spawn")


def apart(function: Callable[..., Used], *given: object) -> Used:
    """Run a measurement in a separate process."""
    with ProcessPoolExecutor(1, mp_context=PROCESSES) as pool:
        return pool.submit(function, *given).result()


class Numbers(list):  # type: ignore[type-arg]
    """Counts mails without keeping them."""

    def append(self, _mail: object) -> None:
        """Count a mail."""
        super().append(len(self))


def _serve(connection: Connection) -> None:
    with mail_peer() as peer:
        peer.mails = Numbers()
        connection.send(peer.port)
        while connection.recv():
            connection.send(len(peer.mails))


@contextlib.contextmanager
def mail_server() -> Iterator[tuple[MailPeer, Callable[[], int]]]:
    """Run a mail server in a separate process; yield its peer, and a function that counts its mails."""
    ours, theirs = Pipe()
    process = PROCESSES.Process(target=_serve, args=(theirs,))
    process.start()
    peer = MailPeer()
    peer.port = ours.recv()

    def count() -> int:
        ours.send("count")
        return int(ours.recv())

    try:
        yield peer, count
    finally:
        ours.send("")
        process.join()


def told(folder: Path, port: int) -> Used:
    """Send all due notices."""
    peer = MailPeer()
    peer.port = port
    settings = settings_for(folder, peer)
    runtime = Runtime(clock.now, threading.Event(), print)
    with opened(settings.database, STEPS) as database, Worker(database, settings, "", runtime) as worker:
        return used(worker.send_due)


def bare(folder: Path, port: int, recipients: int, body: bytes) -> Used:
    """Send a mail to this number of recipients with the bare program."""
    file = folder / "body"
    file.write_bytes(body)
    script = Path(__file__).parent / "bare_mail.py"
    return Used(*map(float, output_of(sys.executable, script, port, recipients, file).split()))


def announced(folder: Path, recipients: int, peer: MailPeer, earlier: int = 0) -> float:
    """Make a notice due for each recipient; return the seconds it took."""
    settings = settings_for(folder, peer)
    with opened(settings.database, STEPS) as database:
        publisher = Publisher(folder)
        publisher.publish()
        add_contacts(database, (f"p{number}@c.example" for number in range(recipients)))
        record(database, settings, publisher)
        told_before(database, earlier)
        publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        publisher.publish(NOW + dt.timedelta(minutes=1))
        return used(lambda: record(database, settings, publisher)).seconds


def told_before(database: Database, versions: int) -> None:
    """Fill the tables with records of earlier versions, numbered below those of the tree."""
    with database.transaction() as run:
        for version in range(-versions, 0):
            run(
                "INSERT INTO publications SELECT ?, register, sha256, log_size, log_root, published_at,"
                " recorded_at, 1, document, changes FROM publications WHERE version = 1",
                version,
            )
            run(
                "INSERT INTO deliveries (id, version, recipient, channel, kind, state, state_at)"
                " SELECT lower(hex(randomblob(16))), ?, id, 'mail', 'notice', 'sent', 0 FROM recipients",
                version,
            )
        run("INSERT INTO bodies SELECT id, randomblob(1000) FROM deliveries")
        run(
            "INSERT INTO facts (id, delivery, at, what, reply)"
            " SELECT id, id, 0, 'sent', '250' FROM deliveries"
        )


def measure(folder: Path, recipients: int) -> Iterator[goals.Result]:
    """Send to everyone with records, then the same bytes without."""
    with mail_server() as (peer, count):
        recorded = announced(folder, recipients, peer)
        with_record = apart(told, folder, peer.port)
        if (arrived := count()) != recipients:
            raise SystemExit(f"only {arrived} of {recipients} mails arrived")
        with opened(settings_for(folder).database, STEPS) as database:
            body = bytes(database.query("SELECT body FROM bodies LIMIT 1")[0]["body"])
        alone = bare(folder, peer.port, recipients, body)
        grown = [after(versions, folder / str(versions), peer) for versions in (FEW, MANY)]
    print(
        f"{recipients} mails of {len(body)} bytes, {recorded:.1f} s to record: {with_record}, bare: {alone}"
    )
    yield goals.Result(
        "P14: notices by email / a bare loop, in time", with_record.seconds / alone.seconds, MAX_TIME
    )
    yield goals.Result("P14: the same in memory", with_record.memory / alone.memory, MAX_MEMORY)
    yield goals.Result("P14: a notice of version 200 / of version 5", grown[1] / grown[0], MAX_GROWTH)


def after(versions: int, folder: Path, peer: MailPeer) -> float:
    """Return the CPU seconds for sending a version after this number of earlier ones."""
    folder.mkdir()
    announced(folder, EARLIER, peer, versions)
    return apart(told, folder, peer.port).processor


if __name__ == "__main__":
    goals.run(lambda folder: measure(folder, int(sys.argv[1]) if len(sys.argv) > 1 else RECIPIENTS))
