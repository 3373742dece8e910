"""The commands of the watcher, as programs: from a table to what is news."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import programs
from mail_peer import MailPeer, mail_peer
from memory_folder import memory_folder
from publishers import NOW, Publisher
from register_api.core.format import tree
from watched_host import WatchedHost, watched_host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from programs import Done


class Office:
    """A customer's folder, and a host with registers."""

    def __init__(self, folder: Path, host: WatchedHost, peer: MailPeer) -> None:
        self.folder, self.host, self.peer = folder, host, peer
        self.publisher = Publisher(folder / "publisher")
        self.publisher.publish()
        host.trees["acme"] = self.publisher.store / "public"
        said = {
            "database": str(folder / "watch.sqlite3"),
            "state": str(folder / "registers"),
            "poll_minutes": 1,
            "sender": "vendors@customer.example",
            "smtp_host": "127.0.0.1",
            "smtp_port": peer.port,
            "tls": "off",
            "digest_hour": 0,
        }
        lines = [f"{name} = {value!r}" for name, value in said.items()]
        self.settings = folder / "watch.toml"
        self.settings.write_text("\n".join(["[watch]", *lines, 'allow = ["127.0.0.1/32"]', ""]), "utf-8")

    def call(self, command: str, code: int = 0) -> Done:
        """Call a command of ``watch``."""
        words = shlex.split(command)
        done = programs.run(
            *programs.REGISTER_API, "watch", *words, "--settings", self.settings, cwd=self.folder
        )
        assert done.returncode == code, (done.stdout, done.stderr)
        return done

    def table(self, text: str) -> None:
        (self.folder / "vendors.csv").write_text(text, "utf-8")


@pytest.fixture
def office() -> Iterator[Office]:
    with memory_folder() as folder, watched_host() as host, mail_peer() as peer:
        yield Office(folder, host, peer)


def test_from_a_table_to_what_is_news(office: Office) -> None:
    office.table(f"name,register,owner,Notes\nAcme,{office.host.address('acme')},a@c.example,x\nBeta,,,\n")
    dry = office.call("vendors import vendors.csv --dry-run").stdout
    assert "2 added" in dry
    assert 'Not taken: "Notes"' in dry
    assert "2 added" in office.call("vendors import vendors.csv").stdout
    assert "1 verified, 0 news" in office.call("run --once").stdout
    office.publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    office.publisher.publish(NOW + dt.timedelta(minutes=1))
    office.call("vendors import vendors.csv")
    with sqlite3.connect(office.folder / "watch.sqlite3") as connection:  # the next look is due
        connection.execute("UPDATE polls SET next_at = 0")
    connection.close()
    assert "1 verified, 1 news" in office.call("run --once").stdout
    found = {row["vendor"]: row for row in json.loads(office.call("status --json").stdout)}
    assert (found["acme"]["outcome"], found["acme"]["version"]) == ("fresh", 2)
    assert found["beta"]["outcome"] == "no_register"
    assert "acme  Acme" in office.call("vendors list").stdout


def test_a_fault_in_a_table_is_told_with_file_and_line(office: Office) -> None:
    office.table("name,owner\nAcme,Jane\nBeta,b@c.example\n")
    assert "vendors.csv:2: owner" in office.call("vendors import vendors.csv", code=1).stderr
    assert json.loads(office.call("vendors list --json").stdout) == []
    office.call("vendors import missing.csv", code=2)


def test_what_is_asked_of_unknown_vendors_and_news_is_an_error(office: Office) -> None:
    for command in ("inbox --vendor nope", "decisions --vendor nope", "decisions --news nope"):
        assert "unknown" in office.call(command, code=1).stderr


def test_a_vendor_is_added_by_the_address_of_its_website(office: Office) -> None:
    """Which names its register; or names none, and is kept as a page."""
    document = (office.publisher.store / "public" / tree.DISCOVERY.path()).read_bytes()
    named = document.replace(b"https://example.com/", office.host.address("acme").encode())
    office.host.answers["site"] = lambda handler: handler.answer(200, named)
    said = office.call(f"vendors add {office.host.address('site')} --owner a@c.example").stdout
    assert said.startswith(f"example: Example, {office.host.address('acme')}; its root is taken on trust")
    assert "no register" in office.call(f"vendors add {office.host.address('other')} --name Other").stdout
    office.call(f"vendors add {office.host.address('site')} --critical yes")
    found = {row["id"]: row for row in json.loads(office.call("vendors list --json").stdout)}
    assert (found["example"]["name"], found["example"]["critical"]) == ("Example", True)
    assert found["other"]["page"] == office.host.address("other")
    assert "1 verified" in office.call("run --once").stdout
    office.host.answers["mirror"] = office.host.answers["site"]
    office.call(f"vendors add {office.host.address('mirror')} --owner b@c.example")  # the same register
    again = {row["id"]: row for row in json.loads(office.call("vendors list --json").stdout)}
    assert again == {**found, "example": found["example"] | {"owner": "b@c.example"}}
    office.call(f"vendors add {office.host.address('mirror')} --id second --name Second")
    office.call(f"vendors add {office.host.address('site')} --critical no")  # two vendors have its register
    again = {row["id"]: row for row in json.loads(office.call("vendors list --json").stdout)}
    assert (again["example"]["name"], again["second"]["name"]) == ("Example", "Second")
    assert (again["example"]["critical"], len(again)) == (False, 3)
    office.call("vendors remove second")
    office.call("vendors remove other")
    assert len(json.loads(office.call("vendors list --json").stdout)) == 1


def test_a_page_that_nobody_may_see_is_not_served(office: Office) -> None:
    assert "nothing says who may see the page" in office.call("serve --port 0", code=2).stderr


def test_trouble_is_said_and_ends_with_1(office: Office) -> None:
    office.table("name,register\nDead,http://127.0.0.1:1/\n")
    office.call("vendors import vendors.csv")
    assert "dead: unreachable" in office.call("run --once").stdout
    assert "dead: unreachable since" in office.call("status", code=1).stdout


def test_the_page_is_carried_out(office: Office) -> None:
    """With the folder and the addresses of the test in the places of those that it shows."""
    page = (Path(__file__).parents[3] / "docs/watch.md").read_text("utf-8")
    table = page.partition("```csv\n")[2].partition("```")[0]
    office.table(table.replace("https://trust.beta.example", office.host.address("acme")))
    document = (office.publisher.store / "public" / tree.DISCOVERY.path()).read_bytes()
    office.host.trees["other"] = office.host.trees["acme"]
    named = document.replace(b"https://example.com/", office.host.address("other").encode())
    office.publisher.list("beta", f"starts_on = {NOW.date() + dt.timedelta(days=40)}\n")
    office.publisher.publish(NOW + dt.timedelta(minutes=1))
    office.host.answers["gamma"] = lambda handler: handler.answer(200, named)
    blocks = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    said = {}
    for line in lines:
        command = line.removeprefix("register-api watch ").removesuffix(" --settings watch.toml")
        assert command != line
        said[command] = office.call(command.replace("gamma.example", office.host.address("gamma"))).stdout
    assert "2 added" in said["vendors import vendors.csv"]
    assert "2 verified" in said["run --once"]
    assert said["status"].startswith("2 fresh")
    assert "Beta Oy will be added" in said["inbox"]
    assert {mail.recipient for mail in office.peer.mails} == {"it@customer.example", "dpo@customer.example"}
    assert all(b"Beta Oy will be added" in mail.data for mail in office.peer.mails)
