"""The commands of notices, from the first contact to the last, and settings that cannot be used."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import re
import shlex
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner

import programs
from notify_soak import settings_file
from publishers import NOW
from register_api.cli.main import cli
from register_api.notify.contacts import read_contacts
from register_api.notify.settings import NotifySettings, read_notify_settings
from register_api.sending.database import opened
from register_api.serve.settings import read_settings
from register_api.watch.schema import STEPS as WATCH_STEPS
from static_host import static_host
from subscribing import OBJECTION
from time_authority import authority, honest, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

    from mail_peer import MailPeer
    from publishers import Publisher


class Office:
    """Someone who publishes, with a mail server and a settings file."""

    def __init__(self, folder: Path, base: str, peer: MailPeer, publisher: Publisher) -> None:
        self.folder, self.peer, self.publisher = folder, peer, publisher
        self.base = base
        self.settings()

    def settings(self, **more: object) -> None:
        """Write the settings file."""
        database = str(self.folder / "notify.sqlite3")
        self.file = settings_file(self.folder, self.base, self.peer.port, database, look_seconds=1, **more)

    def call(self, *arguments: str, code: int = 0) -> Result:
        """Run a command of `notify` in this process."""
        done = CliRunner().invoke(cli, ["notify", *arguments, "--settings", str(self.file)])
        assert done.exit_code == code, (arguments, done.output, done.exception)
        return done

    def announce(self, vendor: str, minutes: int = 1) -> None:
        """Publish a version with a further vendor."""
        self.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=minutes))


@pytest.fixture
def office(folder: Path, publisher: Publisher, peer: MailPeer) -> Iterator[Office]:
    with static_host(publisher.store / "public") as base:
        yield Office(folder, base, peer, publisher)


def test_the_commands_from_the_first_contact_to_the_last(office: Office) -> None:
    """Import, record, preview, send, a bounce, a successor, and what is kept of a person."""
    table = office.folder / "contacts.csv"
    table.write_text("customer,email\nC1,ann@c.example\nC2,bob@c.example\nC3,x\n", "utf-8")
    refused = office.call("contacts", "import", str(table), code=1)
    assert f"{table}:4: email" in refused.stderr
    assert office.call("contacts", "list").stdout == ""
    table.write_text("customer,email\nC1,ann@c.example\nC2,bob@c.example\n", "utf-8")
    assert "2 added" in office.call("contacts", "import", str(table)).stdout
    assert "ann@c.example" in office.call("contacts", "list").stdout
    assert "Version 1 recorded: 0 notices due." in office.call("record").stdout
    office.announce("beta")
    assert "Version 2 recorded: 2 notices due." in office.call("record").stdout
    assert "Beta Oy" in office.call("preview", "2", "--recipient", "ann@c.example").stdout
    office.peer.recipients["ann@c.example"] = ["550 5.1.1 gone"]
    assert "1 refused, 1 sent" in office.call("send").stdout
    alarm = office.call("status", code=1)
    assert "ALARM: 1 contract contact not notified" in alarm.stdout
    assert "days of notice left" in alarm.stdout
    assert (
        'register_notify_contacts_not_told{version="2"} 1'
        in office.call("status", "--metrics", code=1).stdout
    )
    rows = json.loads(office.call("status", "2", "--json", code=1).stdout)["told"]
    assert "ann@c.example" not in json.dumps(rows)
    assert "ann@c.example" in office.call("status", "2", "--addresses", code=1).stdout
    office.call("contacts", "erase", "ann@c.example", code=1)
    office.call(
        "contacts", "add", "--customer", "C1", "--email", "new@c.example", "--replaces", "ann@c.example"
    )
    assert "1 sent" in office.call("send").stdout
    assert office.call("status").exit_code == 0
    assert "1 notice due" in office.call("resend", "2", "--recipient", "bob@c.example").stdout
    assert "1 sent" in office.call("send").stdout
    assert office.peer.count() == {"bob@c.example": 2, "new@c.example": 1}
    assert '"ann@c.example"' in office.call("contacts", "export", "ann@c.example").stdout
    assert "1 recipient erased" in office.call("contacts", "erase", "ann@c.example").stdout
    assert "0 emails and 0 recipients deleted." in office.call("retain").stdout


def test_an_answer_that_came_by_post_is_entered(office: Office) -> None:
    office.publisher.say("objections", notice=OBJECTION)
    office.call("contacts", "add", "--customer", "C1", "--email", "ann@c.example")
    office.call("contacts", "add", "--customer", "C2", "--email", "ann@c.example")
    office.call("record")
    office.announce("beta")
    office.call("record")
    office.call("send")
    said = ("answer", "2", "objected", "--recipient", "ann@c.example", "--reason", "No\x1b[31m contract")
    assert "2 active contract contacts" in office.call(*said, code=2).stderr
    assert "needs a reason" in office.call(*said[:-2], code=2).stderr
    assert office.call(*said, "--customer", "C1", "--received", "2020-01-01").stdout == "Recorded.\n"
    assert "already" in office.call(*said, "--customer", "C1").stdout
    shown = office.call("status", "2").stdout
    assert "1 objected, 1 open" in shown
    assert "\x1b" not in shown
    found = json.loads(office.call("status", "2", "--json").stdout)
    assert [each["verdict"] for each in found["answers"]] == ["objected", "open"]
    assert (
        'register_notify_answers{version="2",answer="objected"} 1'
        in office.call("status", "--metrics").stdout
    )


def test_a_bounce_in_a_mailbox_becomes_an_alarm(office: Office) -> None:
    office.call("contacts", "add", "--customer", "C1", "--email", "ann@c.example")
    office.call("record")
    office.announce("beta")
    office.call("record")
    office.call("send")
    (mail,) = office.peer.mails
    box = office.folder / "mbox"
    box.write_text(
        f"From MAILER-DAEMON Sun Nov 29 10:00:00 2026\nTo: {mail.sender}\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; ann@c.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n",
        "utf-8",
    )
    assert office.call("bounces", str(box)).stdout == "1 failed\n"
    assert "1 bounced" in office.call("status", code=1).stdout
    assert "1 notice due" in office.call("resend", "2", "--failed").stdout


def test_what_happened_is_sealed_and_stamped(office: Office, folder: Path) -> None:
    office.call("contacts", "add", "--customer", "C1", "--email", "ann@c.example")
    office.call("record")
    office.announce("beta")
    office.call("record")
    office.call("send")
    assert "Sealed: never; 1 fact not sealed" in office.call("status").stdout
    with serving(lambda _: None, status=500) as asked:
        office.settings(time_authority=asked.url, time_authority_certificate=str(authority().root))
        done = office.call("seal")
    assert done.stdout == "1 fact sealed.\n"
    assert "not time-stamped" in done.stderr
    assert "register_notify_seals_unstamped 1" in office.call("status", "--metrics").stdout
    with honest() as asked:
        office.settings(time_authority=asked.url, time_authority_certificate=str(authority().root))
        assert "Time-stamped at" in office.call("seal").stdout
    assert "0 facts not sealed, 0 seals not time-stamped" in office.call("status").stdout


def test_a_package_proves_offline_whom_a_version_was_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the commands of docs/proof-of-notice.md, in their order."""
    office.call("contacts", "add", "--customer", "C-17", "--email", "legal@customer.example")
    office.call("record")
    office.announce("beta")
    office.call("record")
    office.call("send")
    monkeypatch.chdir(office.folder)
    shutil.copy(authority().root, "tsa-root.pem")
    ann = ("--recipient", "legal@customer.example")
    assert "is sealed" in office.call("evidence", "2", *ann, "-o", "none.zip", code=1).stderr
    assert "whose records?" in office.call("evidence", "2", "-o", "none.zip", code=2).stderr
    page = (Path(__file__).parents[3] / "docs/proof-of-notice.md").read_text("utf-8")
    *ours, by_hand = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    with honest() as asked:
        office.settings(time_authority=asked.url, time_authority_certificate="tsa-root.pem")
        done = [CliRunner().invoke(cli, shlex.split(line)[1:]) for line in "".join(ours).splitlines()]
    assert [each.exit_code for each in done] == [0, 0, 0, 0], [each.output for each in done]
    assert "1 record of version 2" in done[1].stdout
    assert "notice by mail to legal@customer.example, customer C-17" in done[3].stdout
    assert "ok           N08" in done[3].stdout
    typed = programs.run("bash", "-c", by_hand, cwd=office.folder)
    assert "sent to legal@customer.example sealed" in typed.stdout
    assert "Verification: OK" in typed.stdout + typed.stderr
    assert "not overwritten" in office.call("evidence", "2", *ann, "-o", "notice.zip", code=2).stderr


