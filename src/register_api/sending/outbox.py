"""The outbox: one row for each message to a recipient by a channel, and the states of a row.

A row is added in the transaction that records its cause. A worker *leases* rows, marks the start of the data
transfer (``begin``) and records the outcome (``finish``); it may crash at any point. A row whose transfer had
not begun is due again. Otherwise its outcome is *unknown*: the same bytes are sent once more with the same
Message-ID, and that is recorded; after a second unknown outcome, never again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import msgspec

from register_api.sending.database import Database, Run, insert, update

MINUTE, HOUR = 60, 3600
RETRY_AFTER = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, *(12 * HOUR for _ in range(8)))
"""Seconds from each deferred attempt to the next; after the last, the message counts as refused.

The total is four and a half days (RFC 5321, section 4.5.4.1: give up after at least 4 to 5 days).
"""

_LONGEST_REPLY = 500


def outbox_tables(about: str, of_facts: str = "") -> tuple[str, ...]:
    """Return the statements that create the tables, in SQL common to SQLite (STRICT) and PostgreSQL.

    ``deliveries`` is the outbox. ``due_at`` is when a row must be processed next: sent, retried or, in state
    ``sending``, taken over from a crashed worker; it is ``NULL`` once the row is finished. ``facts`` is the
    history of a delivery. Times are Unix time in seconds. ``about`` are the columns and constraints that
    describe recipient and subject; ``of_facts`` are further columns of facts, each after a comma.
    """
    return (
        f"""
        CREATE TABLE deliveries (
            id TEXT PRIMARY KEY,
            channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook', 'slack', 'teams')),
            state TEXT NOT NULL CHECK
                (state IN ('due', 'sending', 'sent', 'refused', 'unknown', 'bounced', 'opted_out')),
            state_at {{instant}} NOT NULL, reply TEXT NOT NULL DEFAULT '', due_at {{instant}},
            lease_owner TEXT, data_began_at {{instant}}, attempts INTEGER NOT NULL DEFAULT 0,
            unknowns INTEGER NOT NULL DEFAULT 0, message_id TEXT NOT NULL DEFAULT '',
            body_sha256 TEXT NOT NULL DEFAULT '', {about}
        ) {{strict}}
        """,
        "CREATE INDEX deliveries_due ON deliveries (channel, due_at, id)",
        "CREATE INDEX deliveries_begun ON deliveries (due_at) WHERE data_began_at IS NOT NULL",
        "CREATE INDEX deliveries_recipient ON deliveries (recipient)",
        """
        CREATE TABLE bodies (
            delivery TEXT PRIMARY KEY REFERENCES deliveries (id), body {bytes} NOT NULL
        ) {strict}
        """,
        f"""
        CREATE TABLE facts (
            id TEXT PRIMARY KEY, delivery TEXT NOT NULL REFERENCES deliveries (id), at {{instant}} NOT NULL,
            what TEXT NOT NULL, reply TEXT NOT NULL {of_facts}
        ) {{strict}}
        """,
        "CREATE INDEX facts_delivery ON facts (delivery, at)",
    )


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """A row leased by this worker."""

    id: str
    channel: str
    kind: str
    recipient: str
    version: int | None = None
    unknowns: int = 0


class SendResult(NamedTuple):
    """The outcome of an attempt, the server's reply, and the minimum wait of a deferred one in seconds."""

    what: Literal["sent", "refused", "unknown", "deferred", "opted_out"]
    reply: str
    wait: int = 0


def add_fact(run: Run, delivery: str, now: int, what: str, reply: str) -> None:
    """Record a fact about a delivery within the caller's transaction."""
    fact = {"id": secrets.token_hex(16), "delivery": delivery, "at": now, "what": what}
    insert(run, "facts", fact | {"reply": reply[:_LONGEST_REPLY]})


