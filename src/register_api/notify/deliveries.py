"""Rows of the outbox: of which version each tells, and to whom."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Literal

from register_api.sending.database import Database, Row
from register_api.sending.outbox import Leased, add_fact

Kind = Literal["notice", "digest", "reminder"]

TELLING = (
    "(kind = 'notice' AND version = ? OR kind = 'digest'"
    " AND id IN (SELECT delivery FROM digest_versions WHERE version = ?))"
)
"""What a query says to find the rows that tell of a version, which is given twice."""


class Due(Leased, frozen=True, kw_only=True):
    """A row of the outbox, and what it tells to whom."""

    version: int | None
    recipient: str
    kind: str

    @property
    def keeps_body(self) -> bool:
        """A link to confirm with is nobody's but the recipient's."""
        return self.kind != "confirmation"


def make_due(
    run: Callable[..., list[Row]],
    version: int,
    recipient: str,
    now: int,
    kind: Kind = "notice",
    due_at: int | None = None,
) -> str | None:
    """Add the row of a version for a recipient, unless there is one; within a transaction of the caller's."""
    made = run(
        "INSERT INTO deliveries (id, version, recipient, channel, kind, state, state_at, due_at)"
        " SELECT ?, ?, id, channel, ?, 'due', ?, ? FROM recipients WHERE id = ?"
        " ON CONFLICT (version, recipient, channel, kind) DO NOTHING RETURNING id",
        *(secrets.token_hex(16), version, kind, now, now if due_at is None else due_at, recipient),
    )
    return str(made[0]["id"]) if made else None


def add_to_digest(run: Callable[..., list[Row]], version: int, recipient: str, now: int, due_at: int) -> None:
    """Let the digest that a recipient is about to get tell of a version, too; or make one.

    One that a worker has, or whose bytes were written before, stays as it is. Arguments as ``make_due``.
    """
    # An update that changes nothing: PostgreSQL waits for a worker that takes the row, and then looks again.
    waiting = run(
        "UPDATE deliveries SET kind = kind WHERE recipient = ? AND kind = 'digest'"
        " AND state = 'due' AND body_sha256 = '' RETURNING id",
        recipient,
    )
    delivery = waiting[0]["id"] if waiting else make_due(run, version, recipient, now, "digest", due_at)
    run("INSERT INTO digest_versions VALUES (?, ?)", delivery, version)


def versions_in(database: Database, digest: str) -> tuple[int, ...]:
    """Return the versions that a digest tells of."""
    rows = database.query("SELECT version FROM digest_versions WHERE delivery = ? ORDER BY version", digest)
    return tuple(row["version"] for row in rows)


def was_told(database: Database, version: int, recipient: str) -> bool:
    """Tell whether a version reached a recipient, or may have; who came in another's place counts as told."""
    rows = database.query(
        f"SELECT state FROM deliveries WHERE recipient = ? AND {TELLING}", recipient, version, version
    )
    return not rows or any(row["state"] in {"sent", "unknown"} for row in rows)


def send_again(database: Database, version: int, recipients: Iterable[str], now: int) -> int:
    """Make what tells of a version due again for recipients, with the bytes that it had before.

    Returns:
        How many rows are due now that were not.
    """
    done = 0
    with database.transaction() as run:
        for recipient in recipients:
            rows = run(
                f"SELECT id, state FROM deliveries WHERE recipient = ? AND {TELLING}",
                *(recipient, version, version),
            )
            if not rows:
                done += make_due(run, version, recipient, now) is not None
            for row in rows:
                if row["state"] not in {"due", "sending"}:
                    _again(run, row["id"], now)
                    done += 1
    return done


def _again(run: Callable[..., list[Row]], delivery: str, now: int) -> None:
    run(
        "UPDATE deliveries SET state = 'due', state_at = ?, due_at = ?, attempts = 0, unknowns = 0"
        " WHERE id = ?",
        *(now, now, delivery),
    )
    add_fact(run, delivery, now, "resent", "asked for by the publisher")