def test_a_package_does_without_the_registers_evidence_where_the_tree_does_not_verify(
    office: Office,
) -> None:
    office.call("contacts", "add", "--customer", "C1", "--email", "ann@c.example")
    office.call("record")
    office.announce("beta")
    office.call("record")
    office.call("send")
    office.call("seal")
    (office.publisher.store / "public" / "v1" / "register.json").unlink()
    bare = office.folder / "bare.zip"
    done = office.call("evidence", "2", "--customer", "C1", "-o", str(bare))
    assert "Without register.zip" in done.stderr
    done = CliRunner().invoke(cli, ["verify", "--offline", str(bare)])
    assert done.exit_code == 0
    assert "not checked  N08" in done.stdout


GOOD = "[notify]\nregister = 'https://x.example'\nsender = 'a@b.example'\n"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "no table [notify]"),
        ("[notify]\nsender = 'a@b.example'\n", "register"),
        ("[notify]\nregister = 'ftp://x'\nsender = 'a@b.example'\n", "address of the published tree"),
        ("[notify]\nregister = 'https://x.example'\nsender = 'a'\n", "sender must be"),
        (f"{GOOD}smtp = 1\n", "smtp"),
        (f'{GOOD}sender_name = "a\\nb"\n', "one line"),
        (f"{GOOD}subscriptions = 'https://x.example/subscriptions'\n", "subscription service"),
        (f"{GOOD}subscriptions = 'https://x.example/?q=/'\n", "subscription service"),
        (f"{GOOD}tls = 'off'\nsmtp_host = 'mx.example'\n", "this machine alone"),
        (f"{GOOD}time_authority = 'https://tsa.example/'\n", "go together"),
        (f"{GOOD}database = 'postgresql://me:secret@db/x'\n", "must not hold a password"),
    ],
)
def test_settings_that_cannot_be_used_are_told(office: Office, table: str, words: str) -> None:
    office.file.write_text(table, "utf-8")
    done = office.call("status", code=2)
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_the_service_needs_its_address(office: Office) -> None:
    assert "setting subscriptions is missing" in office.call("serve", code=2).stderr


