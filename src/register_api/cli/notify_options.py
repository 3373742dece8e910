"""What every command of `notify` begins with: the settings and the database."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from register_api import clock
from register_api.bounded_http.limits import HttpLimits
from register_api.cli.trust_options import read_certificates
from register_api.notify.schema import STEPS
from register_api.notify.settings import NotifySettings, read_notify_settings
from register_api.publish.time_authority import TimeAuthority, check_url
from register_api.sending.database import Database, opened

_ASKED_ONCE = HttpLimits(exchange=20.0, attempts=1)
"""A worker sends nothing while it waits for an authority, and asks again within the hour."""


class Notices(NamedTuple):
    """Where notices are kept and how they are sent."""

    settings: NotifySettings
    database: Database

    @property
    def at(self) -> int:
        """The present instant, Unix time."""
        return int(clock.now().timestamp())


@contextlib.contextmanager
def notices(file: Path | None) -> Iterator[Notices]:
    """Read the settings and open the database while the block runs."""
    settings = read_notify_settings(file, os.environ)
    with opened(settings.database, STEPS) as database:
        yield Notices(settings, database)


def time_authority(settings: NotifySettings) -> TimeAuthority | None:
    """Return who stamps seals, if anybody."""
    if not settings.time_authority:
        return None
    anchors = read_certificates(Path(settings.time_authority_certificate), "time_authority_certificate")
    return TimeAuthority(url=check_url(settings.time_authority), anchors=anchors, limits=_ASKED_ONCE)
