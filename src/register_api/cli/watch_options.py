"""What every command of `watch` begins with, the settings, the database and the instant, and ends with."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from rich.text import Text

from register_api import clock
from register_api.cli.options import Command
from register_api.cli.output import out, print_json
from register_api.cli.serving_options import settings_option
from register_api.sending.database import Database, opened
from register_api.watch.schema import STEPS
from register_api.watch.settings import Here, WatchSettings, read_watch_settings


class Watching(NamedTuple):
    """Where what is known of registers is kept; when and where this is."""

    database: Database
    here: Here

    @property
    def settings(self) -> WatchSettings:
        """How registers are watched."""
        return self.here.settings


def watching(command: Command) -> Any:
    """Add where the settings stand, and hand a command what they lead to as its first argument."""

    @settings_option
    @functools.wraps(command)
    def run(settings: Path | None, **given: Any) -> None:
        read = read_watch_settings(settings, os.environ)
        with opened(read.database, STEPS) as database:
            command(Watching(database, Here(clock.now(), read)), **given)

    return run


def answer(found: object, lines: Iterable[str | Text], *, as_json: bool) -> None:
    """Print an answer: as JSON for machines, or in lines for people."""
    if as_json:
        print_json(found)
    else:
        for line in lines:
            out.print(line)
