"""Schedules the notices, digests and reminders of a version in the outbox."""

from __future__ import annotations

import datetime as dt
import functools
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from register_api.clock import zone_of
from register_api.core.changes import Change
from register_api.core.instant import local_day
from register_api.core.model import Register
from register_api.core.upcoming_events import upcoming
from register_api.sending.database import Database, Run
from register_api.sending.outbox import add_fact

MORNING = dt.time(8)
"""When digests and reminders are sent, in the publisher's time zone."""

_PAGE = 1000
"""Recipients read at a time, to bound the memory used."""

NOTIFIES_OF = (
    "(kind = 'notice' AND version = ? OR kind = 'digest'"
    " AND id IN (SELECT delivery FROM digest_versions WHERE version = ?))"
)
"""SQL condition for the deliveries that notify of a version; takes the version twice."""


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """The properties of a recipient that determine which notices they get, and when."""

    id: str
    kind: Literal["contact", "subscriber"]
    channel: str
    products: str
    hears: str
    frequency: Literal["at_once", "daily", "weekly"]
    reminders: bool


class Schedule(NamedTuple):
    """When a recipient gets a digest (``None``: a notice immediately) and a reminder (``None``: never)."""

    digest_at: dt.datetime | None
    reminder_at: dt.datetime | None


def open_objections(version: int, changes: Sequence[Change], newest: Register, day: dt.date) -> list[Change]:
    """Return the changes of a version that are open to objection on a day, with their current notice.

    Changes cancelled or announced again since are left out; a later version's notice covers the latter.
    """
    notices = {
        (item.subprocessor, item.engagement, item.planned): item.notice
        for item in upcoming(newest, day, zone_of(newest.publisher.time_zone))
        if item.what == "objection_deadline" and item.version == version
    }
    return [
        msgspec.structs.replace(change, notice=notice)
        for change in changes
        if change.notice.required
        and (notice := notices.get((change.subprocessor, change.engagement, change.planned)))  # type: ignore[arg-type]
    ]


def next_morning(now: dt.datetime, zone: dt.tzinfo, frequency: str) -> dt.datetime:
    """Return when the next digest is due: the next morning, or the next Monday morning if weekly."""
    day = local_day(now, zone)
    while (morning := dt.datetime.combine(day, MORNING, zone)) <= now or (
        frequency == "weekly" and day.weekday()
    ):
        day += dt.timedelta(days=1)
    return morning


def when_to_notify(
    listener: Listener, changes: Sequence[Change], register: Register, now: dt.datetime, reminder_days: int
) -> Schedule:
    """Return when a recipient is to be notified of the changes.

    Contract contacts are notified immediately, because notice is owed to them. A digest that would come after
    the reminder is replaced by an immediate notice, so that it uses up nobody's objection period.
    """
    zone = zone_of(register.publisher.time_zone)
    open_ = open_objections(register.version, changes, register, local_day(now, zone))
    deadline = min((change.notice.objection_until for change in open_), default=None)  # type: ignore[type-var]
    digest_at = None
    if listener.kind == "subscriber" and listener.frequency != "at_once":
        digest_at = next_morning(now, zone, listener.frequency)
    if deadline is None:
        return Schedule(digest_at, None)
    latest = dt.datetime.combine(deadline - dt.timedelta(days=max(reminder_days, 1)), MORNING, zone)
    is_reminded = listener.reminders and listener.channel == "mail" and reminder_days and latest > now
    is_in_time = digest_at is not None and digest_at < latest
    return Schedule(digest_at if is_in_time else None, latest if is_reminded else None)


