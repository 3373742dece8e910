"""Endpoints of webhooks and chats: proven, told, tried again, warned of, switched off, forgotten."""

from __future__ import annotations

import datetime as dt
import json
import time as clock
from typing import TYPE_CHECKING

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from endpoint_peer import EndpointPeer, endpoint_peer
from evidence_packages import check_package, evidence_failed
from hostile_server import Answer, Server, raw, reply, silence
from notices import add_contacts, record, settings_for, worker
from publishers import NOW
from register_api.errors import NotifyError, UsageError
from register_api.notify.contacts import list_recipients
from register_api.notify.endpoints import (
    END_AFTER,
    END_ATTEMPTS,
    WARN_AFTER,
    Endpoint,
    NewEndpoint,
    activate,
    add_endpoint,
    endpoint_of,
    endpoints,
    remove_endpoint,
    send_test_message,
)
from register_api.notify.persons import erase, export_person, retain
from register_api.notify.publication import load
from register_api.notify.sealing import notice_files, recipients_of, seal_facts
from register_api.notify.status import status
from register_api.sending.webhook import RETRY_AFTER, SPREAD, make_key, read_key, slack, teams

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mail_peer import MailPeer
    from notices import Time
    from publishers import Publisher
    from register_api.sending.database import Database

OWNER = "it@customer.example"
DAY = 86_400


class Hooked:
    """A publisher whose first version is recorded, and an endpoint."""

    def __init__(
        self, folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time
    ) -> None:
        self.settings = settings_for(folder, peer, allow=["127.0.0.1/32"])
        self.database, self.publisher, self.peer, self.time = database, publisher, peer, time
        self.log: list[str] = []
        assert record(database, self.settings, publisher) == [1]
        self.minutes = 0

    @property
    def at(self) -> int:
        """The worker's time."""
        return int(self.time.now().timestamp())

    def add(self, url: str, *, proven: bool = True, **said: object) -> Endpoint:
        """Add an endpoint, and take its proof for given."""
        made = add_endpoint(
            self.database,
            NewEndpoint(**{"url": url, "owner": OWNER} | said),
            self.at,  # type: ignore[arg-type]
        )
        if proven:
            activate(self.database, made.id)
        return endpoint_of(self.database, made.id)

    def announce(self, vendor: str = "beta") -> int:
        """Publish a version with a further vendor, and record it."""
        self.minutes += 1
        self.publisher.list(vendor, f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=self.minutes))
        (version,) = record(self.database, self.settings, self.publisher)
        return version

    def send(self) -> None:
        """Let a worker send what is due, and then what has become due by that."""
        with worker(self.database, self.settings, self.time, self.log) as made:
            made.send_due()
            made.send_due()

    def give_up(self) -> None:
        """Let all attempts pass by."""
        for pause in (0, *RETRY_AFTER):
            self.time.pass_by(pause * (1 + SPREAD) + 1)
            self.send()

    def states(self) -> list[str]:
        """Return the states of what endpoints are sent, oldest first."""
        rows = self.database.query(
            "SELECT state FROM deliveries WHERE channel <> 'mail' ORDER BY version, id"
        )
        return [row["state"] for row in rows]


@pytest.fixture
def hooked(folder: Path, database: Database, publisher: Publisher, peer: MailPeer, time: Time) -> Hooked:
    return Hooked(folder, database, publisher, peer, time)


@pytest.fixture
def endpoint() -> Iterator[EndpointPeer]:
    with endpoint_peer() as made:
        yield made


