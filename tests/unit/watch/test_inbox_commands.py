"""The commands on news, and docs/watch-decisions.md, of which each command is carried out."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from register_api import clock
from register_api.cli.main import cli
from register_api.sending.database import opened
from register_api.watch.schema import STEPS
from watching import add_news, add_vendor

PAGE = (Path(__file__).parents[3] / "docs/watch-decisions.md").read_text("utf-8")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and three pieces of news."""
    monkeypatch.chdir(tmp_path)
    Path("watch.toml").write_text(
        '[watch]\ndatabase = "watch.sqlite3"\ntime_zone = "Europe/Berlin"\n', "utf-8"
    )
    today = clock.now().date()
    with opened("watch.sqlite3", STEPS) as database:
        add_vendor(database, name="Acme \x1b[31m", critical=True)
        add_news(
            database, "N17", deadline=today.replace(year=today.year + 1).isoformat(), deadline_of="register"
        )
        add_news(database, "N18", deadline="2026-01-01", deadline_of="contract", title="x\x1b]0;y\x07")
        add_news(database, "N19", concerns=0)
    return tmp_path


def call(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(cli, ["watch", *arguments, "--settings", "watch.toml"])
    assert done.exit_code == code, done.output
    return done.output


def test_the_inbox_is_worked_off(office: Path) -> None:
    listed = call("inbox")
    assert listed.index("N18") < listed.index("N17")
    assert "object by 1 January 2026 (contract, over)" in listed
    assert "critical" in listed
    assert "2 open items." in listed
    assert not {"\x1b", "\x07"} & set(listed)
    assert "accepted" in call("decide", "N17", "accepted", "--reason", "needed", "--by", "Ann")
    call("decide", "N18", "not_concerned", "--reason", "no chat", "--by", "Ann")
    assert call("inbox") == "Nothing awaits a decision.\n"
    told = call("decisions")
    assert "N18  not concerned  Ann" in told
    assert "    no chat" in told
    assert not {"\x1b", "\x07"} & set(told)
    assert json.loads(call("decisions", "--news", "N17", "--json"))[0]["decision"]["reason"] == "needed"
    assert [news["id"] for news in json.loads(call("inbox", "--all", "--json"))] == ["N19"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("N17", "ignored", "--reason", "x", "--by", "y"), 2),
        (("N17", "accepted", "--by", "y"), 2),
        (("N17", "accepted", "--reason", " ", "--by", "y"), 1),
        (("N77", "accepted", "--reason", "x", "--by", "y"), 1),
    ],
)
def test_what_is_no_decision_is_refused(office: Path, arguments: tuple[str, ...], code: int) -> None:
    call("decide", *arguments, code=code)
    assert "2 open items." in call("inbox")


def test_the_commands_of_the_page(office: Path) -> None:
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    assert len(lines) > 4
    for line in lines:
        done = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
