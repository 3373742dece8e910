"""What every command of `notify` begins with: the settings and the database."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import click

from register_api import clock
from register_api.bounded_http.limits import HttpLimits
from register_api.cli.options import together
from register_api.cli.serving_options import settings_option
from register_api.cli.trust_options import read_certificates
from register_api.notify.schema import STEPS
from register_api.notify.settings import NotifySettings, read_notify_settings
from register_api.publish.time_authority import TimeAuthority, check_url
from register_api.sending.database import Database, opened

_ASKED_ONCE = HttpLimits(exchange=20.0, attempts=1)
"""A worker sends nothing while it waits for an authority, and asks again within the hour."""


interest_options = together(
    click.option("--products", default="", help="Ids of products, separated by spaces.  [default: all]"),
    click.option("--language", default="en", show_default=True, help="Language of the messages."),
    click.option(
        "--hears",
        type=click.Choice(["all", "important"]),
        default="all",
        show_default=True,
        help="Which changes to notify of: all, or important ones.",
    ),
)


class Notices(NamedTuple):
    """Where notices are kept and how they are sent."""

    settings: NotifySettings
    database: Database

    @property
    def at(self) -> int:
        """The present instant, Unix time."""
        return int(clock.now().timestamp())


def with_notices(command: Callable[..., None]) -> Callable[..., None]:
    """Add ``--settings``; the command is given the settings and the open database."""

    @settings_option
    @functools.wraps(command)
    def with_them(settings: Path | None, **given: Any) -> None:
        read = read_notify_settings(settings, os.environ)
        with opened(read.database, STEPS) as database:
            command(Notices(read, database), **given)

    return with_them


def time_authority(settings: NotifySettings) -> TimeAuthority | None:
    """Return who stamps seals, if anybody."""
    if not settings.time_authority:
        return None
    anchors = read_certificates(Path(settings.time_authority_certificate), "time_authority_certificate")
    return TimeAuthority(url=check_url(settings.time_authority), anchors=anchors, limits=_ASKED_ONCE)


def in_words(states: dict[str, int]) -> str:
    """Return numbers by state as a list in words."""
    return ", ".join(f"{number} {state}" for state, number in states.items())
