"""What every command of `watch` begins with: the settings and the database."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from register_api import clock
from register_api.sending.database import Database, opened
from register_api.watch.schema import STEPS
from register_api.watch.settings import WatchSettings, read_watch_settings


class Watching(NamedTuple):
    """How registers are watched, where what is known of them is kept, and the present instant, UTC."""

    settings: WatchSettings
    database: Database
    now: dt.datetime

    @property
    def at(self) -> int:
        """The present instant, Unix time."""
        return int(self.now.timestamp())


@contextlib.contextmanager
def watching(file: Path | None) -> Iterator[Watching]:
    """Read the settings and open the database while the block runs."""
    settings = read_watch_settings(file, os.environ)
    with opened(settings.database, STEPS) as database:
        yield Watching(settings, database, clock.now())
