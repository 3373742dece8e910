"""show: who was engaged on a day, as far as it was known on a day."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import stores
from publishers import NOW
from register_api import clock
from register_api.cli.main import cli
from register_api.core.api.questions import QUESTIONS
from register_api.serve.answer.cache import Answers
from register_api.serve.answer.service import Service
from register_api.serve.http.problems import Problem
from register_api.serve.reply_table import CurrentReplies
from running import computed_here

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result
    from conftest import Call, Clock

    from publishers import Publisher

    Show = Callable[..., Result]

FIRST_DAY = stores.FIRST.date()
LATER = (NOW + dt.timedelta(days=40)).date()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with three versions, one a day at 09:00 UTC from 1 January 2026, in Helsinki."""
    return stores.make_store(tmp_path_factory.mktemp("three"), 3)


@pytest.fixture
def show(three: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Call the command on that store, late on 28 February 2026 in UTC: in Helsinki it is March."""
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 2, 28, 23, 0, tzinfo=dt.UTC))
    return lambda *arguments: CliRunner().invoke(cli, ["show", *arguments, "--store", str(three)])


def ask(store: Path, query: str) -> bytes:
    """Return the body of the service's answer to the same question on the same day."""
    replies = CurrentReplies(store, 2**20)
    replies.swap(replies.load())
    service = Service(
        replies, Answers(2**20), lambda: dt.datetime(2026, 2, 28, 23, 0, tzinfo=dt.UTC), computed_here
    )
    (question,) = [each for each in QUESTIONS if each.operation == "listSubprocessors"]
    resource = asyncio.run(service.answer(question, query.encode("ascii")))
    body = resource.representations["identity"].body
    assert body is not None
    return b"".join(piece["body"] for piece in body)


def test_the_state_of_today_is_grouped_with_dates_and_says_from_what(show: Show) -> None:
    result = show()
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "example.com/sub-processors on 1 March 2026"
    assert lines[1] == "  version 3, published 2026-01-03T09:00:00Z"
    sha256 = json.loads(show("--json").stdout)["sha256"]
    assert lines[2] == f"  SHA-256 {sha256}"
    assert [line for line in lines[3:] if not line.startswith(" ")] == [
        "In force (8)",
        "Available, not engaged (4)",
    ]
    assert any("Vendor 13" in line and line.endswith("[since 2026-02-12]") for line in lines)
    assert any("Vendor 1:" in line and line.endswith("[since before version 1]") for line in lines)


def test_another_day_as_known_on_another(show: Show) -> None:
    """Vendor 13 came with version 3, which nobody knew on 2 January."""
    known = show("--on", "2026-02-11", "--known-at", "2026-01-03").stdout
    assert "on 11 February 2026, as known at the end of 3 January 2026" in known
    assert "Announced (1)" in known
    assert "[from 2026-02-12]" in known
    before = show("--on", "2026-02-12", "--known-at", "2026-01-03T08:59:59Z").stdout
    assert "as known at 2026-01-03T08:59:59Z" in before
    assert "version 2, published" in before
    assert "Vendor 13" not in before


def test_before_version_1_nothing_had_been_published(show: Show) -> None:
    result = show("--known-at", "2025-12-31")
    assert result.exit_code == 0
    assert result.stdout == (
        "Nothing had been published by the end of 31 December 2025; version 1 is of 2026-01-01T09:00:00Z.\n"
    )
    assert json.loads(show("--known-at", "2025-12-31", "--on", "2026-01-01", "--json").stdout) == {
        "register": stores.NAME,
        "version": None,
        "sha256": None,
        "on": "2026-01-01",
        "total": 0,
        "offset": 0,
        "next": None,
        "subprocessors": [],
    }


@pytest.mark.parametrize("on", [None, "2025-06-01", "2026-02-11", "2026-02-12"])
@pytest.mark.parametrize(
    "known_at",
    [None, "2026-01-01", "2026-01-02", "2026-01-02T08:59:59Z", "2026-01-02T11:00:00+02:00", "2030-01-01"],
)
def test_the_service_answers_the_same(show: Show, three: Path, on: str | None, known_at: str | None) -> None:
    """As JSON the command prints what /v1/subprocessors answers with the same parameters."""
    asked = [(name, value) for name, value in (("on", on), ("known_at", known_at)) if value]
    query = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in asked)
    options = [text for name, value in asked for text in (f"--{name.replace('_', '-')}", value)]
    assert json.loads(show("--json", *options).stdout) == json.loads(ask(three, query))


def test_where_the_service_knows_nothing_the_command_does_not(three: Path) -> None:
    with pytest.raises(Problem) as caught:
        ask(three, "known_at=2025-12-31")
    assert caught.value.name == "nothing-known-yet"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--on", "yesterday"),
        ("--on", "2026-02-30"),
        ("--on", "20260201"),
        ("--on", "2026-02-01T09:00:00Z"),
        ("--known-at", "2026-02-30"),
        ("--known-at", "2026-02-01T09:00:00"),
        ("--known-at", "soon"),
    ],
)
def test_what_is_no_day_is_wrong_use(show: Show, arguments: tuple[str, str]) -> None:
    result = show(*arguments)
    assert result.exit_code == 2
    assert repr(arguments[1]) in result.stderr


def test_an_empty_store_has_nothing_to_show(call: Call) -> None:
    result = call("show")
    assert result.exit_code == 1
    assert "nothing was published into" in result.stderr


def test_history_taken_over_ends_conditions_and_mistakes_are_said(
    publisher: Publisher, call: Call, clock: Clock
) -> None:
    """A version taken over is marked; ends, withdrawals and vendors without a use stand there."""
    assert call("publish", "--at", "2024-02-01T09:00:00Z").exit_code == 0
    assert "version 1, published 2024-02-01T09:00:00Z (imported)" in call("show").stdout
    publisher.list("acme", f"ends_on = {LATER}")
    publisher.list("beta", f"starts_on = {LATER}")
    idle = publisher.source / "subprocessors" / "idle.toml"
    idle.write_text('name = "Idle Oy"\nengagements = []\n', "utf-8")
    assert call("publish").exit_code == 0
    clock.pass_by(seconds=1)
    lines = call("show").stdout.splitlines()
    assert f"  • Acme Oy: Runs the application  [since before version 1]  [ends on {LATER}]" in lines
    assert f"  • Beta Oy: Runs the application  [from {LATER}]" in lines
    assert lines[-4:] == [
        "Without an engagement: Idle Oy",
        "Ahead (2)",
        f"  • {LATER}  Acme Oy, hosting: end (ended)",
        f"  • {LATER}  Beta Oy, hosting: start (added)",
    ]
    file = publisher.source / "subprocessors" / "beta.toml"
    file.write_text(f'withdrawn = {{ reason = "Never signed" }}\n{file.read_text("utf-8")}', "utf-8")
    assert call("publish").exit_code == 0
    text = call("show", "--on", str(LATER)).stdout
    assert (
        f"Ended (1)\n  • Acme Oy: Runs the application  [since before version 1]  [ended on {LATER}]" in text
    )
    assert "Withdrawn (listed in error) (1)\n  • Beta Oy: Runs the application  [Never signed]" in text
