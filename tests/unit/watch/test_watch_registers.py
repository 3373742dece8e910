"""The commands on lists of registers, over a real socket, and docs/watch-registers.md, carried out."""

from __future__ import annotations

import json
import re
import shlex
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from publishers import Publisher
from register_api.cli.main import cli
from register_api.watch.register_list import MAX_BYTES, read_list
from watched_host import WatchedHost, watched_host

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[3] / "docs/watch-registers.md").read_text("utf-8")
SETTINGS = """\
[watch]
database = "{name}.sqlite3"
state = "{name}"
allow = ["127.0.0.1/32"]
"""


class Office:
    """Two customers in one folder, and a host with a register and a place for lists."""

    def __init__(self, folder: Path, host: WatchedHost) -> None:
        self.folder, self.host = folder, host
        publisher = Publisher(folder / "publisher")
        publisher.publish()
        host.trees["acme"] = publisher.store / "public"
        host.trees["lists"] = folder
        self.url = f"{host.address('lists')}registers.jws"
        for name in ("watch", "other"):
            (folder / f"{name}.toml").write_text(SETTINGS.format(name=name), "utf-8")

    def call(self, command: str, code: int = 0, settings: str = "watch") -> str:
        words = [*shlex.split(command), "--settings", f"{settings}.toml"]
        done = CliRunner().invoke(cli, ["watch", *words])
        assert done.exit_code == code, done.output
        assert "\x1b" not in done.output
        return done.output

    def shared(self) -> str:
        """Write a list with one register; returns the thumbprint of its key."""
        (self.folder / "vendors.csv").write_text(
            f"name,register\nAcme,{self.host.address('acme')}\n", "utf-8"
        )
        self.call("vendors import vendors.csv")
        self.call("run --once")
        done = CliRunner().invoke(cli, ["watch", "key", "list.key"])
        self.call("export . --registers list.key")
        return done.output.strip()

    def vendors(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.call("vendors list --json", settings="other"))
        return found


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.chdir(tmp_path)
    with watched_host() as host:
        yield Office(tmp_path, host)


def test_a_list_goes_from_one_customer_to_another(office: Office) -> None:
    """Who then verifies the register from the root that the list names."""
    kid = office.shared()
    dry = office.call(f"vendors import-list {office.url} --key {kid} --dry-run", settings="other")
    assert f"signed with {kid}" in dry
    assert "Nothing was changed" in dry
    assert office.vendors() == []
    root = read_list((office.folder / "registers.jws").read_bytes(), kid).registers[0].root_sha256
    said = office.call(f"vendors import-list {office.url} --key {kid}", settings="other")
    assert f"acme: Acme, {office.host.address('acme')}, root {root}" in said
    assert "1 added, 0 known already, 0 not taken." in said
    assert f"root by the list of {kid}" in office.call("vendors list", settings="other")
    assert "1 verified" in office.call("run --once", settings="other")
    again = office.call(f"vendors import-list registers.jws --key {kid}", settings="other")
    assert again == "0 added, 1 known already, 0 not taken.\n"


def test_a_register_with_another_root_than_a_list_says_does_not_verify(office: Office) -> None:
    kid = office.shared()
    good = (office.folder / "registers.jws").read_bytes()
    with sqlite3.connect("watch.sqlite3") as connection:
        connection.execute("UPDATE polls SET root_sha256 = ?", ("0" * 64,))
    connection.close()
    office.call("export . --registers list.key")
    office.call(f"vendors import-list registers.jws --key {kid}", settings="other")
    assert "acme: forged: trust/1.root.json" in office.call("run --once", settings="other")
    (office.folder / "registers.jws").write_bytes(good)
    said = office.call(f"vendors import-list registers.jws --key {kid}", settings="other")
    assert f"Not taken: acme: trust begins at the root {'0' * 64} here" in said


def test_what_another_key_signed_or_nobody_gives_adds_nothing(office: Office) -> None:
    office.shared()
    other = CliRunner().invoke(cli, ["watch", "key", "other.key"]).output.strip()
    said = office.call(f"vendors import-list {office.url} --key {other}", code=16, settings="other")
    assert "signed with the key" in said
    office.call(f"vendors import-list {office.url}.old --key {other}", code=10, settings="other")
    office.call(f"vendors import-list missing.jws --key {other}", code=2, settings="other")
    assert office.vendors() == []


def test_a_list_without_end_is_not_read(office: Office) -> None:
    office.host.answers["lists"] = lambda handler: handler.answer(200, b" " * (MAX_BYTES + 1))
    office.call(f"vendors import-list {office.url} --key x", code=11, settings="other")
    (office.folder / "large.jws").write_bytes(b"x" * (MAX_BYTES + 2))
    office.call("vendors import-list large.jws --key x", code=11, settings="other")


@pytest.mark.parametrize(
    "url",
    ["http://lists.example/a.jws", "https://u:p@lists.example/a.jws", "file:///a.jws", "https://a.example/"],
)
def test_an_address_that_is_none_is_not_asked(office: Office, url: str) -> None:
    office.call(f"vendors import-list {url} --key x", code=2, settings="other")


def test_an_address_that_is_not_public_is_not_asked(office: Office) -> None:
    settings = SETTINGS.format(name="other").replace("127.0.0.1/32", "192.0.2.0/24")
    (office.folder / "other.toml").write_text(settings, "utf-8")
    said = office.call(f"vendors import-list {office.url} --key x", code=10, settings="other")
    assert "not public" in said
    assert office.host.asked == []


def test_the_commands_of_the_page(office: Office) -> None:
    """With the address and the thumbprint of the test in the places of those that it shows."""
    kid = office.shared()
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    assert len(lines) > 3
    for line in lines:
        put = line.replace("https://lists.example/registers.jws", office.url).replace("THUMBPRINT", kid)
        done = CliRunner().invoke(cli, shlex.split(put)[1:])
        assert done.exit_code == 0, (line, done.output)
