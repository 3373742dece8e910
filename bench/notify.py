"""P14: notices by mail against a bare aiosmtplib loop over the same bytes, without a record.

.venv/bin/python bench/notify.py [RECIPIENTS]
"""

from __future__ import annotations

import asyncio
import datetime as dt
import resource
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import aiosmtplib
import goals

from mail_peer import mail_peer
from notices import add_contacts, record, settings_for
from publishers import NOW, Publisher
from register_api import clock
from register_api.notify.schema import STEPS
from register_api.notify.worker import Worker
from register_api.sending.database import opened
from register_api.sending.sender import Surroundings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mail_peer import MailPeer

RECIPIENTS = 5_000
MOST_RATIO = 4.0


async def bare(peer: MailPeer, bodies: list[tuple[str, bytes]]) -> None:
    """Send mails over one connection, and remember nothing."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=peer.port, start_tls=False) as client:
        for recipient, body in bodies:
            await client.sendmail("bounces@example.com", [recipient], body)


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(folder: Path, recipients: int) -> Iterator[goals.Result]:
    """Send to everyone with the record, and then the same bytes without."""
    with mail_peer() as peer, opened(str(folder / "notify.sqlite3"), STEPS) as database:
        settings = settings_for(folder, peer)
        publisher = Publisher(folder)
        publisher.publish()
        add_contacts(database, (f"p{number}@c.example" for number in range(recipients)))
        record(database, settings, publisher)
        publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        publisher.publish(NOW + dt.timedelta(minutes=1))
        begun = time.perf_counter()
        record(database, settings, publisher)
        recorded = time.perf_counter() - begun
        around = Surroundings(clock.now, threading.Event(), print)
        with Worker(database, settings, "", around) as worker:
            begun = time.perf_counter()
            worker.send_due()
            took = time.perf_counter() - begun
        if len(peer.mails) != recipients:
            raise SystemExit(f"only {len(peer.mails)} of {recipients} mails arrived")
        bodies = [(mail.recipient, mail.data) for mail in peer.mails]
        peer.mails.clear()
        begun = time.perf_counter()
        asyncio.run(bare(peer, bodies))
        alone = time.perf_counter() - begun
    print(
        f"{recipients} mails: {took:.1f} s with the record, {alone:.1f} s without, {recorded:.1f} s to record"
    )
    print(f"largest resident set: {_resident():.0f} MiB, the server and all mails among it")
    yield goals.Result("P14: notices by mail / a bare loop, in time", took / alone, MOST_RATIO)


if __name__ == "__main__":
    goals.run(lambda folder: measure(folder, int(sys.argv[1]) if len(sys.argv) > 1 else RECIPIENTS))
