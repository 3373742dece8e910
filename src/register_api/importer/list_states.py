"""States of a list, the instants at which they are taken over, and where an import goes on."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from register_api.core.instant import format_instant
from register_api.core.model import Register
from register_api.core.printable import quoted
from register_api.errors import UsageError
from register_api.importer.document_rows import parse, states_of, table_of
from register_api.importer.import_report import Reporter
from register_api.importer.reading import decode_text
from register_api.importer.table import Table, refuse


def reason_of(state: ListState, subject: str | None) -> str:
    """Return why a version was published: where it comes from, and what was said of it there."""
    return f"Imported from {state.mark}" + (f": {subject}" if subject else "")


def published_before(dated: Sequence[ListState], newest: Register | None) -> int:
    """Return how many states lie up to the one that the newest version came from."""
    if newest is None:
        return 0
    if newest.recorded == "live":
        message = f"version {newest.version} was published live; history cannot follow it"
        refuse("register.toml", "", message, "history comes first", rule="R15")
    for number, item in enumerate(dated, 1):
        if item.at == newest.published_at:
            return number
    if dated and dated[0].at <= newest.published_at:
        raise UsageError(
            f"the store's newest version is of {format_instant(newest.published_at)}"
            " and comes from none of these states",
            hint="--store names another store, --since begins later",
        )
    return 0


_SECOND = dt.timedelta(seconds=1)
_DATES = {"author": ("date", "committed"), "committer": ("committed", "date")}
"""Keys of a dated state, by whose date is asked for; the second stands in for the first."""
_COMMIT = re.compile(r"[0-9a-f]{7,64}")


class ListState(msgspec.Struct, frozen=True, kw_only=True):
    """The list as it stood at one time.

    Attributes:
        at: The instant at which it is taken over.
    """

    mark: str
    at: dt.datetime
    subject: str
    read: Callable[[], tuple[Table, ...]]


def read_history(name: str, data: bytes, date: str, zone: dt.tzinfo) -> tuple[ListState, ...]:
    """Read a history file: JSON states with ``date`` (or ``committed``) and ``entries``, oldest first."""
    states = states_of(parse(name, decode_text(name, data, "json")))
    if states is None:
        hint = 'a list of objects, each with "date" and "entries"'
        refuse(name, "", "this is no history", hint)
    return tuple(_state(name, number, item, date, zone) for number, item in enumerate(states, 1))


def _state(name: str, number: int, item: dict[str, Any], date: str, zone: dt.tzinfo) -> ListState:
    file = f"{name}, state {number}"
    said = next((item[key] for key in _DATES[date] if isinstance(item.get(key), str)), None)
    wanted = None if said is None else _instant(said, zone)
    if wanted is None:
        message = f"{quoted(said or '')} is no day or instant"
        refuse(file, "date", message, "write 2024-02-01, or 2024-02-01T09:00:00Z")
    commit = item.get("commit")
    named = isinstance(commit, str) and _COMMIT.fullmatch(commit)
    return ListState(
        mark=f"commit {commit}" if named else f"state {number}",
        at=wanted,
        subject=str(item.get("title") or ""),
        read=lambda: (table_of(file, item["entries"]),),
    )


def _instant(text: str, zone: dt.tzinfo) -> dt.datetime | None:
    """Return an instant; a day alone means its first second in the publisher's time zone."""
    try:
        instant = dt.datetime.fromisoformat(text)
        aware = instant if instant.tzinfo else instant.replace(tzinfo=zone)
        return aware.astimezone(dt.UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def schedule(states: Sequence[ListState], reporter: Reporter) -> tuple[ListState, ...]:
    """Give each state an instant later than the one before (R15): its own where that is later."""
    dated: list[ListState] = []
    for state in states:
        at = max(state.at, dated[-1].at + _SECOND) if dated else state.at
        if at != state.at:
            message = f"{state.mark} is of {format_instant(state.at)}, not after the one before: moved to"
            reporter.note("assumed", f"{message} {format_instant(at)}")
        dated.append(msgspec.structs.replace(state, at=at))
    return tuple(dated)
