"""From a publication to mails: who is told, what the server answers, and what is recorded of it."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from mail_peer import mail_peer
from notices import add_contacts, record, settings_for, worker
from publishers import NOW
from register_api.errors import NotifyError, VerificationError
from register_api.notify.deliveries import send_again
from register_api.notify.persons import recipients_at
from register_api.notify.status import status
from register_api.sending.mail import MailServerUnavailable
from register_api.sending.outbox import RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mail_peer import MailPeer
    from notices import Time
    from publishers import Publisher
    from register_api.sending.database import Database

ANN, BOB = "ann@customer.example", "bob@customer.example"


class Told:
    """A publisher who has announced a vendor to two contacts."""

    def __init__(
        self, folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time
    ) -> None:
        self.settings = settings_for(folder, peer)
        self.database, self.publisher, self.peer, self.time = database, publisher, peer, time
        self.log: list[str] = []
        add_contacts(database, [ANN, BOB])
        assert record(database, self.settings, publisher) == [1]
        self.announce("beta")
        assert record(database, self.settings, publisher) == [2]

    def announce(self, vendor: str, minutes: int = 1) -> None:
        """Publish a version with a further vendor, who starts in 40 days."""
        self.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=minutes))

    def send(self) -> None:
        """Let a worker send what is due."""
        with worker(self.database, self.settings, self.time, self.log) as made:
            made.send_due()

    def states(self) -> dict[str, str]:
        """Return the state of each delivery of the newest version, by address."""
        found = status(self.database, self.time.now(), 2, addresses=True).told
        return {told.address or "": told.state for told in found}


@pytest.fixture
def told(folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time) -> Told:
    return Told(folder, database, publisher, peer, time)


def test_what_was_there_at_the_first_look_counts_as_told(told: Told) -> None:
    assert told.database.query("SELECT version, told FROM publications ORDER BY version") == [
        {"version": 1, "told": 0},
        {"version": 2, "told": 1},
    ]
    assert {row["version"] for row in told.database.query("SELECT version FROM deliveries")} == {2}


def test_everyone_gets_one_mail_with_the_change_in_full(told: Told) -> None:
    told.send()
    told.send()
    assert told.peer.count() == {ANN: 1, BOB: 1}
    assert told.states() == {ANN: "sent", BOB: "sent"}
    assert told.peer.connections == 1
    mail = told.peer.mails[0].read()
    assert told.peer.mails[0].recipients == 1
    text = mail.get_body(("plain",)).get_content()
    assert "Beta Oy" in text
    assert "register-api verify https://example.com/" in text
    assert "Beta Oy" in mail.get_body(("html",)).get_content()
    assert mail["From"] == '"Example, Privacy" <privacy@example.com>'
    assert (mail["Auto-Submitted"], mail["List-Id"]) == ("auto-generated", "<notices.example.com>")
    assert mail["List-Unsubscribe"] is None  # a contract contact leaves by naming another


def test_the_record_has_the_bytes_the_number_and_the_servers_words(told: Told) -> None:
    told.send()
    rows = told.database.query("SELECT * FROM deliveries ORDER BY id")
    arrived = {mail.recipient: mail for mail in told.peer.mails}
    for row in rows:
        body = told.database.query("SELECT body FROM bodies WHERE delivery = ?", row["id"])
        address = told.database.query("SELECT address FROM recipients WHERE id = ?", row["recipient"])
        mail = arrived[address[0]["address"]]
        assert bytes(body[0]["body"]) == mail.data
        assert (mail.read()["Message-ID"], mail.sender) == (
            row["message_id"],
            f"bounces+{row['id']}@example.com",
        )
        assert {f"ENVID={row['id']}", "RET=HDRS", "NOTIFY=FAILURE,DELAY"} <= set(mail.options)
        assert re.fullmatch(r"250 OK: queued as \d", row["reply"])


def test_a_server_without_dsn_is_not_asked_for_reports(told: Told, folder: Path) -> None:
    with mail_peer(dsn=False) as plain:
        told.settings = settings_for(folder, plain)
        told.send()
        assert [mail.options for mail in plain.mails] == [(), ()]


def test_a_refused_recipient_is_an_alarm_and_the_others_get_theirs(told: Told) -> None:
    told.peer.recipients[ANN] = ["550 5.1.1 no such user"]
    told.send()
    told.time.pass_by(10 * 86_400)
    told.send()
    assert told.states() == {ANN: "refused", BOB: "sent"}
    found = status(told.database, told.time.now())
    assert found.needs_somebody
    left = (NOW.date() + dt.timedelta(days=40) - told.time.now().date()).days
    assert (found.versions[0].alarms, found.versions[0].days_left) == (1, left)
    assert not any("@" in line for line in told.log)


def test_a_deferred_recipient_is_tried_again_with_the_same_bytes(told: Told) -> None:
    told.peer.recipients[ANN] = ["451 later", "250 OK"]
    told.peer.data[BOB] = ["452 disk full", ""]
    told.send()
    assert told.states() == {ANN: "due", BOB: "due"}
    told.send()
    assert not told.peer.mails  # not before its time
    told.time.pass_by(RETRY_AFTER[0])
    told.send()
    assert told.states() == {ANN: "sent", BOB: "sent"}
    assert told.peer.count() == {ANN: 1, BOB: 1}


def test_a_recipient_who_is_deferred_for_days_counts_as_refused(told: Told) -> None:
    told.peer.recipients[ANN] = ["451 later"]
    for pause in (0, *RETRY_AFTER):
        told.time.pass_by(pause)
        told.send()
    assert told.states()[ANN] == "refused"
    assert 4 * 86_400 <= sum(RETRY_AFTER) <= 6 * 86_400


def test_a_connection_that_ends_after_the_mail_was_taken_is_unknown_and_repeated_once(told: Told) -> None:
    """The server has the mail twice, with the same Message-ID and the same bytes, and the record says so."""
    told.peer.data[ANN] = ["drop"]
    told.send()
    assert told.states() == {ANN: "unknown", BOB: "sent"}
    for _ in range(3):
        told.time.pass_by(86_400)
        told.send()
    twice = [mail.data for mail in told.peer.mails if mail.recipient == ANN]
    assert len(twice) == 2
    assert twice[0] == twice[1]
    row = told.database.query("SELECT state, unknowns, due_at FROM deliveries WHERE state <> 'sent'")
    assert row == [{"state": "unknown", "unknowns": 2, "due_at": None}]
    assert told.peer.count()[BOB] == 1


def test_a_mail_that_was_lost_with_its_connection_arrives_the_second_time(told: Told) -> None:
    told.peer.data[ANN] = ["lose", ""]
    told.send()
    told.time.pass_by(RETRY_AFTER[0])
    told.send()
    assert told.peer.count() == {ANN: 1, BOB: 1}
    assert told.database.query("SELECT state, unknowns FROM deliveries WHERE unknowns > 0") == [
        {"state": "sent", "unknowns": 1}
    ]


def test_a_slow_server_is_unknown_after_the_time_that_the_lease_gives(told: Told, folder: Path) -> None:
    told.settings = settings_for(folder, told.peer, lease_seconds=2)
    told.peer.pause = 1.5
    told.send()
    assert set(told.states().values()) == {"unknown"}


@pytest.mark.parametrize("how", ["greeting", "sender", "nobody"])
def test_a_server_that_takes_nothing_harms_no_notice(told: Told, folder: Path, how: str) -> None:
    """All of it stays due, no attempt is counted, and it goes out once the server is well."""
    told.peer.refuses_greeting = how == "greeting"
    told.peer.senders = "550 5.7.1 you may not send" if how == "sender" else ""
    well = told.settings
    if how == "nobody":
        told.settings = settings_for(folder)
    with pytest.raises(MailServerUnavailable):
        told.send()
    assert told.database.query("SELECT DISTINCT state, attempts FROM deliveries") == [
        {"state": "due", "attempts": 0}
    ]
    told.peer.refuses_greeting, told.peer.senders, told.settings = False, "", well
    told.send()
    assert told.peer.count() == {ANN: 1, BOB: 1}


def test_a_connection_that_is_dropped_before_the_bytes_is_no_doubt(told: Told) -> None:
    told.peer.recipients[ANN] = ["drop", ""]
    told.send()
    told.time.pass_by(RETRY_AFTER[0])
    told.send()
    assert told.peer.count() == {ANN: 1, BOB: 1}
    assert told.database.query("SELECT sum(unknowns) AS n FROM deliveries")[0]["n"] == 0


def test_versions_between_two_looks_are_each_told(told: Told) -> None:
    told.announce("gamma", 2)
    told.announce("delta", 3)
    assert record(told.database, told.settings, told.publisher) == [3, 4]
    told.send()
    assert told.peer.count() == {ANN: 3, BOB: 3}
    subjects = {mail.read()["Subject"] for mail in told.peer.mails}
    assert len(subjects) == 3


def test_what_a_run_that_ended_too_soon_had_read_is_told_all_the_same(told: Told) -> None:
    """It was verified and remembered; the process ended before it was recorded."""
    told.announce("gamma", 2)
    publications = "SELECT * FROM publications WHERE version = 3"
    assert record(told.database, told.settings, told.publisher) == [3]
    with told.database.transaction() as run:
        run("DELETE FROM deliveries WHERE version = 3")
        run("DELETE FROM publications WHERE version = 3")
    assert told.database.query(publications) == []
    assert record(told.database, told.settings, told.publisher) == [3]
    assert told.database.query(publications)


def test_a_publication_that_is_not_public_leaves_no_mail(told: Told, folder: Path) -> None:
    """What lies in the publisher's store alone is not told, and nothing that does not verify."""
    public = shutil.copytree(told.publisher.store / "public", folder / "public-copy")
    told.announce("gamma", 2)
    assert record(told.database, told.settings, told.publisher, public=public) == []
    newer = told.publisher.store / "public/v1/register.json"
    (public / "v1/register.json").write_bytes(newer.read_bytes())  # half of a publication
    with pytest.raises(VerificationError):
        record(told.database, told.settings, told.publisher, public=public)
    told.send()
    assert told.peer.count() == {ANN: 1, BOB: 1}


