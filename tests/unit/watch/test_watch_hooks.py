"""What owners are told by mail goes to webhooks and chats too: each thing once, over real sockets."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from endpoint_peer import endpoint_peer
from mail_peer import mail_peer
from register_api import clock
from register_api.cli.main import cli
from register_api.core import strict_base64
from register_api.errors import SendingError, UsageError
from register_api.sending.database import opened
from register_api.sending.sender import Runtime
from register_api.sending.webhook import make_key, new_secret, public_key_text
from register_api.watch.inbox import Decision, decide
from register_api.watch.messages import Mailer
from register_api.watch.schema import STEPS
from register_api.watch.settings import read_watch_settings
from watching import add_news, add_vendor, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from endpoint_peer import EndpointPeer
    from register_api.sending.database import Database

PAGE = "https://watch.customer.example/"


@pytest.fixture
def peer() -> Iterator[EndpointPeer]:
    with endpoint_peer() as made:
        yield made


class Desk:
    """Two vendors, and a mailer with webhooks whose clock the test moves."""

    def __init__(self, database: Database, folder: Path, peer: EndpointPeer) -> None:
        self.database, self.folder, self.peer = database, folder, peer
        self.now = clock.now().replace(hour=8, microsecond=0)
        self.secret = new_secret()
        (folder / "url").write_text(f"{peer.url}\n", "utf-8")
        (folder / "secret").write_text(self.secret, "utf-8")
        self.lines: list[str] = []
        add_vendor(database, "acme")
        add_vendor(database, "beta")

    def hook(self, name: str, format_: str = "webhook", **said: str) -> dict[str, str]:
        secret = {"secret_file": str(self.folder / "secret")} if format_ == "webhook" else {}
        return {"name": name, "format": format_, "url_file": str(self.folder / "url"), **secret, **said}

    def news(self, id_: str, vendor: str = "acme", *, days: int = 30, **said: object) -> None:
        until = (self.now.date() + dt.timedelta(days=days)).isoformat()
        at = int(self.now.timestamp())
        add_news(self.database, id_, vendor, deadline=until, deadline_of="register", seen_at=at, **said)

    def send(self, *hooks: dict[str, str], **more: object) -> list:
        """Return what has come, as it was read."""
        before = len(self.peer.got)
        settings = settings_for(self.folder, webhooks=hooks, **more)
        runtime = Runtime(lambda: self.now, threading.Event(), self.lines.append)
        with Mailer(self.database, settings, "", runtime) as mailer:
            mailer.send()
        return [each.read() for each in self.peer.got[before:]]


@pytest.fixture
def desk(database: Database, folder: Path, peer: EndpointPeer) -> Desk:
    return Desk(database, folder, peer)


def ids(event: dict) -> list[str]:
    return [each["id"] for each in event["data"]["news"]]


def test_an_event_is_signed_and_says_what_to_look_at(desk: Desk) -> None:
    """The library of Standard Webhooks takes it; the key's signature holds too."""
    desk.now = clock.now()
    desk.news("N1")
    key = make_key(desk.folder / "key.pem")
    desk.send(desk.hook("tickets"), webhook_key=str(desk.folder / "key.pem"), page_address=PAGE)
    (got,) = desk.peer.got
    event = Webhook(desk.secret).verify(got.body, dict(got.headers))
    assert event | {"id": "", "time": "", "data": {}} == {
        "specversion": "1.0", "id": "", "source": PAGE, "type": "sub-processor-watch.alert", "time": "",
        "subject": "Your vendors: 1 item to review now", "datacontenttype": "application/json", "data": {},
    }  # fmt: skip
    (news,) = event["data"]["news"]
    assert (news["id"], news["vendor"], news["title"]) == ("N1", "Acme", "News N1")
    assert got.headers["user-agent"].endswith(" watch")
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    signature = got.headers["webhook-signature"].partition(" v1a,")[2]
    public = strict_base64.decode(public_key_text(key).removeprefix("whpk_"))
    Ed25519PublicKey.from_public_bytes(public).verify(strict_base64.decode(signature), signed)


def test_each_hook_is_told_each_thing_once_and_of_its_owner_alone(desk: Desk) -> None:
    desk.news("N1")
    desk.news("N2", "beta")
    desk.news("N3", owner="")
    hooks = [desk.hook("all"), desk.hook("beta", owner="beta@customer.example")]
    assert sorted(map(ids, desk.send(*hooks))) == [["N1", "N3", "N2"], ["N2"]]
    assert desk.send(*hooks) == []
    desk.now += dt.timedelta(days=16)
    assert sorted((each["type"][20:], ids(each)) for each in desk.send(*hooks)) == [
        ("reminder", ["N1", "N3", "N2"]), ("reminder", ["N2"]),
    ]  # fmt: skip
    assert desk.send(*hooks) == []


def test_the_digest_comes_once_a_day(desk: Desk) -> None:
    desk.news("N1", days=-3)
    assert [(each["type"][20:], ids(each)) for each in desk.send(desk.hook("all"))] == [("digest", ["N1"])]
    desk.news("N2", days=-3)
    assert desk.send(desk.hook("all")) == []
    desk.now += dt.timedelta(days=1)
    assert [ids(each) for each in desk.send(desk.hook("all"))] == [["N2"]]


