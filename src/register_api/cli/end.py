"""The command `end`: a sub-processor, or one use of it, is no longer engaged from a day on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from register_api.cli import options
from register_api.cli.editing import Editing, edit_options, use_option
from register_api.core.timeline import PAST, state_on
from register_api.errors import UsageError


@click.command()
@click.argument("vendor", metavar="VENDOR")
@use_option
@click.option(
    "--on",
    "day",
    type=options.DayParam(),
    required=True,
    metavar="DAY",
    help="First day without the sub-processor.",
)
@edit_options
def end(vendor: str, use: str | None, day: dt.date, source: Path, store: Path, *, dry_run: bool) -> None:
    """End a sub-processor or one of its engagements.

    --on is the first day without it. Without --use, all its current engagements end. A date in the past is
    shown as reported late. To cancel one that has not started, use register-api cancel.

    \b
    Examples:
      register-api end acme-mail --on 2027-03-01
      register-api end acme-cloud --use backups --on 2027-03-01
    """
    editing = Editing(source, store)
    listed = editing.edit.vendor(vendor)
    chosen = [editing.edit.engagement(vendor, use)] if use is not None else listed.engagements
    running = [item for item in chosen if item.status != "available"]
    running = [item for item in running if state_on(listed, item, editing.today) not in PAST]
    if not running:
        raise UsageError(
            f"{vendor} has no use that could end", hint=f"register-api show --on {editing.today}"
        )
    for item in running:
        editing.edit.set_engagement(vendor, item.id, {"ends_on": day.isoformat()})
    editing.finish(dry_run=dry_run)
