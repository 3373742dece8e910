"""A publisher that has notified two contacts of a version, with deliveries to seal and prove."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from notices import Time, add_contacts, record, settings_for, worker
from publishers import NOW
from register_api.notify.sealing import seal_facts

if TYPE_CHECKING:
    from pathlib import Path

    from mail_peer import MailPeer
    from publishers import Publisher
    from register_api.sending.database import Database

ANN, BOB = "ann@customer.example", "bob@other.example"


class Sent:
    """A publisher with a vendor announced to two contacts in version 2; nothing is sealed yet."""

    def __init__(self, folder: Path, database: Database, publisher: Publisher, peer: MailPeer) -> None:
        self.folder, self.database, self.publisher, self.peer = folder, database, publisher, peer
        self.settings = settings_for(folder, peer)
        self.time = Time()
        add_contacts(database, [ANN, BOB])
        record(database, self.settings, publisher)
        publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        publisher.publish(NOW + dt.timedelta(minutes=1))
        assert record(database, self.settings, publisher) == [2]
        self.time.instant = dt.datetime.now(dt.UTC).replace(microsecond=0)
        self.send()
        assert {ANN, BOB} == set(peer.count())

    def send(self) -> None:
        """Send all due notices."""
        with worker(self.database, self.settings, self.time, []) as made:
            made.send_due()

    def seal(self) -> int:
        """Seal the recorded facts."""
        return seal_facts(self.database, self.time.now())