@pytest.mark.parametrize("format_", ["slack", "teams"])
def test_a_chat_is_told_in_words_without_a_signature(desk: Desk, format_: str) -> None:
    for number in range(10):
        desk.news(f"N{number}", title="<!channel>\n\x1b[31m news")
    (said,) = desk.send(desk.hook("room", format_), page_address=PAGE)
    text = json.dumps(said)
    assert "Your vendors: 10 items to review now" in text
    assert "And 2 more: register-api watch inbox" in text
    assert PAGE in text
    assert "\\n\\u001b" not in text
    assert "<!channel>" not in said.get("text", "")
    assert "webhook-signature" not in desk.peer.got[0].headers
    assert desk.send(desk.hook("room", format_)) == []


def test_a_card_without_a_page_has_no_button(desk: Desk) -> None:
    desk.news("N1")
    (said,) = desk.send(desk.hook("room", "teams"))
    assert said["attachments"][0]["content"]["actions"] == []


def test_a_failure_is_tried_again_with_the_same_bytes(desk: Desk) -> None:
    desk.peer.answers = [(503, {}), (200, {})]
    desk.news("N1")
    first = desk.send(desk.hook("all"))
    decide(desk.database, Decision(news="N1", decision="accepted", reason="x", by="Ann", at=1))
    desk.now += dt.timedelta(minutes=1)
    assert desk.send(desk.hook("all")) == first
    assert len({each.headers["webhook-id"] for each in desk.peer.got}) == 1
    desk.now += dt.timedelta(minutes=1)
    assert desk.send(desk.hook("all")) == []


def test_a_hook_that_is_set_no_more_gets_nothing(desk: Desk) -> None:
    desk.peer.answer(503)
    desk.news("N1")
    desk.send(desk.hook("old"))
    desk.now += dt.timedelta(minutes=1)
    assert [ids(each) for each in desk.send(desk.hook("new"))] == [["N1"]]
    states = desk.database.query("SELECT state FROM deliveries WHERE recipient = 'old'")
    assert [row["state"] for row in states] == ["refused"]


def test_only_public_addresses_are_reached_unless_allowed(desk: Desk) -> None:
    desk.news("N1")
    assert desk.send(desk.hook("all"), allow=[]) == []
    assert len(desk.lines) == 1
    assert desk.lines[0].endswith(": deferred")


def test_a_mail_server_that_takes_nothing_holds_up_no_webhook(desk: Desk) -> None:
    desk.news("N1")
    with mail_peer() as mail:
        mail.refuses_greeting = True
        server = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "tls": "off"}
        with pytest.raises(SendingError):
            desk.send(desk.hook("all"), sender="watch@customer.example", **server)
        assert [ids(each.read()) for each in desk.peer.got] == [["N1"]]
        mail.refuses_greeting = False
        desk.now += dt.timedelta(hours=1)
        desk.send(desk.hook("all"), sender="watch@customer.example", **server)
        assert [str(each.read()["To"]) for each in mail.mails] == ["acme@customer.example"]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("url", "http://tickets.example/in", "the address in url_file"),
        ("url", "\ud800", "url_file: .* cannot be read"),
        ("secret", "whsec_AAAA", "secret_file holds no secret"),
        ("secret", "whsec_?", "secret_file holds no secret"),
        ("secret", 32 * "MDEy", "secret_file holds no secret"),
    ],
)
def test_what_a_file_holds_is_checked_and_never_shown(desk: Desk, file: str, text: str, words: str) -> None:
    (desk.folder / file).write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match=words) as error:
        desk.send(desk.hook("all"))
    assert text not in str(error.value)


HOOK = '[[watch.webhooks]]\nname = "a"\nurl_file = "u"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HOOK, "needs a secret_file"),
        (f'{HOOK}format = "slack"\nsecret_file = "s"\n', "needs a secret_file"),
        (f'{HOOK}format = "slack"\n' * 2, "same name"),
        (HOOK.replace('"a"', '"a@customer.example"'), "name"),
        (f'{HOOK}url = "https://x.example/"\n', "url"),
    ],
)
def test_settings_that_are_not_valid(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "watch.toml").write_text(f"[watch]\n{text}", "utf-8")
    with pytest.raises(UsageError, match=words):
        read_watch_settings(tmp_path / "watch.toml", {})


def test_the_command_sends_without_mail(tmp_path: Path, peer: EndpointPeer) -> None:
    (tmp_path / "url").write_text(peer.url, "utf-8")
    database, settings = tmp_path / "watch.sqlite3", tmp_path / "watch.toml"
    hook = f'[[watch.webhooks]]\nname = "room"\nformat = "slack"\nurl_file = "{tmp_path / "url"}"\n'
    settings.write_text(f'[watch]\ndatabase = "{database}"\nallow = ["127.0.0.1/32"]\n{hook}', "utf-8")
    with opened(str(database), STEPS) as made:
        add_vendor(made)
        until = (clock.now().date() + dt.timedelta(days=40)).isoformat()
        add_news(made, "N1", deadline=until, deadline_of="contract")
    preview, sent = (
        CliRunner().invoke(cli, ["watch", "digest", *more, "--settings", str(settings)])
        for more in (["--preview"], [])
    )
    assert "alert to room: Your vendors: 1 item to review now" in preview.output
    assert sent.output == "1 sent\n"
    assert "Acme: News N1" in msgspec.json.decode(peer.got[0].body)["text"]
