"""A publisher in a folder, a clock that the test sets, and the command line in this process."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from memory_folder import memory_folder
from publishers import NOW, Publisher
from register_api import clock as system_clock
from register_api.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    Call = Callable[..., Result]


class Clock:
    """Stands for the machine's clock in the commands."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> dt.datetime:
        """Return the instant that the test has set."""
        return self.instant

    def pass_by(self, **time: float) -> None:
        """Let time pass."""
        self.instant += dt.timedelta(**time)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of every command."""
    clock = Clock()
    monkeypatch.setattr(system_clock, "now", clock.now)
    return clock


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder of the commands."""
    with memory_folder() as made:
        monkeypatch.chdir(made)
        yield made


@pytest.fixture
def publisher(folder: Path, clock: Clock) -> Publisher:
    """A source with one vendor that keeps every rule; nothing is published yet."""
    return Publisher(folder)


@pytest.fixture
def call(publisher: Publisher) -> Call:
    """Call a command on the publisher's folders, which it is given as far as it takes them."""
    edits = {"add", "end", "replace", "change", "cancel", "fold"}
    takes = {
        "--source": (publisher.source, {"check", "preview", "publish", "run", *edits}),
        "--store": (
            publisher.store,
            {"check", "preview", "publish", "refresh", "status", "list", "diff", "show", "deploy", *edits},
        ),
        "--keys": (publisher.keys, {"publish", "refresh", "run"}),
    }

    def invoke(*arguments: str) -> Result:
        folders = [
            text
            for option, (path, commands) in takes.items()
            if commands & {*arguments[:2]} and option not in arguments
            for text in (option, str(path))
        ]
        return CliRunner().invoke(cli, [*arguments, *folders])

    return invoke


@pytest.fixture(scope="session")
def first_version() -> Iterator[Publisher]:
    """Version 1, published by the command once, for tests that go on from it."""
    with memory_folder() as folder:
        made = Publisher(folder)
        places = {"--source": made.source, "--store": made.store, "--keys": made.keys}
        given = [str(word) for option in places.items() for word in option]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(system_clock, "now", Clock().now)
            result = CliRunner().invoke(cli, ["publish", *given])
        assert result.exit_code == 0, result.output
        yield made


@pytest.fixture
def published(publisher: Publisher, first_version: Publisher, call: Call, clock: Clock) -> Call:
    """The same, with version 1 published."""
    first_version.copied(publisher.folder)
    clock.pass_by(seconds=1)
    return call