def test_a_database_of_a_newer_release_is_left_alone(office: Office) -> None:
    office.call("contacts", "list")
    with sqlite3.connect(office.folder / "notify.sqlite3") as connection:
        connection.execute("UPDATE schema_number SET number = 99")
    connection.close()
    assert "schema number 99" in office.call("status", code=1).stderr
    assert (office.folder / "notify.sqlite3").stat().st_mode & 0o77 == 0


def test_a_database_that_is_not_of_notices_is_named(office: Office) -> None:
    """No database at all, one of `watch`, a foreign one, and a folder that cannot be made."""
    file = office.folder / "notify.sqlite3"
    file.write_text("not a database at all")
    assert f"{file}: database: file is not a database" in office.call("status", code=1).stderr
    file.unlink()
    with opened(str(file), WATCH_STEPS):
        pass
    done = office.call("status", code=1)
    assert f"{file}: database: no such table: recipients" in done.stderr
    assert "notify and watch need one each" in done.stderr
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE recipients (a)")
    assert "table recipients already exists" in office.call("status", code=1).stderr
    file.unlink()
    file.mkdir()
    assert f"{file}: database: " in office.call("status", code=1).stderr


def test_what_names_nobody_or_no_file_is_refused(office: Office) -> None:
    assert "Give --recipient or --failed" in office.call("resend", "2", code=2).stderr
    assert "cannot be read: No such file" in office.call("bounces", "missing", code=1).stderr
    owner = ("webhook", "add", "https://hooks.example/", "--owner", "x")
    assert 'owner: "x" is not a valid' in office.call(*owner, code=2).stderr


def test_every_setting_is_described() -> None:
    """With what it is where it is not set."""
    page = (Path(__file__).parents[3] / "docs/notifying.md").read_text("utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", page, re.MULTILINE))
    fields = {field.name: field for field in msgspec.structs.fields(NotifySettings)}
    settings = {name: words for name, words in table.items() if name in fields}
    assert set(settings) == set(fields)
    for name, words in settings.items():
        default = fields[name].default
        if default is msgspec.NODEFAULT:
            assert words == "needed"
        elif default:
            assert words == f"`{default}`"


def test_the_settings_that_the_page_shows_are_taken(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/notifying.md").read_text("utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    path = tmp_path / "notify.toml"
    path.write_text(block, "utf-8")
    assert read_notify_settings(path, {}).base == "https://trust.example.com/"
    assert read_settings({}, path).port == 8000  # `serve` leaves the table alone


def test_the_contacts_that_the_page_shows_are_taken() -> None:
    page = (Path(__file__).parents[3] / "docs/notifying.md").read_text("utf-8")
    (block,) = re.findall(r"^```csv\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    found = read_contacts(block.encode())
    assert (len(found.contacts), found.faults) == (2, [])
