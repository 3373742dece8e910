"""Digests and reminders, from a publication to the mails: every version is told once, and nothing in vain."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from notices import add_contacts, add_subscribers, record, settings_for, worker
from publishers import NOW
from register_api.notify import answers
from register_api.notify.answers import GivenAnswer
from register_api.notify.contacts import ContactRow, import_contacts
from register_api.notify.deliveries import open_objections, send_again, versions_in
from register_api.notify.persons import erase, retain
from register_api.notify.publication import load
from register_api.notify.status import status
from register_api.sending.outbox import RETRY_AFTER, Outbox

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from mail_peer import MailPeer
    from notices import Time
    from publishers import Publisher
    from register_api.sending.database import Database

ANN, SUE, WES = "ann@customer.example", "sue@reader.example", "wes@reader.example"
DAY, WEEK = 86_400, 7 * 86_400
REMINDED = 15 * DAY
"""By then the reminder of a week before the deadline has been due for some hours."""

OBJECTION = '[notice.objection]\ndays = 21\ncontact = "mailto:privacy@example.com"\n'
FUTURE = NOW.date() + dt.timedelta(days=40)


class Told:
    """A publisher who grants three weeks to object, a contact, and two subscribers: daily and weekly."""

    def __init__(
        self, folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time
    ) -> None:
        self.settings = settings_for(folder, peer)
        self.database, self.publisher, self.peer, self.time = database, publisher, peer, time
        self.versions = 1
        publisher.say("promise", notice=OBJECTION)
        self.publish()
        assert record(database, self.settings, publisher) == [2]
        add_contacts(database, [ANN])
        add_subscribers(database, [SUE], frequency="daily")
        add_subscribers(database, [WES], frequency="weekly", language="de")

    def publish(self) -> int:
        self.versions += 1
        self.publisher.publish(NOW + dt.timedelta(minutes=self.versions))
        return self.versions

    def announce(self, vendor: str, engagement: str = f"starts_on = {FUTURE}\n") -> int:
        """Publish a version with a vendor, and record it."""
        self.publisher.list(vendor, engagement)
        version = self.publish()
        assert record(self.database, self.settings, self.publisher) == [version]
        return version

    def note(self, note: str) -> int:
        """Publish and record a version that nobody needs notice of."""
        self.publisher.say(note, notice=OBJECTION)
        version = self.publish()
        assert record(self.database, self.settings, self.publisher) == [version]
        return version

    def send(self, after: float = 0) -> list[tuple[str, EmailMessage]]:
        """Let time pass by and a worker send what is due; return the new mails by recipient."""
        self.time.pass_by(after)
        before = len(self.peer.mails)
        with worker(self.database, self.settings, self.time, []) as made:
            made.send_due()
        return sorted(
            ((mail.recipient, mail.read()) for mail in self.peer.mails[before:]),
            key=lambda found: (found[0], str(found[1]["Subject"])),
        )

    def in_the_morning(self) -> dict[str, EmailMessage]:
        """Let the daily subscriber's digest be due, and a worker send."""
        with self.database.transaction() as run:
            run(
                "UPDATE deliveries SET due_at = 1 WHERE kind = 'digest' AND state = 'due' AND recipient ="
                " (SELECT id FROM recipients WHERE address = ?)",
                SUE,
            )
        return dict(self.send())

    def rows(self, kind: str, address: str = SUE) -> list[tuple[str, str]]:
        """Return state and reply of each row of a kind for somebody."""
        found = self.database.query(
            "SELECT d.state, d.reply FROM deliveries d JOIN recipients r ON r.id = d.recipient"
            " WHERE d.kind = ? AND r.address = ? ORDER BY d.version",
            *(kind, address),
        )
        return [(row["state"], row["reply"]) for row in found]


@pytest.fixture
def told(folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time) -> Told:
    return Told(folder, database, publisher, peer, time)


