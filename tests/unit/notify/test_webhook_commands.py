"""The commands of webhooks, from the first endpoint to the last; test_webhooks carries out their page."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from endpoint_peer import EndpointPeer, endpoint_peer
from notify_soak import settings_file
from register_api.cli.main import cli
from register_api.notify.endpoints import note_answer
from register_api.notify.schema import STEPS
from register_api.sending.database import opened
from register_api.sending.outbox import SendResult
from register_api.sending.webhook import HookAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

OWNER = ("--owner", "it@customer.example")


class Desk:
    """A settings file, and the commands that read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "webhook.pem"
        self.set(webhook_key=str(self.key))

    def set(self, **said: object) -> None:
        """Write the settings."""
        database = str(self.folder / "notify.sqlite3")
        more = {"allow": ["127.0.0.1/32"], **said}
        self.file = settings_file(self.folder, "https://example.com/", 1, database, **more)

    def call(self, *arguments: str, code: int = 0, given: str = "") -> Result:
        """Run a command of `notify webhook` in this process."""
        command = ["notify", "webhook", *arguments, "--settings", str(self.file)]
        done = CliRunner().invoke(cli, command, input=given)
        assert done.exit_code == code, (arguments, done.output, done.exception)
        return done

    def add(self, url: str, *more: str) -> str:
        """Add an endpoint and return its id."""
        (identity,) = re.findall("Added ([0-9a-f]{32})", self.call("add", url, *OWNER, *more).stdout)
        return identity


@pytest.fixture
def desk(folder: Path) -> Desk:
    return Desk(folder)


@pytest.fixture
def endpoint() -> Iterator[EndpointPeer]:
    with endpoint_peer() as made:
        yield made


def test_the_commands_from_the_first_endpoint_to_the_last(desk: Desk, endpoint: EndpointPeer) -> None:
    public = desk.call("key").stdout
    assert re.fullmatch(r"whpk_[A-Za-z0-9+/]{43}=\n", public)
    assert desk.call("key").stdout == public
    assert desk.key.stat().st_mode & 0o077 == 0
    identity = desk.add(endpoint.url, "--customer", "C-17")
    assert f"{identity}  not tested  C-17  webhook  " in desk.call("list").stdout
    endpoint.answer(403)
    assert "it did not take the test message: status 403" in desk.call("test", identity, code=1).stderr
    endpoint.answer(200)
    desk.call("test", identity)
    assert f"{identity}  active" in desk.call("list").stdout
    (listed,) = json.loads(desk.call("list", "--json").stdout)
    assert (listed["owner"], listed["failures"]) == ("it@customer.example", 0)
    assert not {"secret", "pseudonym_key"} & set(listed)
    assert "whsec_" not in desk.call("list", "--json").stdout
    assert "--contract-ended" in desk.call("remove", identity, code=1).stderr
    desk.call("remove", identity, "--contract-ended")
    assert desk.call("list").stdout == ""
    assert "unknown endpoint" in desk.call("test", identity, code=1).stderr


def test_the_secret_is_shown_once(desk: Desk) -> None:
    """A chat has none, and its address is read from standard input."""
    done = desk.call("add", "https://hooks.customer.example/a", *OWNER)
    assert len(re.findall(r"^Secret: whsec_\S{44}$", done.stdout, re.MULTILINE)) == 1
    chat = ("add", "-", "--format", "slack", *OWNER)
    done = desk.call(*chat, given="https://hooks.slack.example/T0/s3cret\n")
    assert "Secret" not in done.stdout
    assert "s3cret" not in done.stdout + desk.call("list").stdout + desk.call("list", "--json").stdout
    assert "begin with https://" in desk.call(*chat, given="", code=2).stderr


def test_an_endpoint_that_fails_is_listed_with_its_last_answer(desk: Desk) -> None:
    """Whatever that has in it."""
    identity = desk.add("https://hooks.customer.example/a")
    for is_gone, words in ((False, "failing since 2001-09-09T01:46:40Z: \\x1b[1m"), (True, "switched off")):
        with opened(str(desk.folder / "notify.sqlite3"), STEPS) as database:
            answer = HookAnswer(SendResult("deferred", "\x1b[1m"), is_gone)
            note_answer(database, identity, answer, 1_000_000_000)
        assert words in desk.call("list").stdout
    command = ["notify", "status", "--settings", str(desk.file)]
    assert "Endpoints: 1 switched_off" in CliRunner().invoke(cli, command).stdout
    assert 'endpoints{state="switched_off"} 1\n' in CliRunner().invoke(cli, [*command, "--metrics"]).stdout


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "names no webhook_key"),
        ({"webhook_key": "/nowhere/webhook.pem"}, "cannot be written"),
        ({"allow": ["10.0.0.1/8"]}, "allow must hold networks"),
    ],
)
def test_settings_that_cannot_be_used_are_named(desk: Desk, said: dict[str, object], words: str) -> None:
    desk.set(**said)
    assert words in desk.call("key", code=2).stderr
