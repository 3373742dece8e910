"""The command `show`: the state on any day, as known at any time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import click
from rich.text import Text

from register_api import clock
from register_api.cli import options
from register_api.cli.output import out, print_json
from register_api.cli.words import published
from register_api.core.api.questions import MAX_ROWS, SubprocessorsQuery
from register_api.core.instant import format_instant, local_day
from register_api.core.language.language import ENGLISH, shorten
from register_api.core.timeline import EngagementState, State
from register_api.core.upcoming_events import upcoming
from register_api.serve.answer import compute
from register_api.serve.answer.archive import Archive, AsOf, RegisterAsOf, register_as_of

_TITLES: dict[State, str] = {
    "in_force": "In force",
    "announced": "Announced",
    "ended": "Ended",
    "available": "Available, not engaged",
    "withdrawn": "Withdrawn (listed in error)",
    "cancelled": "Cancelled (was announced and will not come)",
}
"""Titles of the groups, in print order."""

_MAX_PURPOSE = 70


@click.command()
@click.option(
    "--on",
    type=options.day,
    metavar="DAY",
    help="Effective date, in the publisher's time zone.  [default: today]",
)
@click.option(
    "--known-at",
    type=options.instant_or_day,
    metavar="INSTANT",
    help="Use only what had been published by this time, or by the end of this date.  [default: now]",
)
@options.store_option
@options.json_option
def show(on: dt.date | None, known_at: dt.datetime | dt.date | None, store: Path, *, as_json: bool) -> None:
    """Show who was engaged on a date, as published by a given time.

    Names the version the answer was computed from. With --json, the output is the service's response to
    /v1/subprocessors with the same parameters, on one page.

    \b
    Examples:
      register-api show
      register-api show --on 2026-03-01
      register-api show --on 2026-03-01 --known-at 2026-02-01
      register-api show --known-at 2026-02-01T09:00:00Z --json
    """
    snapshot = published(store)
    archive = Archive(snapshot)
    moment = AsOf(on=on or local_day(clock.now(), archive.zone), known_at=known_at)
    known = register_as_of(archive, moment)
    if as_json:
        everything = SubprocessorsQuery(limit=MAX_ROWS)
        none = dict.fromkeys(("version", "sha256", "next"))
        none |= {"register": archive.name, "on": moment.on, "total": 0, "offset": 0, "subprocessors": []}
        print_json(compute.subprocessors(archive, everything, moment) if known else none)
    elif known is None:
        first = format_instant(archive.published[0])
        out.print(f"Nothing had been published by {_when(known_at)}; version 1 is of {first}.")
    else:
        _print_state(known, moment, archive.zone)


def _print_state(known: RegisterAsOf, moment: AsOf, zone: dt.tzinfo) -> None:
    """Print the state on a day, and the changes that the version announces from that day on."""
    register = known.register
    as_of = "" if moment.known_at is None else f", as known at {_when(moment.known_at)}"
    imported = " (imported)" if register.recorded == "imported" else ""
    out.print(Text(f"{register.register} on {ENGLISH.day(known.on)}{as_of}", style="bold"))
    out.print(f"  version {register.version}, published {format_instant(register.published_at)}{imported}")
    out.print(f"  SHA-256 {known.sha256}")
    for state, title in _TITLES.items():
        rows = [row for row in known.rows() if row.state == state]
        if rows:
            out.print(Text(f"{title} ({len(rows)})", style="bold"))
        for row in rows:
            purpose = shorten(row.engagement.purpose, _MAX_PURPOSE)
            line = Text(f"  • {row.vendor.name}" + (f": {purpose}" if purpose else ""))
            out.print(line + Text("".join(f"  [{note}]" for note in _notes(row)), style="dim"))
    idle = [vendor.name for vendor in register.subprocessors if not vendor.engagements]
    if idle:
        out.print(f"Without an engagement: {', '.join(idle)}")
    names = {vendor.id: vendor.name for vendor in register.subprocessors}
    events = upcoming(register, known.on, zone)
    if events:
        out.print(Text(f"Ahead ({len(events)})", style="bold"))
    for event in events:
        place = "/".join(filter(None, (event.engagement, event.planned)))
        what = f"{event.what.replace('_', ' ')} ({event.type.replace('_', ' ')})"
        out.print(f"  • {event.day}  {names[event.subprocessor]}, {place}: {what}")


def _notes(row: EngagementState) -> Iterator[str]:
    """Yield an engagement's dates as of the day, and its condition."""
    engagement, state = row.engagement, row.state
    if state in {"in_force", "announced"} and engagement.status == "conditional":
        yield "conditional"
    if state in {"in_force", "ended"}:
        yield f"since {engagement.starts_on}" if engagement.starts_on else "since before version 1"
    if state == "announced":
        yield f"from {engagement.starts_on}"
    if engagement.ends_on is not None and state != "withdrawn":
        yield f"{'ended' if state == 'ended' else 'ends'} on {engagement.ends_on}"
    if row.vendor.withdrawn is not None:
        yield shorten(row.vendor.withdrawn.reason, _MAX_PURPOSE)


def _when(known_at: dt.datetime | dt.date | None) -> str:
    if isinstance(known_at, dt.datetime):
        return format_instant(known_at)
    return "now" if known_at is None else f"the end of {ENGLISH.day(known_at)}"