def words(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return " ".join(part.get_content().split())


def test_a_contact_hears_at_once_and_subscribers_in_one_mail(told: Told) -> None:
    told.announce("beta")
    told.announce("gamma")
    assert [address for address, _ in told.send()] == [ANN, ANN]
    mails = dict(told.send(WEEK))
    assert sorted(mails) == [SUE, WES]
    mail = mails[SUE]
    assert mail["Subject"] == (
        f"Beta Oy will be added as a sub-processor on {FUTURE.day} {FUTURE:%B %Y}, and 1 more change"
        " | sub-processors of Example, versions 3 to 4"
    )
    for kind in ("plain", "html"):
        said = words(mail, kind)
        assert "Digest of 2 versions." in said
        assert said.index("Beta Oy") < said.index("Gamma Oy")
        assert said.count("register-api verify https://example.com/") == 1
        assert said.count("root hash") == 2
    assert "Sammelmeldung über 2 Versionen." in words(mails[WES])
    assert "Versionen 3 bis 4" in str(mails[WES]["Subject"])
    assert not told.send(3 * DAY)


def test_a_digest_of_one_version_reads_as_a_notice(told: Told) -> None:
    told.announce("beta")
    (_, notice), *_ = told.send()
    mail = told.in_the_morning()[SUE]
    assert mail["Subject"] == notice["Subject"]
    assert words(mail) == words(notice)


def test_what_comes_after_a_digest_waits_for_the_next(told: Told) -> None:
    told.announce("beta")
    assert SUE in told.in_the_morning()
    told.note("second")
    told.note("third")
    assert SUE not in dict(told.send())
    assert "versions 4 to 5" in str(told.in_the_morning()[SUE]["Subject"])


@pytest.mark.parametrize(("answer", "state"), [("drop", "unknown"), ("452 disk full", "due")])
def test_a_digest_that_was_begun_is_not_extended(told: Told, answer: str, state: str) -> None:
    told.announce("beta")
    told.peer.data[SUE] = [answer, ""]
    told.in_the_morning()
    told.note("second")
    assert [state for state, _ in told.rows("digest")] == [state, "due"]
    told.time.pass_by(RETRY_AFTER[0])
    first, second = (str(mail["Subject"]) for address, mail in told.send(DAY) if address == SUE)
    assert first.endswith(", version 3")
    assert second.endswith(", version 4")


def test_a_digest_that_a_worker_is_writing_is_not_extended(told: Told) -> None:
    told.announce("beta")
    with told.database.transaction() as run:
        run("UPDATE deliveries SET due_at = 1 WHERE kind = 'digest'")
    outbox = Outbox(told.database, "another worker", 600)
    rows = outbox.lease(int(told.time.now().timestamp()), 10, ["mail"])
    told.note("second")
    assert {row["version"] for row in told.database.query("SELECT version FROM digest_versions")} == {3, 4}
    assert [versions_in(told.database, row.id) for row in rows if row.kind == "digest"] == [(3,), (3,)]
    outbox.give_back(rows, int(told.time.now().timestamp()))
    assert [state for state, _ in told.rows("digest")] == ["due", "due"]


def test_only_what_concerns_somebody_is_in_their_digest(told: Told) -> None:
    with told.database.transaction() as run:
        run("UPDATE recipients SET hears = 'important' WHERE address = ?", SUE)
    told.note("second")
    assert not told.rows("digest")
    told.announce("beta")
    told.note("third")
    assert str(told.in_the_morning()[SUE]["Subject"]).endswith(", version 4")
    shown = {each.version: each for each in status(told.database, told.time.now()).versions}
    assert (shown[3].states, shown[4].states) == ({"due": 1, "sent": 1}, {"due": 1, "sent": 2})


def test_a_digest_of_which_nothing_concerns_them_any_more_is_not_sent(told: Told) -> None:
    told.note("second")
    with told.database.transaction() as run:
        run("UPDATE recipients SET hears = 'important' WHERE address = ?", SUE)
    assert SUE not in told.in_the_morning()
    assert told.rows("digest") == [("opted_out", "nothing of it concerns the recipient any more")]


def test_everyone_is_reminded_once_a_week_before_the_deadline(told: Told) -> None:
    version = told.announce("beta")
    before = told.send(REMINDED - 2 * DAY)
    assert [address for address, _ in before] == [ANN, SUE, WES]
    mails = dict(told.send(2 * DAY))
    assert not told.send(DAY)
    assert sorted(mails) == [ANN, SUE, WES]
    assert str(mails[ANN]["Subject"]).startswith("Reminder: Beta Oy will be added")
    assert str(mails[WES]["Subject"]).startswith("Erinnerung: ")
    for kind in ("plain", "html"):
        assert "This is a reminder of an earlier notice. " in words(mails[ANN], kind).replace("</p>", " ")
    found = status(told.database, told.time.now(), version)
    assert found.versions[0].reminders == {"sent": 3}
    assert sorted(each.tells for each in found.told) == [
        "digest", "digest", "notice", "reminder", "reminder", "reminder",
    ]  # fmt: skip


def test_every_change_that_one_may_object_to_is_open(told: Told) -> None:
    """Additions, and what is planned for something that runs: none goes without its reminder."""
    plan = '\n[[engagements.planned]]\nid = "{}"\neffective_on = {}\n{}\n'
    told.publisher.list("acme", plan.format("usa", FUTURE, "set.purpose = 'Runs all of it'"))
    told.publisher.list("beta", f"starts_on = {FUTURE}\n")
    version = told.publish()
    record(told.database, told.settings, told.publisher)
    found = load(told.database, version)
    with_deadline = [change for change in found.changes if change.notice.objection_until]
    assert with_deadline
    assert open_objections(version, found.changes, found.register, NOW.date()) == with_deadline


def later(days: int) -> str:
    return f"starts_on = {FUTURE + dt.timedelta(days=days)}\n"


CANCELLED = f'{later(0)}cancelled = {{ reason = "Not needed" }}\n'


@pytest.mark.parametrize(
    ("then", "reminders", "left_out"),
    [(CANCELLED, 0, 1), (later(-5), 1, 1), (later(5), 1, 0)],
    ids=["cancelled", "earlier: announced anew", "later: the deadline stays"],
)
def test_reminders_tell_what_still_comes(told: Told, then: str, reminders: int, left_out: int) -> None:
    told.announce("beta")
    told.send()
    told.announce("beta", then)
    told.in_the_morning()
    mails = [mail for _, mail in told.send(REMINDED) if "Reminder" in str(mail["Subject"])]
    assert [mail["To"].addresses[0].addr_spec for mail in mails] == [ANN, SUE][: 2 * reminders]
    why = "cancelled or announced again in the meantime, or the deadline has passed"
    assert [reply for _, reply in told.rows("reminder", ANN)].count(why) == left_out
    stands = dt.date.fromisoformat(then.split()[2])
    assert all(f" {stands.day} {stands:%B}" in words(mail) for mail in mails)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "451 later"])
