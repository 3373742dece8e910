"""Why and when a version is published, as options that several commands share."""

from __future__ import annotations

import datetime as dt
import functools
import time
from collections.abc import Callable
from typing import Any

import click
import msgspec

from register_api import clock
from register_api.cli import options
from register_api.core.model import ReasonKind
from register_api.publish.preparation import PublishOptions
from register_api.store.reader import Snapshot

_LONGEST_WAIT = 2.0
"""Seconds to wait for the clock to pass the newest version's instant; instants are whole seconds."""


class GivenReason(msgspec.Struct, frozen=True, kw_only=True):
    """Why and when a version is published, as the options say; as in ``PublishOptions``."""

    text: str | None = None
    kind: ReasonKind | None = None
    corrects: int | None = None
    at: dt.datetime | None = None

    def intent(self, snapshot: Snapshot | None) -> PublishOptions:
        """Return it with the present instant, which lies after the newest version's (``instant_after``)."""
        return PublishOptions(now=instant_after(snapshot, self.at), **msgspec.structs.asdict(self))


def reason_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say why a version is published; the command is given them as ``why``."""

    @options.together(
        click.option("--reason", help="The reason, in one sentence for your customers."),
        click.option(
            "--kind",
            type=click.Choice(["initial", "change", "correction", "editorial"]),
            help="Kind of reason.  [default: initial for version 1, correction with --corrects, else change]",
        ),
        click.option(
            "--corrects", type=int, metavar="N", help="Number of the version that this one corrects."
        ),
        click.option(
            "--at",
            type=options.InstantParam(),
            help="Import history: when this state was published elsewhere. Marks the version imported,"
            " permanently; refused once a live version exists.",
        ),
    )
    @functools.wraps(command)
    def with_reason(
        *,
        reason: str | None,
        kind: ReasonKind | None,
        corrects: int | None,
        at: dt.datetime | None,
        **others: Any,
    ) -> Any:
        return command(why=GivenReason(text=reason, kind=kind, corrects=corrects, at=at), **others)

    return with_reason


def instant_after(snapshot: Snapshot | None, at: dt.datetime | None) -> dt.datetime:
    """Return the present instant, waiting for the next whole second where that is all it needs."""
    newest = snapshot.state.published_at if snapshot and at is None else None
    deadline = time.monotonic() + _LONGEST_WAIT
    instant = clock.now()
    while newest is not None and instant <= newest and time.monotonic() < deadline:
        time.sleep(0.05)
        instant = clock.now()
    return instant
