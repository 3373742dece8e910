"""Rows of the outbox: of which version each tells, and to whom."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from register_api.sending.outbox import Leased, add_fact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from register_api.sending.database import Database, Row


class Due(Leased, frozen=True, kw_only=True):
    """A row of the outbox, and what it tells to whom."""

    version: int | None
    through: int | None
    recipient: str
    kind: str


def make_due(run: Callable[..., list[Row]], version: int, recipient: str, now: int) -> bool:
    """Add the row of a version for a recipient, unless there is one; within a transaction of the caller's."""
    return bool(
        run(
            "INSERT INTO deliveries (id, version, recipient, channel, kind, state, state_at, due_at)"
            " SELECT ?, ?, id, channel, 'notice', 'due', ?, ? FROM recipients WHERE id = ?"
            " ON CONFLICT (version, recipient, channel, kind) DO NOTHING RETURNING id",
            *(secrets.token_hex(16), version, now, now, recipient),
        )
    )


def send_again(database: Database, version: int, recipients: Iterable[str], now: int) -> int:
    """Make the notice of a version due again for recipients, with the bytes that it had before.

    Returns:
        How many rows are due now that were not.
    """
    done = 0
    with database.transaction() as run:
        for recipient in recipients:
            if make_due(run, version, recipient, now):
                done += 1
                continue
            again = run(
                "UPDATE deliveries SET state = 'due', state_at = ?, due_at = ?, attempts = 0, unknowns = 0"
                " WHERE version = ? AND recipient = ? AND kind = 'notice' AND state NOT IN ('due', 'sending')"
                " RETURNING id",
                *(now, now, version, recipient),
            )
            for row in again:
                add_fact(run, row["id"], now, "resent", "asked for by the publisher")
            done += len(again)
    return done