def test_who_was_never_told_is_not_reminded(told: Told, answer: str) -> None:
    told.announce("beta")
    told.peer.recipients[ANN] = [answer]
    told.send()
    told.peer.recipients[ANN] = [answer, "250 OK"]
    told.send(REMINDED)
    assert told.rows("reminder", ANN)[0] == ("opted_out", "the notice has not reached the recipient")


def test_who_has_answered_is_not_reminded(told: Told) -> None:
    version = told.announce("beta")
    told.send()
    ann = told.database.query("SELECT id FROM recipients WHERE address = ?", ANN)[0]["id"]
    given = GivenAnswer("accepted", "", "publisher")
    with told.database.transaction() as run:
        assert answers.record_answer(run, version, ann, given, int(told.time.now().timestamp()), late=False)
    assert ANN not in dict(told.send(REMINDED))
    assert told.rows("reminder", ANN) == [("opted_out", "the recipient has answered")]


def test_without_days_or_without_a_period_nobody_is_reminded(told: Told, folder: Path) -> None:
    told.settings = settings_for(folder, told.peer, reminder_days=0)
    told.announce("beta")
    assert told.rows("reminder", ANN) == []


def test_a_successor_is_reminded_in_the_place_of_the_one_before(told: Told) -> None:
    told.announce("beta")
    told.send()
    heir = ContactRow(customer=f"C-{ANN}", email="new@customer.example", replaces=ANN)
    assert not import_contacts(told.database, {1: heir}, int(told.time.now().timestamp())).faults
    mails = [address for address, _ in told.send(REMINDED)]
    assert ("new@customer.example" in mails, ANN in mails) == (True, False)


def test_somebody_who_leaves_gets_neither_digest_nor_reminder(told: Told) -> None:
    told.announce("beta")
    erase(told.database, SUE, int(told.time.now().timestamp()))
    assert SUE not in {address for address, _ in told.send(REMINDED)}
    states = told.database.query("SELECT DISTINCT state FROM deliveries WHERE reply = ''")
    assert states == [{"state": "opted_out"}]
    at = int(told.time.now().timestamp())
    assert retain(told.database, at, at)[1] == 1
    assert len(told.database.query("SELECT * FROM digest_versions")) == 1  # that of the other subscriber


def test_a_version_is_sent_again_as_the_digest_that_told_of_it(told: Told) -> None:
    told.announce("beta")
    version = told.note("second")
    told.peer.recipients[SUE] = ["550 5.1.1 no such user", "250 OK"]
    told.in_the_morning()
    sue = told.database.query("SELECT id FROM recipients WHERE address = ?", SUE)[0]["id"]
    assert send_again(told.database, version, [sue], int(told.time.now().timestamp())) == 1
    assert "versions 3 to 4" in str(dict(told.send())[SUE]["Subject"])
    assert len(told.rows("digest")) == 1
