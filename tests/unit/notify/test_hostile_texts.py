"""Names of vendors and contacts are text: no header, no markup, no template becomes of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from notices import record, settings_for, worker
from publishers import NOW
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.status import status

if TYPE_CHECKING:
    from pathlib import Path

    from mail_peer import MailPeer
    from notices import Time
    from publishers import Publisher
    from register_api.sending.database import Database

ANN = "ann@customer.example"

NAMES = [
    "{{ 7*7 }} {0.__class__} %(name)s ${HOME}",
    "Acme, Inc.; Bcc: all@example.com",
    '"Acme" & Sons',
    "Zażółć GmbH 株式会社",
    "=?utf-8?q?=0D=0ABcc:_all=40example.com?=",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_stays_a_name(
    folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time, name: str
) -> None:
    settings = settings_for(folder, peer)
    assert not import_contacts(database, {1: ContactRow(customer=name, email=ANN, name=name)}, 1).faults
    record(database, settings, publisher)
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    path = publisher.source / "subprocessors/beta.toml"
    quoted = name.replace('"', '\\"')
    path.write_text(path.read_text("utf-8").replace('name = "Beta Oy"', f'name = "{quoted}"', 1), "utf-8")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    record(database, settings, publisher)
    with worker(database, settings, time, []) as made:
        made.send_due()
    (arrived,) = peer.mails
    mail = arrived.read()
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "List-Id", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    (to,) = mail["To"].addresses
    assert (to.display_name, to.addr_spec, arrived.recipient) == (_shown(name), ANN, ANN)
    assert name in " ".join(mail.get_body(("plain",)).get_content().split())
    html = mail.get_body(("html",)).get_content()
    assert ("&amp;" in html) == ("&" in name)
    assert _shown(name)[:30] in mail["Subject"]


def _shown(name: str) -> str:
    """What looks like an encoded word is taken apart in headers, so that nobody decodes it."""
    return name.replace("=?", "= ?")


@pytest.mark.parametrize("name", ["Ann\r\nBcc: all@example.com", "Ann\nX: y", "Ann\0"])
def test_a_name_that_would_begin_a_header_is_never_sent(
    folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time, name: str
) -> None:
    """The import refuses it (``test_contacts``); if it is in the database, so does the mail."""
    settings = settings_for(folder, peer)
    with database.transaction() as run:
        if "\0" in name:
            name = name.replace("\0", "\x0b\r")
        run(
            "INSERT INTO recipients (id, kind, channel, customer, address, name, products, language, hears,"
            " state, pseudonym_key, created_at) VALUES"
            " ('1', 'contact', 'mail', 'c', ?, ?, '', 'en', 'all', 'active', ?, 1)",
            *(ANN, name, b"k"),
        )
    record(database, settings, publisher)
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    record(database, settings, publisher)
    with worker(database, settings, time, []) as made:
        made.send_due()
    assert not peer.mails
    assert status(database, time.now()).versions[0].alarms == 1
