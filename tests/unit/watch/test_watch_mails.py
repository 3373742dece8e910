"""Alerts, digests and reminders: each thing once to whom it concerns, over a real mail server."""

from __future__ import annotations

import datetime as dt
import re
import shlex
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

from mail_peer import mail_peer
from register_api import clock
from register_api.cli.main import cli
from register_api.errors import SendingError
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from register_api.watch.inbox import Decision, decide
from register_api.watch.messages import Mailer
from register_api.watch.schema import STEPS
from watching import add_news, add_vendor, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from mail_peer import MailPeer
    from register_api.sending.database import Database

PAGE = (Path(__file__).parents[3] / "docs/watch-digest.md").read_text("utf-8")
MORNING = dt.datetime(2026, 5, 4, 8, 0, tzinfo=dt.UTC)
AT = int(MORNING.timestamp())


@pytest.fixture
def peer() -> Iterator[MailPeer]:
    with mail_peer() as made:
        yield made


class Office:
    """Two vendors with owners of their own, and a mailer whose clock the test moves."""

    def __init__(self, database: Database, folder: Path, peer: MailPeer) -> None:
        self.database, self.peer, self.now = database, peer, MORNING
        self.settings = settings_for(
            folder, sender="watch@customer.example", smtp_host="127.0.0.1", smtp_port=peer.port, tls="off"
        )
        add_vendor(database, "acme")
        add_vendor(database, "beta")

    def news(self, id_: str, vendor: str = "acme", *, days: int | None = None, **said: object) -> None:
        until = None if days is None else (self.now.date() + dt.timedelta(days=days)).isoformat()
        of = None if days is None else "register"
        at = int(self.now.timestamp())
        add_news(self.database, id_, vendor, deadline=until, deadline_of=of, seen_at=at, **said)

    def decide(self, id_: str) -> None:
        decide(self.database, Decision(news=id_, decision="accepted", reason="x", by="Ann", at=AT))

    def send(self, *, later: dt.timedelta = dt.timedelta(0)) -> list[tuple[str, str, list[str]]]:
        """Return what has come: to whom, the subject, and the ids of news."""
        self.now += later
        before = len(self.peer.mails)
        runtime = Runtime(lambda: self.now, threading.Event(), lambda _line: None)
        with Mailer(self.database, self.settings, "", runtime) as mailer:
            mailer.send()
        return [told(mail.read()) for mail in self.peer.mails[before:]]


def told(mail: EmailMessage) -> tuple[str, str, list[str]]:
    text = mail.get_body(("plain",)).get_content().replace("\r", "")
    return str(mail["To"]), str(mail["Subject"]), re.findall(r"^ID: (\w+)$", text, re.MULTILINE)


@pytest.fixture
def office(database: Database, folder: Path, peer: MailPeer) -> Office:
    return Office(database, folder, peer)


def test_deadlines_and_broken_trust_go_out_at_once_and_the_rest_once_a_day(office: Office) -> None:
    office.now -= dt.timedelta(hours=4)
    office.news("N1", days=30)
    office.news("N2", **{"class": "forked"})
    office.news("N3")
    office.news("N4", "beta")
    assert office.send() == [("acme@customer.example", "Your vendors: 2 items to review now", ["N1", "N2"])]
    assert sorted(office.send(later=dt.timedelta(hours=4))) == [
        ("acme@customer.example", "Your vendors: 1 item to review", ["N3"]),
        ("beta@customer.example", "Your vendors: 1 item to review", ["N4"]),
    ]
    office.news("N5")
    assert office.send(later=dt.timedelta(hours=1)) == []
    assert [ids for *_, ids in office.send(later=dt.timedelta(hours=23))] == [["N5"]]
    assert office.send(later=dt.timedelta(days=1)) == []


def test_what_is_decided_or_foreign_or_nobodys_is_not_told(office: Office) -> None:
    office.news("N1", days=30)
    office.news("N2", concerns=0, days=30)
    office.news("N3", owner="", days=30)
    office.decide("N1")
    assert office.send() == []


def test_until_somebody_decides_there_are_reminders(office: Office) -> None:
    office.news("N1", days=30)
    office.news("N2", days=30)
    office.send()
    office.decide("N2")
    reminded = {day: found for day in range(1, 32) if (found := office.send(later=dt.timedelta(days=1)))}
    assert list(reminded) == [16, 23, 28]
    assert {str(found) for found in reminded.values()} == {
        str([("acme@customer.example", "Your vendors: 1 item to decide soon", ["N1"])])
    }


def test_what_was_decided_while_the_mail_waited_is_left_out(office: Office) -> None:
    office.peer.refuses_greeting = True
    office.news("N1", days=30)
    office.news("N2", "beta", days=30)
    with pytest.raises(SendingError):
        office.send()
    office.decide("N1")
    office.peer.refuses_greeting = False
    assert [to for to, *_ in office.send(later=dt.timedelta(hours=1))] == ["beta@customer.example"]


def test_foreign_texts_stay_texts(office: Office) -> None:
    office.news("N1", days=1, title='<script>x</script>\x1b[31m "quoted"')
    office.send()
    mail = office.peer.mails[0].read()
    plain, page = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "\x1b" not in plain + page
    assert "<script>" in plain
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert mail["Auto-Submitted"] == "auto-generated"


def test_without_a_sender_nothing_is_told_or_used_up(office: Office) -> None:
    office.news("N1", days=30)
    office.settings = settings_for(Path(office.settings.state).parent)
    assert office.send() == []
    assert office.database.query("SELECT * FROM told") == []


def test_the_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peer: MailPeer) -> None:
    """The preview shows what is sent next, and uses nothing up."""
    monkeypatch.chdir(tmp_path)
    server = f'smtp_host = "127.0.0.1"\nsmtp_port = {peer.port}\ntls = "off"\n'
    text = f'[watch]\ndatabase = "watch.sqlite3"\nsender = "watch@customer.example"\n{server}'
    Path("watch.toml").write_text(text, "utf-8")
    with opened("watch.sqlite3", STEPS) as database:
        add_vendor(database)
        until = (clock.now().date() + dt.timedelta(days=40)).isoformat()
        add_news(database, "N1", deadline=until, deadline_of="contract")
    lines = re.search(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[1].splitlines()
    outputs = [CliRunner().invoke(cli, shlex.split(line)[1:]) for line in lines]
    assert [done.exit_code for done in outputs] == [0, 0]
    assert "alert to acme@customer.example: Your vendors: 1 item to review now" in outputs[0].output
    assert outputs[1].output == "1 sent\n"
    assert [told(mail.read())[2] for mail in peer.mails] == [["N1"]]
    nothing = CliRunner().invoke(cli, shlex.split(lines[0])[1:])
    assert nothing.output == "Nothing to send.\n"


def test_a_mail_says_where_to_object(office: Office) -> None:
    """In the words of the register, which a terminal or a mail program does not act on."""
    to = "mailto:privacy@acme.example"
    office.news("N1", days=20, detail=msgspec.json.encode({"object_to": f"{to}\x1b[0m"}).decode())
    office.send()
    text = office.peer.mails[-1].read().get_body(("plain",)).get_content()
    assert f"Objection contact: {to}" in text
    assert "\x1b" not in text
