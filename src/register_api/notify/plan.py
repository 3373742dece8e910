"""What a new version makes due: for each recipient a notice at once or a digest, and a reminder."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core.ahead import upcoming
from register_api.core.calendar import local_day
from register_api.notify.deliveries import add_to_digest, make_due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from register_api.core.diff.changes import Change
    from register_api.core.model import Register
    from register_api.notify.publication import Publication
    from register_api.sending.database import Row

MORNING = dt.time(8)
"""When digests and reminders go out, in the publisher's time zone."""

_PAGE = 1000
"""Recipients that are read at once: their number does not decide how much memory it takes."""

_ONE_DAY = dt.timedelta(days=1)


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """Of a recipient, what decides of what they are told, and when."""

    id: str
    kind: Literal["contact", "subscriber"]
    channel: str
    products: str
    hears: str
    frequency: Literal["at_once", "daily", "weekly"]
    reminders: bool


class Schedule(NamedTuple):
    """When a recipient is told of a version.

    Attributes:
        digest_at: When their digest is due; ``None``: they get a notice at once.
        reminder_at: When they are reminded; ``None``: never.
    """

    digest_at: dt.datetime | None
    reminder_at: dt.datetime | None


def open_objections(version: int, changes: Sequence[Change], newest: Register, day: dt.date) -> list[Change]:
    """Return the changes of a version to which one may object on a day, with the notice as it stands by then.

    Left out is what was cancelled meanwhile, and what was announced anew: of that, another version tells.
    """
    ahead = upcoming(newest, day, zone_of(newest.publisher.time_zone))
    notices = {
        (item.subprocessor, item.engagement, item.planned): item.notice
        for item in ahead
        if item.what == "objection_deadline" and item.version == version
    }
    return [
        msgspec.structs.replace(change, notice=notice)
        for change in changes
        if change.notice.required
        and (notice := notices.get((change.subprocessor, change.engagement, change.planned)))  # type: ignore[arg-type]
    ]


def next_morning(now: dt.datetime, zone: dt.tzinfo, frequency: str) -> dt.datetime:
    """Return when the next digest is due: the next morning, or the next that is a Monday's."""
    day = local_day(now, zone)
    while _morning(day, zone) <= now or (frequency == "weekly" and day.weekday()):
        day += _ONE_DAY
    return _morning(day, zone)


def _morning(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.combine(day, MORNING, zone)


def when_told(
    listener: Listener,
    changes: Sequence[Change],
    register: Register,
    now: dt.datetime,
    reminder_days: int,
) -> Schedule:
    """Return when a recipient is told of changes.

    A contract contact is told at once: notice is owed to them. A digest comes before a reminder would, or not
    at all, so that nobody's time to object is used up by waiting.
    """
    zone = zone_of(register.publisher.time_zone)
    open_ = open_objections(register.version, changes, register, local_day(now, zone))
    deadline = min((change.notice.objection_until for change in open_), default=None)  # type: ignore[type-var]
    digest_at = None
    if listener.kind == "subscriber" and listener.frequency != "at_once":
        digest_at = next_morning(now, zone, listener.frequency)
    if deadline is None:
        return Schedule(digest_at, None)
    latest = _morning(deadline - dt.timedelta(days=max(reminder_days, 1)), zone)
    is_reminded = listener.reminders and listener.channel == "mail" and reminder_days and latest > now
    return Schedule(
        digest_at=digest_at if digest_at is not None and digest_at < latest else None,
        reminder_at=latest if is_reminded else None,
    )


def make_all_due(
    run: Callable[..., list[Row]], found: Publication, now: dt.datetime, reminder_days: int
) -> None:
    """Make due what a version tells to each recipient whom it concerns, in a transaction of the caller's."""
    at, version = int(now.timestamp()), found.register.version

    @functools.cache
    def told(alike: Listener) -> Schedule | None:
        """Answer once for all who want the same."""
        changes = found.concerning(alike.products.split(), alike.hears)
        return when_told(alike, changes, found.register, now, reminder_days) if changes else None

    for listener in _listeners(run):
        when = told(msgspec.structs.replace(listener, id=""))
        if when is None:
            continue
        if when.digest_at is None:
            make_due(run, version, listener.id, at)
        else:
            add_to_digest(run, version, listener.id, at, int(when.digest_at.timestamp()))
        if when.reminder_at is not None:
            make_due(run, version, listener.id, at, "reminder", int(when.reminder_at.timestamp()))


def _listeners(run: Callable[..., list[Row]]) -> Iterator[Listener]:
    columns = ", ".join(Listener.__struct_fields__)
    last = ""
    while rows := run(
        f"SELECT {columns} FROM recipients WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?",
        *(last, _PAGE),
    ):
        yield from (msgspec.convert(row, Listener, strict=False) for row in rows)
        last = rows[-1]["id"]