def test_a_mail_can_be_sent_again_with_the_same_bytes(told: Told) -> None:
    told.send()
    ids = [found.id for found in recipients_at(told.database, ANN)]
    assert send_again(told.database, 2, ids, int(told.time.now().timestamp())) == 1
    told.send()
    again = [mail.data for mail in told.peer.mails if mail.recipient == ANN]
    assert len(again) == 2
    assert again[0] == again[1]


def test_a_database_of_another_register_is_refused(told: Told, folder: Path) -> None:
    with told.database.transaction() as run:
        run("UPDATE publications SET register = 'other.example/register'")
    told.announce("gamma", 2)
    with pytest.raises(NotifyError, match=r"about other\.example/register"):
        record(told.database, told.settings, told.publisher)


def test_products_and_importance_decide_whom_a_version_concerns(
    folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time
) -> None:
    """An edit of no weight is told to who hears all; a product that no register names stands for all."""
    settings = settings_for(folder, peer)
    add_contacts(database, ["all@c.example"])
    add_contacts(database, ["important@c.example"], hears="important")
    add_contacts(database, ["typo@c.example"], products="no-such-product")
    record(database, settings, publisher)
    publisher.publish_note("second", NOW + dt.timedelta(minutes=1))
    record(database, settings, publisher)
    found = status(database, time.now(), 2, addresses=True)
    assert {told.address for told in found.told} == {"all@c.example", "typo@c.example"}


LANGUAGES: dict[str, Callable[[str], bool]] = {
    "de": lambda text: "Unterauftragsverarbeiter" in text,
    "en": lambda text: "sub-processor" in text.casefold(),
}


def test_a_mail_is_in_the_recipients_language(
    folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time
) -> None:
    settings = settings_for(folder, peer)
    for language in LANGUAGES:
        add_contacts(database, [f"{language}@c.example"], language=language)
    record(database, settings, publisher)
    publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    publisher.publish(NOW + dt.timedelta(minutes=1))
    record(database, settings, publisher)
    with worker(database, settings, time, []) as made:
        made.send_due()
    assert len(peer.mails) == 2
    for mail in peer.mails:
        words = mail.read().get_body(("plain",)).get_content()
        assert LANGUAGES[mail.recipient[:2]](words)
