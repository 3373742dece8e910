"""Why and when a version is published, as options that several commands share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from register_api import clock
from register_api.cli import options

if TYPE_CHECKING:
    import datetime as dt

    from register_api.cli.options import Command
    from register_api.store.reader import Snapshot

_LONGEST_WAIT = 2.0
"""Seconds to wait for the clock to pass the newest version's instant; instants are whole seconds."""


def reason_options(command: Command) -> Command:
    """Add the options that say why a version is published."""
    for add in (
        click.option(
            "--at",
            type=options.InstantParam(),
            help="Take over history: when this state was published elsewhere. Marks the version imported,"
            " for ever; refused once a live version exists.",
        ),
        click.option("--corrects", type=int, metavar="N", help="Number of the version that this puts right."),
        click.option(
            "--kind",
            type=click.Choice(["initial", "change", "correction", "editorial"]),
            help="Kind of the reason; without it: initial for version 1, correction with --corrects,"
            " else change.",
        ),
        click.option("--reason", help="Why, in a sentence for your customers."),
    ):
        command = add(command)
    return command


def instant_after(snapshot: Snapshot | None, at: dt.datetime | None) -> dt.datetime:
    """Return the present instant, waiting for the next whole second where that is all it needs."""
    newest = snapshot.state.published_at if snapshot and at is None else None
    deadline = time.monotonic() + _LONGEST_WAIT
    instant = clock.now()
    while newest is not None and instant <= newest and time.monotonic() < deadline:
        time.sleep(0.05)
        instant = clock.now()
    return instant