def queue_notices(
    run: Run,
    register: Register,
    concerning: Callable[[str, str], Sequence[Change]],
    now: dt.datetime,
    reminder_days: int,
) -> None:
    """Queue a version's notices for all recipients; ``concerning`` maps products and hears to changes."""
    at = int(now.timestamp())

    @functools.cache
    def schedule(listener: Listener) -> Schedule | None:
        changes = concerning(listener.products, listener.hears)
        return when_to_notify(listener, changes, register, now, reminder_days) if changes else None

    for listener in _listeners(run):
        when = schedule(msgspec.structs.replace(listener, id=""))
        if when is None:
            continue
        if when.digest_at is None:
            queue_delivery(run, register.version, listener.id, at)
        else:
            add_to_digest(run, register.version, listener.id, at, int(when.digest_at.timestamp()))
        if when.reminder_at is not None:
            queue_delivery(
                run, register.version, listener.id, at, "reminder", int(when.reminder_at.timestamp())
            )


def _listeners(run: Run) -> Iterator[Listener]:
    columns = ", ".join(Listener.__struct_fields__)
    last = ""
    while rows := run(
        f"SELECT {columns} FROM recipients WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?",
        *(last, _PAGE),
    ):
        yield from (msgspec.convert(row, Listener, strict=False) for row in rows)
        last = rows[-1]["id"]


def queue_delivery(
    run: Run, version: int | None, recipient: str, now: int, kind: str = "notice", due_at: int | None = None
) -> str | None:
    """Queue a delivery for a recipient unless it exists, within the caller's transaction.

    Confirmations, and warnings (sent by email to the endpoint's owner), have no version.
    """
    channel = "'mail'" if kind == "warning" else "channel"
    made = run(
        "INSERT INTO deliveries (id, version, recipient, channel, kind, state, state_at, due_at)"
        f" SELECT ?, ?, id, {channel}, ?, 'due', ?, ? FROM recipients WHERE id = ?"
        " ON CONFLICT (version, recipient, channel, kind) DO NOTHING RETURNING id",
        *(secrets.token_hex(16), version, kind, now, now if due_at is None else due_at, recipient),
    )
    return str(made[0]["id"]) if made else None


def add_to_digest(run: Run, version: int, recipient: str, now: int, due_at: int) -> None:
    """Add a version to the recipient's pending digest, or queue a new one; arguments as ``queue_delivery``.

    A digest that is leased by a worker or already composed is left unchanged.
    """
    # An update without effect: PostgreSQL waits for a worker that leases the row, then checks it again.
    waiting = run(
        "UPDATE deliveries SET kind = kind WHERE recipient = ? AND kind = 'digest'"
        " AND state = 'due' AND body_sha256 = '' RETURNING id",
        recipient,
    )
    delivery = waiting[0]["id"] if waiting else queue_delivery(run, version, recipient, now, "digest", due_at)
    run("INSERT INTO digest_versions VALUES (?, ?)", delivery, version)


def versions_in(database: Database, digest: str) -> tuple[int, ...]:
    """Return the versions in a digest."""
    rows = database.query("SELECT version FROM digest_versions WHERE delivery = ? ORDER BY version", digest)
    return tuple(row["version"] for row in rows)


def was_notified(database: Database, version: int, recipient: str) -> bool:
    """Whether a version's notice reached a recipient or may have; true for a successor without a notice."""
    rows = database.query(
        f"SELECT state FROM deliveries WHERE recipient = ? AND {NOTIFIES_OF}", recipient, version, version
    )
    return not rows or any(row["state"] in {"sent", "unknown"} for row in rows)


def send_again(database: Database, version: int, recipients: Iterable[str], now: int) -> int:
    """Queue the notices of a version again with the same bytes; return how many were queued."""
    done = 0
    with database.transaction() as run:
        for recipient in recipients:
            condition, values = f"recipient = ? AND {NOTIFIES_OF}", (recipient, version, version)
            if not run(f"SELECT id FROM deliveries WHERE {condition}", *values):
                done += queue_delivery(run, version, recipient, now) is not None
            again = run(
                "UPDATE deliveries SET state = 'due', state_at = ?, due_at = ?, attempts = 0, unknowns = 0"
                f" WHERE state NOT IN ('due', 'sending') AND {condition} RETURNING id",
                *(now, now, *values),
            )
            for row in again:
                add_fact(run, row["id"], now, "resent", "asked for by the publisher")
            done += len(again)
    return done