def test_an_event_says_that_there_is_something_and_where_and_nothing_to_be_believed(
    hooked: Hooked, endpoint: EndpointPeer
) -> None:
    hooked.add(endpoint.url)
    hooked.announce()
    hooked.send()
    hooked.send()
    (request,) = endpoint.got
    event = request.read()
    row = hooked.database.query("SELECT * FROM publications WHERE version = 2")[0]
    assert event == {
        "specversion": "1.0",
        "id": request.headers["webhook-id"],
        "source": "https://example.com/",
        "type": "sub-processor-register.notice",
        "subject": "versions/2",
        "time": dt.datetime.fromtimestamp(row["published_at"], dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "datacontenttype": "application/json",
        "data": {
            "register": row["register"],
            "version": 2,
            "log_size": row["log_size"],
            "log_root": row["log_root"],
            "url": "https://example.com/versions/2/",
        },
    }
    assert b"Beta" not in request.body
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.headers["webhook-signature"].startswith("v1,")
    assert hooked.states() == ["sent"]


def test_an_event_is_one_to_the_library_of_cloudevents(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """Every member where it looks for it."""
    made = hooked.add(endpoint.url)
    hooked.announce()
    hooked.send()
    assert send_test_message(hooked.settings, made, hooked.time.now) == ""
    for request in endpoint.got:
        event = JSONFormat().read(CloudEvent, request.body)
        assert event.get_id() == request.headers["webhook-id"]
        assert event.get_source() == "https://example.com/"
        assert event.get_type().startswith("sub-processor-register.")
        assert event.get_datacontenttype() == "application/json"
        assert event.get_data() == request.read()["data"]
        assert event.get_time().tzinfo is not None


def test_a_worker_that_died_while_it_sent_is_no_reason_for_another_message(
    hooked: Hooked, endpoint: EndpointPeer
) -> None:
    """Whether the endpoint has it nobody knows: it comes again, with the same id."""
    hooked.add(endpoint.url)
    hooked.announce()
    hooked.send()
    with hooked.database.transaction() as run:
        run("UPDATE deliveries SET state = 'sending', data_began_at = ?, due_at = ?", hooked.at, hooked.at)
    hooked.send()
    hooked.time.pass_by(60)
    hooked.send()
    assert hooked.states() == ["sent"]
    assert len(endpoint.got) == 2
    assert len({(request.headers["webhook-id"], request.body) for request in endpoint.got}) == 1


def test_an_endpoint_gets_nothing_before_it_has_taken_a_test_message(
    hooked: Hooked, endpoint: EndpointPeer
) -> None:
    """So nobody enlists the address of somebody else."""
    made = hooked.add(endpoint.url, proven=False)
    hooked.announce()
    hooked.send()
    assert endpoint.got == []
    endpoint.repeats = False
    assert (
        send_test_message(hooked.settings, made, hooked.time.now)
        == "its answer does not repeat the challenge"
    )
    endpoint.repeats = True
    endpoint.answer(500)
    assert (
        send_test_message(hooked.settings, made, hooked.time.now)
        == "it did not take the test message: status 500"
    )
    endpoint.answer(200)
    assert send_test_message(hooked.settings, made, hooked.time.now) == ""
    assert endpoint.got[-1].read()["type"] == "sub-processor-register.challenge"
    assert endpoint.got[-1].headers["webhook-id"] == endpoint.got[-1].read()["id"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (reply(b"x" * 100_000), "more than 16384 bytes"),
        (reply(b"", "307 Moved", "Location: http://169.254.169.254/"), "status 307"),
        (reply(b"\x1f\x8b", "200 OK", "Content-Encoding: gzip"), "which was not requested"),
        (raw(b"220 mx.example ESMTP\r\n"), "no complete response"),
        (reply(b"{challenge}"), "does not repeat the challenge"),
    ],
    ids=["huge", "redirect", "gzip", "no HTTP", "template"],
)
def test_an_answer_to_a_challenge_that_is_none_is_told(hooked: Hooked, answer: Answer, words: str) -> None:
    """And harms nothing."""
    server = Server(answer)
    made = hooked.add(server.base, proven=False)
    assert words in send_test_message(hooked.settings, made, hooked.time.now)
    server.close()


def test_a_message_is_repeated_with_its_id_and_its_bytes(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """Whatever went wrong; only the time is new."""
    endpoint.answers = [(500, {}), (307, {"Location": "/x"}), (429, {"Retry-After": "3600"}), (204, {})]
    hooked.add(endpoint.url)
    hooked.announce()
    for pause in (0, RETRY_AFTER[0], RETRY_AFTER[1], 3600):
        hooked.time.pass_by(pause * (1 + SPREAD))
        hooked.send()
    assert hooked.states() == ["sent"]
    assert len(endpoint.got) == 4
    assert len({request.body for request in endpoint.got}) == 1
    assert len({request.headers["webhook-id"] for request in endpoint.got}) == 1
    assert len({request.headers["webhook-timestamp"] for request in endpoint.got}) == 4
    assert len({request.headers["webhook-signature"] for request in endpoint.got}) == 4
    assert endpoint_of(hooked.database, endpoints(hooked.database)[0].id).failing_since is None
    assert hooked.peer.mails == []


def test_an_endpoint_is_left_alone_as_long_as_it_asks(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """At most a day."""
    endpoint.answers = [(503, {"Retry-After": "7200"}), (503, {"Retry-After": "99999999"}), (200, {})]
    hooked.add(endpoint.url)
    hooked.announce()
    for pause, got in ((0, 1), (7100, 1), (100, 2), (DAY - 10, 2), (10, 3)):
        hooked.time.pass_by(pause)
        hooked.send()
        assert len(endpoint.got) == got


def test_an_endpoint_that_wants_nothing_more_gets_nothing_more(
    hooked: Hooked, endpoint: EndpointPeer
) -> None:
    """Its owner is told; a test message that it takes makes it well again."""
    made = hooked.add(endpoint.url)
    endpoint.answer(410)
    hooked.announce()
    hooked.send()
    assert hooked.states() == ["refused"]
    (mail,) = hooked.peer.mails
    assert mail.recipient == OWNER
    text = mail.read().get_body(("plain",)).get_content()
    assert "switched off" in text
    assert "status 410" in text
    assert made.id in text
    endpoint.answer(200)
    hooked.announce("gamma")
    hooked.send()
    assert len(endpoint.got) == 1
    assert not status(hooked.database, hooked.time.now()).needs_somebody
    assert send_test_message(hooked.settings, made, hooked.time.now) == ""
    activate(hooked.database, made.id)
    hooked.announce("delta")
    hooked.send()
    assert [event["data"]["version"] for event in endpoint.events()] == [2, 4]


def test_the_owner_is_warned_after_a_day_and_told_when_it_is_switched_off(
    hooked: Hooked, endpoint: EndpointPeer
) -> None:
    """One message that cannot be delivered switches nothing off; failing for days, more than once, does."""
    hooked.add(endpoint.url, language="de")
    endpoint.answer(500)
    hooked.announce()
    hooked.give_up()
    assert hooked.states() == ["refused"]
    (warning,) = hooked.peer.mails
    assert "seit" in warning.read().get_body(("plain",)).get_content()
    assert warning.read()["To"] == OWNER
    (found,) = endpoints(hooked.database)
    assert (found.state, found.failures, found.ended_at) == ("active", len(RETRY_AFTER) + 1, None)
    hooked.time.pass_by(10 * DAY)
    hooked.announce("gamma")
    hooked.send()
    assert endpoints(hooked.database)[0].ended_at is None
    hooked.give_up()
    assert [mail.recipient for mail in hooked.peer.mails] == [OWNER, OWNER]
    assert "abgeschaltet" in hooked.peer.mails[1].read()["Subject"]
    (found,) = endpoints(hooked.database)
    assert found.state == "left"
    assert found.failures == END_ATTEMPTS
    assert WARN_AFTER < END_AFTER < sum(RETRY_AFTER) * 2
    assert hooked.states()[0] == "refused"
    assert set(hooked.states()) <= {"refused", "opted_out"}


def test_an_endpoint_that_works_again_is_no_news(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """A warning that was not sent yet stays away."""
    made = hooked.add(endpoint.url)
    endpoint.answers = [(500, {})] * 8 + [(200, {})]
    hooked.announce()
    for pause in (0, *RETRY_AFTER[:7]):
        hooked.time.pass_by(pause * (1 + SPREAD) + 1)
        with worker(hooked.database, hooked.settings, hooked.time, []) as made_worker:
            made_worker.send_due()
    assert hooked.database.query("SELECT state FROM deliveries WHERE kind = 'warning'") == [{"state": "due"}]
    activate(hooked.database, made.id)
    hooked.send()
    assert hooked.peer.mails == []


def test_what_a_customers_endpoint_is_not_told_is_an_alarm(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """Notice is owed: it goes on being one for each version, until somebody does something."""
    made = hooked.add(endpoint.url, customer="C-17")
    endpoint.answer(410)
    hooked.announce()
    hooked.send()
    hooked.announce("gamma")
    hooked.send()
    assert hooked.states() == ["refused", "refused"]
    assert [version.alarms for version in status(hooked.database, hooked.time.now()).versions[:2]] == [1, 1]
    with pytest.raises(NotifyError, match="the only contact of customer"):
        remove_endpoint(hooked.database, made.id, hooked.at)
    add_contacts(hooked.database, ["legal@customer.example"])
    with hooked.database.transaction() as run:
        run("UPDATE recipients SET customer = 'C-17' WHERE channel = 'mail'")
    remove_endpoint(hooked.database, made.id, hooked.at)
    hooked.send()
    assert hooked.peer.count()["legal@customer.example"] == 2
    assert not status(hooked.database, hooked.time.now()).needs_somebody


def test_an_endpoint_hears_what_concerns_it(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """As people do by mail."""
    hooked.add(endpoint.url, hears="important")
    hooked.publisher.publish_note("second", NOW + dt.timedelta(minutes=5))
    record(hooked.database, hooked.settings, hooked.publisher)
    hooked.send()
    assert endpoint.got == []
    hooked.minutes = 10
    hooked.announce()
    hooked.send()
    assert [event["data"]["version"] for event in endpoint.events()] == [3]


def test_slow_endpoints_do_not_hold_up_the_others(hooked: Hooked, folder: Path, peer: MailPeer) -> None:
    """They are asked at the same time."""
    hooked.settings = settings_for(folder, peer, allow=["127.0.0.1/32"], lease_seconds=8)
    servers = [Server(silence) for _ in range(6)]
    with endpoint_peer() as good:
        for server in servers:
            hooked.add(server.base)
        hooked.add(good.url)
        hooked.announce()
        begun = clock.monotonic()
        with worker(hooked.database, hooked.settings, hooked.time, []) as made:
            made.send_due()
        assert clock.monotonic() - begun < 3 * 4
        assert len(good.got) == 1
    for server in servers:
        server.close()
    assert sorted(hooked.states()) == ["due"] * 6 + ["sent"]


CHATS: dict[str, Callable[[dict], str]] = {
    "slack": lambda found: found["text"],
    "teams": lambda found: "\n".join(
        block["inlines"][0]["text"] for block in found["attachments"][0]["content"]["body"]
    ),
}


@pytest.mark.parametrize("chat", CHATS)
def test_a_chat_is_told_in_the_words_of_the_mail(hooked: Hooked, endpoint: EndpointPeer, chat: str) -> None:
    """Without a signature, which it would not check."""
    hooked.add(endpoint.url, format=chat, language="de")
    add_contacts(hooked.database, ["ann@customer.example"], language="de")
    hooked.announce()
    hooked.send()
    (request,) = endpoint.got
    subject = hooked.peer.mails[0].read()["Subject"].split()
    assert " ".join(subject) in CHATS[chat](request.read())
    assert "https://example.com/versions/2/" in request.body.decode()
    assert not any(name.startswith("webhook-") for name in request.headers)
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "name", ["<!channel> & <https://evil.example|Acme>", "*Acme* [x](https://e.example)\n# y"]
)
def test_no_name_becomes_markup_in_a_chat(name: str) -> None:
    """Slack reads what is in angle brackets, Teams reads Markdown in text blocks."""
    said = json.loads(slack([name], "https://example.com/"))
    assert not {"<", ">"} & set(said["text"])
    assert said["mrkdwn"] is False
    card = json.loads(teams([name], "https://example.com/"))["attachments"][0]["content"]
    assert [block["type"] for block in card["body"]] == ["RichTextBlock"]
    assert "\n" not in card["body"][0]["inlines"][0]["text"]


def test_a_chat_takes_a_test_message(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """There is nothing that it could repeat."""
    endpoint.repeats = False
    made = hooked.add(endpoint.url, format="teams", proven=False)
    assert send_test_message(hooked.settings, made, hooked.time.now) == ""
    assert "This is a test" in endpoint.got[0].body.decode()


def test_the_address_of_an_endpoint_is_shown_nowhere(hooked: Hooked, endpoint: EndpointPeer) -> None:
    """That of a chat is its password."""
    hooked.add(f"{endpoint.url}/T0/s3cret", format="slack", customer="C-17")
    endpoint.answer(410)
    hooked.announce()
    hooked.send()
    found = status(hooked.database, hooked.time.now(), 2, addresses=True)
    exported = export_person(hooked.database, OWNER)
    mails = [mail.data for mail in hooked.peer.mails]
    facts = hooked.database.query("SELECT * FROM facts")
    assert len(found.told) == len(exported) == len(mails) == 1
    said = repr((found, exported, mails, facts, hooked.log, list_recipients(hooked.database)))
    assert "s3cret" not in said
    assert "/…" in said


def test_evidence_of_a_chat_does_not_show_its_address(
    hooked: Hooked, endpoint: EndpointPeer, tmp_path: Path
) -> None:
    """It proves what a contact of the customer was told, and when."""
    hooked.add(f"{endpoint.url}/T0/s3cret", format="slack", customer="C-17")
    version = hooked.announce()
    hooked.send()
    seal_facts(hooked.database, hooked.time.now())
    wanted = recipients_of(hooked.database, None, "C-17")
    found = notice_files(hooked.database, load(hooked.database, version), wanted)
    assert not any(b"s3cret" in data for data in found.files.values())
    report = check_package(tmp_path, found.files)
    assert (report.exit_code, evidence_failed(report)) == (0, {})
    assert report.notified is not None
    assert [(fact.what, fact.address) for fact in report.notified.facts] == [("sent", None)]


def test_an_endpoint_is_forgotten_with_its_address_its_secret_and_its_owner(
    hooked: Hooked, endpoint: EndpointPeer, folder: Path
) -> None:
    """Whether it is removed, or its owner is."""
    for forgets in ("removed", "erased"):
        made = hooked.add(f"{endpoint.url}/{forgets}-unmistakable", owner="unmistakable@customer.example")
        if forgets == "removed":
            remove_endpoint(hooked.database, made.id, hooked.at)
        else:
            assert erase(hooked.database, "unmistakable@customer.example", hooked.at) == 1
        rows = [
            *hooked.database.query("SELECT * FROM recipients r LEFT JOIN endpoints e ON e.recipient = r.id"),
            *hooked.database.query("SELECT * FROM deliveries d LEFT JOIN bodies b ON b.delivery = d.id"),
        ]
        assert "nmistakable" not in repr(rows)
        assert made.secret not in repr(rows)
        files = [path.read_bytes() for path in folder.glob("notify.sqlite3*")]
        assert not any(made.secret.encode() in data or b"nmistakable" in data for data in files)
        hooked.send()
    retain(hooked.database, hooked.at + 1, hooked.at)
    assert hooked.database.query("SELECT * FROM recipients") == []


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"url": "http://hooks.example/"}, "does not begin with https://"),
        ({"url": "http://127.0.0.1.evil.example/"}, "does not begin with https://"),
        ({"url": "http://127.0.0.1@evil.example/"}, "does not begin with https://"),
        ({"url": "https://user:secret@hooks.example/"}, "contains a user name"),
        ({"url": "https://hooks.example/\r\nX: y"}, "space or a character"),
        ({"url": "file:///etc/passwd"}, "does not begin with https://"),
        ({"owner": "it at customer.example"}, "not a valid email address"),
        ({"owner": "it@customer.example\nBcc: x@y.example"}, "cannot be printed"),
        ({"language": "xx"}, "not one of"),
        ({"hears": "some"}, "hears"),
        ({"products": "Not_An_Id"}, "not a valid id"),
    ],
)
def test_what_is_not_an_endpoint_is_refused(hooked: Hooked, said: dict[str, str], words: str) -> None:
    """In words that do not repeat the address."""
    with pytest.raises(UsageError, match=words) as caught:
        hooked.add(**{"url": "https://hooks.example/a"} | said)
    assert "secret" not in str(caught.value)
    assert endpoints(hooked.database) == []


def test_an_endpoint_is_added_once(hooked: Hooked) -> None:
    hooked.add("https://hooks.example/a")
    with pytest.raises(NotifyError, match="an endpoint already"):
        hooked.add("https://hooks.example/a")
    with pytest.raises(NotifyError, match="unknown endpoint"):
        endpoint_of(hooked.database, "x")


def test_the_key_is_its_owners_alone(tmp_path: Path) -> None:
    """One that others may read, or that is none, is refused."""
    path = tmp_path / "webhook.pem"
    with pytest.raises(UsageError, match="not found"):
        read_key(path)
    made = make_key(path)
    assert read_key(path).private_bytes_raw() == made.private_bytes_raw()
    with pytest.raises(UsageError, match="cannot be written"):
        make_key(path)
    path.chmod(0o644)
    with pytest.raises(UsageError, match="open to other users"):
        read_key(path)
    path.write_bytes(b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n")
    with pytest.raises(UsageError, match="cannot be read as"):
        read_key(path)
