"""docs/webhooks.md carried out: its receivers, in Python and Node, and chats; judged by others' libraries."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import re
import signal
import socket
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import hosts
import pytest
from commands import BIN
from documented import blocks, documented

from endpoint_peer import EndpointPeer, endpoint_peer
from mail_peer import mail_peer
from memory_folder import memory_folder
from node_judges import need_package, node
from notify_soak import settings_file
from patience import PATIENCE, wait_until
from programs import REGISTER_API, environment, run, started
from publishers import NOW, Publisher
from register_api.notify.endpoints import NewEndpoint, activate, add_endpoint
from register_api.notify.schema import STEPS
from register_api.sending.database import opened
from static_host import static_host
from tools import need

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from programs import Program
    from register_api.sending.database import Database

PAGE = "docs/webhooks.md"
ADDRESS = "https://hooks.customer.example/register"


class Sender:
    """Someone who publishes, in whose folder the page is carried out."""

    def __init__(self, folder: Path, publisher: Publisher) -> None:
        self.folder, self.publisher = folder, publisher

    def bash(self, script: str, code: int = 0) -> str:
        """Carry out lines, and return what they print."""
        env = environment(PATH=f"{BIN}:{os.environ['PATH']}", NO_COLOR="1")
        done = run("bash", "-euo", "pipefail", "-c", script, cwd=self.folder, env=env)
        assert done.returncode == code, f"{script}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def added(self, line: str, url: str) -> tuple[str, str]:
        """Carry out a line that adds an endpoint; return its id, and its secret if it has one."""
        printed = self.bash(line.replace(ADDRESS, url))
        (identity,) = re.findall(r"^Added ([0-9a-f]{32})\.$", printed, re.MULTILINE)
        secret = re.findall(r"^Secret: (whsec_\S+)$", printed, re.MULTILINE)
        return identity, secret[0] if secret else ""

    def publish(self) -> None:
        """Publish a version more."""
        self.publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
        self.publisher.publish(NOW + dt.timedelta(minutes=1))

    def announce(self) -> None:
        """Publish a version more, and send what is due by it."""
        self.publish()
        for command in ("record", "send"):
            self.bash(f"register-api notify {command} --settings notify.toml")


@pytest.fixture
def sender() -> Iterator[Sender]:
    with memory_folder() as folder, mail_peer() as peer:
        publisher = Publisher(folder)
        publisher.publish()
        with static_host(publisher.store / "public") as base:
            more = {"allow": ["127.0.0.1/32"], "webhook_key": str(folder / "webhook.pem")}
            settings_file(folder, base, peer.port, str(folder / "notify.sqlite3"), **more)
            made = Sender(folder, publisher)
            for command in ("record", "webhook key"):
                made.bash(f"register-api notify {command} --settings notify.toml")
            yield made


@contextlib.contextmanager
def receiver(folder: Path, language: str, port: int, **variables: str) -> Iterator[Program]:
    """Run the receiver that the page shows."""
    (code,) = blocks(PAGE, language)
    path = folder / ("receiver.py" if language == "python" else "receiver.mjs")
    path.write_text(code, "utf-8")
    command = BIN / "python" if language == "python" else need("node")
    with started(command, path, env=environment(PORT=str(port), **variables)) as program:
        wait_until(lambda: _listens(port))
        yield program


def _listens(port: int) -> bool:
    with contextlib.closing(socket.socket()) as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def refused(url: str) -> int:
    """Send something that nobody has signed, and return the status."""
    request = urllib.request.Request(url, data=b'{"type": "sub-processor-register.notice"}', method="POST")
    with pytest.raises(HTTPError) as caught:
        urllib.request.urlopen(request, timeout=PATIENCE)
    caught.value.close()
    return caught.value.code


@pytest.mark.parametrize("language", ["python", "js"])
def test_the_receivers_of_the_page_receive_what_is_signed_and_nothing_else(
    sender: Sender, language: str
) -> None:
    """One knows the secret alone, the other one the public key alone."""
    key, add, test, listed = documented(PAGE, "sh", "webhook key").splitlines()
    public_key = sender.bash(key).strip()
    assert public_key.startswith("whpk_")
    port = hosts.free_port()
    url = f"http://127.0.0.1:{port}/register"
    identity, secret = sender.added(add, url)
    proof = test.replace("ID", identity)
    assert "cannot be reached" in sender.bash(proof, code=1)
    knows = {"SECRET": secret} if language == "python" else {"PUBLIC_KEY": public_key}
    with receiver(sender.folder, language, port, **knows) as program:
        sender.bash(proof)
        assert f"{identity}  active" in sender.bash(listed)
        sender.announce()
        assert refused(url) == 401
        assert program.first_line().startswith("new at http://127.0.0.1:")
        assert program.output().decode().count("version 2") == 1


def test_the_libraries_of_standard_webhooks_and_node_take_what_arrives(
    sender: Sender, endpoint: EndpointPeer
) -> None:
    """Each refuses other bytes."""
    need_package("standardwebhooks")
    key, add, test, _ = documented(PAGE, "sh", "webhook key").splitlines()
    public_key = sender.bash(key).strip()
    identity, secret = sender.added(add, endpoint.url)
    sender.bash(test.replace("ID", identity))
    sender.announce()
    assert [request.read()["type"].partition(".")[2] for request in endpoint.got] == ["challenge", "notice"]
    for request in endpoint.got:
        headers = json.dumps(dict(request.headers))
        assert node("verify-webhook.mjs", secret, public_key, headers, request.body.decode()) == ["v1", "v1a"]


def test_chats_are_told_and_their_addresses_are_kept_secret(sender: Sender, endpoint: EndpointPeer) -> None:
    """They are read from a file, and neither the commands nor the worker print them."""
    printed = ""
    for line in documented(PAGE, "sh", "slack-url.txt").splitlines():
        chat = "slack" if "slack" in line else "teams"
        (sender.folder / f"{chat}-url.txt").write_text(f"{endpoint.url}/{chat}/s3cret\n", "utf-8")
        identity, _ = sender.added(line, "")
        printed += sender.bash(f"register-api notify webhook test {identity} --settings notify.toml")
    sender.announce()
    paths = [request.path for request in endpoint.got]
    assert paths[:2] == [f"/hooks/register/{chat}/s3cret" for chat in ("slack", "teams")]
    assert sorted(paths[2:]) == paths[:2]
    assert "Beta Oy" in endpoint.got[-1].body.decode()
    for command in ("webhook list", "webhook list --json", "contacts list", "status 2 --json --addresses"):
        printed += sender.bash(f"register-api notify {command} --settings notify.toml")
    assert "s3cret" not in printed
    assert "/…" in printed


def test_killed_workers_lose_no_endpoint(sender: Sender, endpoint: EndpointPeer) -> None:
    """What comes twice has the same id and the same bytes, and the record says that it may have."""
    paths = [f"/{number}" for number in range(40)]
    with opened(str(sender.folder / "notify.sqlite3"), STEPS) as database:
        for path in paths:
            made = add_endpoint(database, NewEndpoint(url=endpoint.url + path, owner="it@c.example"), 1)
            activate(database, made.id)
        sender.publish()
        with (sender.folder / "notify.toml").open("a") as file:
            file.write("lease_seconds = 8\n")
        worker = (*REGISTER_API, "notify", "worker", "--settings", sender.folder / "notify.toml")
        for kill in range(1, 4):
            with started(*worker) as program:
                wait_until(lambda goal=10 * kill: len(endpoint.got) >= goal)  # type: ignore[misc]
                program.send(signal.SIGKILL)
                program.ended()
        with started(*worker) as program:
            wait_until(lambda: not _open(database))
            program.end()
        rows = database.query("SELECT id, state, unknowns FROM deliveries")
    got = {
        identity: {each.body for each in endpoint.got if each.headers["webhook-id"] == identity}
        for identity in (row["id"] for row in rows)
    }
    assert len(rows) == len(paths)
    assert {len(bodies) for bodies in got.values()} == {1}
    assert {each.path.removeprefix("/hooks/register") for each in endpoint.got} == set(paths)
    times = Counter(each.headers["webhook-id"] for each in endpoint.got)
    assert {row["state"] for row in rows} == {"sent"}
    assert all(times[row["id"]] == 1 or row["unknowns"] for row in rows)


def _open(database: Database) -> int:
    """Return how many are still to be sent; what waits as unknown need not wait for its minute here."""
    with database.transaction() as run:
        run("UPDATE deliveries SET due_at = 1 WHERE state = 'unknown' AND due_at IS NOT NULL")
        return int(run("SELECT count(*) AS n FROM deliveries WHERE due_at IS NOT NULL")[0]["n"])


@pytest.fixture
def endpoint() -> Iterator[EndpointPeer]:
    with endpoint_peer() as made:
        yield made
