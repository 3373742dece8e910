"""What is kept of a person: exported, erased, and deleted once it is old."""

from __future__ import annotations

from typing import Any

from register_api.core.text import quoted
from register_api.errors import NotifyError
from register_api.notify.contacts import Recipient, active_contact, leave, pseudonym_of, recipients_at
from register_api.notify.contacts_file import address_of
from register_api.notify.subscriptions import LIFETIMES
from register_api.sending.database import Database, Run

_DELIVERIES = "(SELECT id FROM deliveries WHERE recipient = ?)"


def export_person(database: Database, address: str) -> list[dict[str, Any]]:
    """Return all that is kept of a person (GDPR Art. 15), a dictionary for each recipient at the address."""
    return [_all_of(database.query, recipient) for recipient in recipients_at(database, address)]


_KEPT = {
    "endpoints": (
        "SELECT owner, failures, failing_since, warned_at, ended_at, reply FROM endpoints WHERE recipient = ?"
    ),
    "deliveries": "SELECT * FROM deliveries WHERE recipient = ? ORDER BY version",
    "answers": "SELECT * FROM answers WHERE recipient = ? ORDER BY version, number",
    "links": (
        "SELECT purpose, version, created_at, expires_at, used_at FROM links WHERE recipient = ?"
        " ORDER BY created_at"
    ),
}
"""What is kept beside a recipient, and how it is read."""


def _all_of(run: Run, recipient: Recipient) -> dict[str, Any]:
    pseudonym = pseudonym_of(recipient.pseudonym_key, recipient.address)
    everything: dict[str, Any] = {"recipient": recipient.printable() | {"pseudonym": pseudonym}}
    everything |= {name: run(query, recipient.id) for name, query in _KEPT.items()}
    for row in everything["deliveries"]:
        row["facts"] = run("SELECT at, what, reply FROM facts WHERE delivery = ? ORDER BY at", row["id"])
        bodies = run("SELECT body FROM bodies WHERE delivery = ?", row["id"])
        row["mail"] = bytes(bodies[0]["body"]).decode(errors="replace") if bodies else None
    return everything


def erase(database: Database, address: str, now: int, *, successor: str = "", ended: bool = False) -> int:
    """Forget a person: address, name, key of the pseudonym, bodies and replies; that they were told stays.

    An active contact needs a successor, the address of a contact of the same customer who is told from now
    on, unless the contract has ended.

    Returns:
        How many recipients had that address.

    Raises:
        NotifyError: There is none; or it is an active contact, and neither a successor nor an end was named.
    """
    found = recipients_at(database, address)
    with database.transaction() as run:
        for recipient in found:
            heir = None
            if recipient.kind == "contact" and recipient.state == "active" and not ended:
                heir = active_contact(run, recipient.customer, address_of(successor)) if successor else None
                if heir in {None, recipient.id}:
                    raise NotifyError(
                        f"{quoted(address)} is the contact of customer {quoted(recipient.customer)},"
                        " to whom notice is owed",
                        hint="name another contact of theirs with --successor, or say --contract-ended",
                    )
            if recipient.state == "active":
                leave(run, recipient.id, heir, now)
            forget(run, recipient.id, now)
    database.forget_deleted()
    return len(found)


def forget(run: Run, recipient: str, now: int) -> None:
    """Delete what says who a recipient is, in a transaction of the caller's."""
    run(
        "UPDATE recipients SET address = NULL, name = '', pseudonym_key = NULL, state = 'erased',"
        " left_at = coalesce(left_at, ?) WHERE id = ?",
        *(now, recipient),
    )
    for statement in (
        "DELETE FROM endpoints WHERE recipient = ?",
        f"DELETE FROM bodies WHERE delivery IN {_DELIVERIES}",
        f"UPDATE facts SET reply = '' WHERE delivery IN {_DELIVERIES}",
        "UPDATE deliveries SET reply = '' WHERE recipient = ?",
        "UPDATE answers SET reason = '' WHERE recipient = ?",
        "DELETE FROM links WHERE recipient = ?",
    ):
        run(statement, recipient)


def retain(database: Database, oldest: int, now: int) -> tuple[int, int]:
    """Delete what is older than an instant: bodies of mails, recipients who left, and what they were told.

    Who asked to subscribe and did not confirm while the link was good goes, too, and so do unused links then.

    Returns:
        How many bodies and how many recipients are gone.
    """
    with database.transaction() as run:
        left = run(
            "SELECT id FROM recipients WHERE state IN ('left', 'erased') AND left_at < ?"
            " OR state = 'pending' AND created_at < ?",
            *(oldest, now - LIFETIMES["confirm"]),
        )
        for row in left:
            for statement in (
                f"DELETE FROM bodies WHERE delivery IN {_DELIVERIES}",
                f"DELETE FROM facts WHERE delivery IN {_DELIVERIES}",
                "DELETE FROM links WHERE recipient = ?",
                "DELETE FROM answers WHERE recipient = ?",
                "DELETE FROM deliveries WHERE recipient = ?",
                "UPDATE recipients SET successor = NULL WHERE successor = ?",
                "DELETE FROM recipients WHERE id = ?",
            ):
                run(statement, row["id"])
        run("DELETE FROM seals WHERE NOT EXISTS (SELECT 1 FROM facts WHERE seal = root)")
        run("DELETE FROM links WHERE expires_at < ? AND used_at IS NULL", now)
        bodies = run(
            "DELETE FROM bodies WHERE delivery IN (SELECT id FROM deliveries WHERE state_at < ?"
            " AND due_at IS NULL) RETURNING delivery",
            oldest,
        )
    database.forget_deleted()
    return len(bodies), len(left)
