"""Settings, database and output that the commands of `notify` and `watch` share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.text import Text

from register_api import clock
from register_api.cli.options import Command
from register_api.cli.output import err, out, print_json
from register_api.cli.serve import settings_option
from register_api.core.language.language import count
from register_api.core.text import escaped
from register_api.errors import RegisterError
from register_api.files.hand_written import RowFault
from register_api.notify.schema import STEPS as NOTIFY_STEPS
from register_api.notify.settings import NotifySettings, read_notify_settings
from register_api.sending.database import Database, opened
from register_api.watch.schema import STEPS as WATCH_STEPS
from register_api.watch.settings import WatchContext, WatchSettings, read_watch_settings


class Notices(NamedTuple):
    """Database and settings of the `notify` commands."""

    database: Database
    settings: NotifySettings

    @property
    def at(self) -> int:
        """The current time, in Unix seconds."""
        return int(clock.now().timestamp())


class Watching(NamedTuple):
    """Database and local context of the `watch` commands."""

    database: Database
    context: WatchContext

    @property
    def settings(self) -> WatchSettings:
        """The settings of `watch`."""
        return self.context.settings


def _opening(
    read: Callable[[Path | None, Mapping[str, str]], Any],
    steps: Sequence[Sequence[str]],
    make: Callable[[Database, Any], Notices | Watching],
) -> Callable[[Command], Any]:
    """Return a decorator that adds ``--settings`` and passes the opened database as first argument."""

    def add(command: Command) -> Any:
        @settings_option
        @functools.wraps(command)
        def run(settings: Path | None, **given: Any) -> None:
            known = read(settings, os.environ)
            with opened(known.database, steps) as database:
                command(make(database, known), **given)

        return run

    return add


with_notices = _opening(read_notify_settings, NOTIFY_STEPS, Notices)
watching = _opening(
    read_watch_settings,
    WATCH_STEPS,
    lambda database, read: Watching(database, WatchContext(clock.now(), read)),
)


def refuse_faults(file: Path | None, faults: list[RowFault], error: type[RegisterError], what: str) -> None:
    """Print all faults and raise ``error`` if there are any."""
    for fault in sorted(faults):
        err.print(escaped(f"{file}:{fault.line}: {fault.message}" if file else fault.message))
    if faults:
        raise error(f"{count(len(faults), 'fault')} in the {what}; nothing was imported")


def counted(numbers: Mapping[Any, int]) -> str:
    """Format counts as a comma-separated list, such as ``3 sent, 1 waiting``."""
    return ", ".join(f"{number} {what}" for what, number in numbers.items())


def answer(found: object, lines: Iterable[str | Text], *, as_json: bool) -> None:
    """Print an answer as JSON, or as lines of text."""
    if as_json:
        print_json(found)
    else:
        for line in lines:
            out.print(line)