class Outbox:
    """The outbox as used by one worker."""

    def __init__(self, database: Database, owner: str, lease_seconds: int) -> None:
        """Set the worker's name, never reused, and the seconds of a lease, longer than sending takes."""
        self._database, self._owner, self._seconds = database, owner, lease_seconds

    def lease(self, now: int, limit: int, channels: Sequence[str]) -> list[Leased]:
        """Lease rows of some channels that are due, including those of crashed workers."""
        skip_locked, among = self._database.skip_locked, ", ".join("?" for _ in channels)
        with self._database.transaction() as run:
            for left in run(
                "SELECT id, unknowns FROM deliveries WHERE due_at <= ? AND state = 'sending'"
                f" AND data_began_at IS NOT NULL ORDER BY due_at {skip_locked}",
                now,
            ):
                _make_unknown(run, left["id"], left["unknowns"], now, "the worker ended while it was sent")
            rows = run(
                "UPDATE deliveries SET state = 'sending', state_at = ?, lease_owner = ?, due_at = ?,"
                f" data_began_at = NULL WHERE id IN (SELECT id FROM deliveries WHERE channel IN ({among})"
                " AND due_at <= ? AND (state <> 'sending' OR data_began_at IS NULL)"
                f" ORDER BY due_at, id LIMIT ? {skip_locked}) RETURNING *",
                *(now, self._owner, now + self._seconds, *channels, now, limit),
            )
        return [msgspec.convert(row, Leased) for row in rows]

    def begin(self, delivery: str, body: bytes, message_id: str, now: int) -> bool:
        """Mark the start of a transfer and store its bytes; false if the lease is lost: do not send."""
        with self._database.transaction() as run:
            mine = run(
                "UPDATE deliveries SET data_began_at = ?, due_at = ?, attempts = attempts + 1,"
                " message_id = ?, body_sha256 = ?"
                " WHERE id = ? AND state = 'sending' AND lease_owner = ? AND due_at > ? RETURNING id",
                *(now, now + self._seconds, message_id, hashlib.sha256(body).hexdigest()),
                *(delivery, self._owner, now),
            )
            if mine:
                run("INSERT INTO bodies VALUES (?, ?) ON CONFLICT (delivery) DO NOTHING", delivery, body)
        return bool(mine)

    def finish(
        self, leased: Leased, outcome: SendResult, now: int, retry_after: Sequence[int] = RETRY_AFTER
    ) -> None:
        """Record the outcome of a row leased by this worker; ``retry_after`` are pauses between attempts."""
        with self._database.transaction() as run:
            mine = run(
                "SELECT attempts, data_began_at FROM deliveries WHERE id = ? AND lease_owner = ?"
                " AND state = 'sending'",
                *(leased.id, self._owner),
            )
            if not mine:
                return
            if outcome.what == "unknown":
                _make_unknown(run, leased.id, leased.unknowns, now, outcome.reply)
                return
            # ``begin`` has not counted an attempt that ended before it.
            attempts = mine[0]["attempts"] + (mine[0]["data_began_at"] is None)
            state, due_at = str(outcome.what), None
            if state == "deferred":
                is_tried_again = attempts <= len(retry_after)
                state = "due" if is_tried_again else "refused"
                due_at = now + max(retry_after[attempts - 1], outcome.wait) if is_tried_again else None
            row = {"state": state, "state_at": now, "reply": outcome.reply[:_LONGEST_REPLY], "due_at": due_at}
            row |= {"lease_owner": None, "data_began_at": None, "attempts": attempts}
            update(run, "deliveries", {"id": leased.id}, row)
            add_fact(run, leased.id, now, outcome.what, outcome.reply)
            # The link in a confirmation is only for the recipient.
            if due_at is None and leased.kind == "confirmation":
                run("DELETE FROM bodies WHERE delivery = ?", leased.id)

    def give_back(self, rows: Iterable[Leased], now: int) -> None:
        """Release leased rows that were not sent, without counting an attempt."""
        with self._database.transaction() as run:
            for row in rows:
                run(
                    "UPDATE deliveries SET state = 'due', state_at = ?, due_at = ?, lease_owner = NULL"
                    " WHERE id = ? AND lease_owner = ? AND state = 'sending' AND data_began_at IS NULL",
                    *(now, now, row.id, self._owner),
                )

    def body(self, delivery: str) -> bytes | None:
        """Return the bytes of a message whose transfer began before."""
        found = self._database.query("SELECT body FROM bodies WHERE delivery = ?", delivery)
        return bytes(found[0]["body"]) if found else None


def _make_unknown(run: Run, delivery: str, unknowns: int, now: int, why: str) -> None:
    """Mark a row as unknown: it is sent once more the first time, and never again after that."""
    run(
        "UPDATE deliveries SET state = 'unknown', state_at = ?, reply = ?, due_at = ?, lease_owner = NULL,"
        " data_began_at = NULL, unknowns = unknowns + 1 WHERE id = ?",
        *(now, why[:_LONGEST_REPLY], None if unknowns else now + RETRY_AFTER[0], delivery),
    )
    add_fact(run, delivery, now, "unknown", why)
