"""Colours are for terminals; errors are sentences; progress does not get in the way."""

from __future__ import annotations

import io
import os
import re
from typing import TYPE_CHECKING

import click
import pytest
from rich.console import Console

from programs import REGISTER_API, on_a_terminal, run, run_bytes
from register_api.cli import output
from register_api.cli.options import PROGRESS
from register_api.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Call

    from publishers import Publisher

COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7])(?:;\d+)*m")
ESCAPE = b"\x1b"


def command(publisher: Publisher) -> list[str]:
    folders = ["--source", str(publisher.source), "--store", str(publisher.store)]
    return [*REGISTER_API, "check", *folders]


def environment(**more: str) -> dict[str, str]:
    """Return an environment of its own: what this machine says of colours must not matter."""
    ours = ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLORTERM")
    return {name: value for name, value in os.environ.items() if name not in ours} | {"TERM": "xterm", **more}


@pytest.fixture
def refused(publisher: Publisher) -> Publisher:
    """A source with an error, which is printed in red where colours are wanted."""
    publisher.say("first", time_zone="Mars/Olympus")
    return publisher


def test_a_terminal_gets_colours(refused: Publisher) -> None:
    written = on_a_terminal(*command(refused), env=environment())[1]
    assert b"R05" in written
    assert COLOUR.search(written)


def test_no_color_is_heeded_on_a_terminal(refused: Publisher) -> None:
    written = on_a_terminal(*command(refused), env=environment(NO_COLOR="1"))[1]
    assert b"R05" in written
    assert not COLOUR.search(written)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["plain", "NO_COLOR"])
def test_without_a_terminal_nothing_is_written_but_text(refused: Publisher, env: dict[str, str]) -> None:
    ended = run_bytes(*command(refused), env=environment(**env))
    assert ended.returncode == 1
    assert b"R05" in ended.stdout
    assert ESCAPE not in ended.stdout + ended.stderr


def test_progress_is_shown_on_a_terminal_alone(publisher: Publisher) -> None:
    keys = ["--keys", str(publisher.keys)]
    publish = [*(word if word != "check" else "publish" for word in command(publisher)), *keys]
    written = on_a_terminal(*publish, env=environment())[1]
    assert b"publishing" in written
    assert b"Published version 1" in written


class Time:
    """Stands for the time that passes while a command works."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    passing = Time()
    monkeypatch.setattr(output.err, "get_time", passing)
    return passing


@pytest.mark.parametrize(("wanted", "lines"), [(None, 5), (True, 60), (False, 0)])
def test_off_a_terminal_a_long_command_writes_a_line_from_time_to_time(
    time: Time, capsys: pytest.CaptureFixture[str], wanted: bool | None, lines: int
) -> None:
    """However often it reports: a minute is as many lines, of which each says how far it is."""
    with click.Context(click.Command("publish")) as context:
        context.meta[PROGRESS] = wanted
        with output.progress("publishing") as report:
            for done in range(6000):
                report(done, 6000, "a file")
                time.seconds += 0.01
    written = capsys.readouterr().err.splitlines()
    assert len(written) == lines
    assert all(re.fullmatch(r"publishing: \d+ of 6000, a file", line) for line in written)


def test_a_short_command_writes_none(publisher: Publisher) -> None:
    keys = ["--keys", str(publisher.keys)]
    publish = [*(word if word != "check" else "publish" for word in command(publisher)), *keys]
    assert " of " not in run(*publish, env=environment()).stderr


def test_lines_of_progress_are_there_when_asked_for(call: Call) -> None:
    assert re.search(r"^publishing: 0 of \d+, ", call("publish", "--progress").stderr, re.MULTILINE)


def test_long_lines_are_not_broken_where_a_program_may_read(refused: Publisher) -> None:
    ended = run(*command(refused), env=environment(COLUMNS="20"))
    assert any(len(line) > 40 for line in ended.stdout.splitlines())


def test_what_is_printed_is_never_read_as_markup(call: Call, publisher: Publisher, folder: Path) -> None:
    """Square brackets and colons mean something to the library that prints; here they are just text."""
    store = folder / "[red]:heart:[" / "red]"
    result = call("publish", "--store", str(store))
    assert result.exit_code == 0
    assert f"tree         {store / 'public'}" in result.stdout
    publisher.say("first", time_zone="[/red]")
    result = call("check")
    assert result.exit_code == 1
    assert "[/red]" in result.stdout


def test_progress_shows_text_from_elsewhere_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that a server names, e.g. in a list of files, is neither markup nor a control sequence."""
    terminal = io.StringIO()
    monkeypatch.setattr(output, "err", Console(file=terminal, force_terminal=True, width=200))
    with output.progress("checking") as report:
        report(1, 2, "[/nothing] \x1b]0;x")
        output.print_error(UsageError("refused: \x1b]0;x"))
    written = terminal.getvalue()
    assert "[/nothing]" in written
    assert "refused: \\x1b]0;x" in written
    assert "\x1b]0" not in written


def test_an_error_is_its_sentence_and_its_hint(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_error(UsageError("this cannot be done", hint="try that"))
    assert capsys.readouterr().err == "usage error: this cannot be done\n→ try that\n"
