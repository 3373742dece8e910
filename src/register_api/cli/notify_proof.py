"""Commands that prove who was told: seal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from register_api import clock
from register_api.cli.notify_options import notices, time_authority
from register_api.cli.output import out, print_error
from register_api.cli.serving_options import settings_option
from register_api.core.instant import format_instant
from register_api.core.language.prose import count
from register_api.errors import NotStamped
from register_api.notify.sealing import seal_facts, stamp_seals

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@settings_option
def seal(settings: Path | None) -> None:
    """Put what happened to notices below a root that can be proven later, and have it time-stamped.

    A worker does so every hour by itself.

    \b
    Example:
      register-api notify seal --settings notify.toml
    """
    with notices(settings) as opened:
        now, authority = clock.now(), time_authority(opened.settings)
        out.print(f"{count(seal_facts(opened.database, now), 'fact')} sealed.")
        try:
            stamps = stamp_seals(opened.database, authority, now) if authority else []
        except NotStamped as error:
            print_error(NotStamped(f"{error.message}; the next time it is asked again"))
        else:
            for stamp in stamps:
                out.print(f"Time-stamped at {format_instant(stamp.at)} by {stamp.authority}.")
