"""What is kept of a person: exported, and erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from register_api.core.printable import quoted
from register_api.errors import NotifyError
from register_api.notify.contacts import Recipient, active_contact, leave, recipients_at
from register_api.notify.contacts_file import address_of
from register_api.sending.database import Database, Row


def export_person(database: Database, address: str) -> list[dict[str, Any]]:
    """Return all that is kept of a person (GDPR Art. 15), a dictionary for each recipient at the address.

    Raises:
        NotifyError: There is none.
    """
    return [_all_of(database, recipient) for recipient in recipients_at(database, address)]


def _all_of(database: Database, recipient: Recipient) -> dict[str, Any]:
    kept = msgspec.structs.asdict(recipient)
    kept["pseudonym"] = Recipient.pseudonym_of(kept.pop("pseudonym_key"), recipient.address)
    kept["address"] = recipient.shown
    deliveries = database.query("SELECT * FROM deliveries WHERE recipient = ? ORDER BY version", recipient.id)
    for row in deliveries:
        row["facts"] = database.query(
            "SELECT at, what, reply FROM facts WHERE delivery = ? ORDER BY at", row["id"]
        )
        bodies = database.query("SELECT body FROM bodies WHERE delivery = ?", row["id"])
        row["mail"] = bytes(bodies[0]["body"]).decode(errors="replace") if bodies else None
    answers = database.query(
        "SELECT * FROM answers WHERE recipient = ? ORDER BY version, number", recipient.id
    )
    links = database.query(
        "SELECT purpose, version, created_at, expires_at, used_at FROM links WHERE recipient = ?"
        " ORDER BY created_at",
        recipient.id,
    )
    endpoints = database.query(
        "SELECT owner, failures, failing_since, warned_at, ended_at, reply FROM endpoints"
        " WHERE recipient = ?",
        recipient.id,
    )
    return {
        "recipient": kept,
        "endpoints": endpoints,
        "deliveries": deliveries,
        "answers": answers,
        "links": links,
    }


def erase(database: Database, address: str, now: int, *, successor: str = "", ended: bool = False) -> int:
    """Forget a person: address, name, key of the pseudonym, bodies and replies; that they were told stays.

    Args:
        database: Where they are kept.
        address: Whom to forget.
        now: The present instant, Unix time.
        successor: Address of a contact of the same customer who is told from now on.
        ended: Whether the contract has ended, so that no notice is owed any more.

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


def forget(run: Callable[..., list[Row]], recipient: str, now: int) -> None:
    """Delete what says who a recipient is, in a transaction of the caller's."""
    run("DELETE FROM endpoints WHERE recipient = ?", recipient)
    run(
        "UPDATE recipients SET address = NULL, name = '', pseudonym_key = NULL, state = 'erased',"
        " left_at = coalesce(left_at, ?) WHERE id = ?",
        *(now, recipient),
    )
    of_theirs = "IN (SELECT id FROM deliveries WHERE recipient = ?)"
    run(f"DELETE FROM bodies WHERE delivery {of_theirs}", recipient)
    run(f"UPDATE facts SET reply = '' WHERE delivery {of_theirs}", recipient)
    run("UPDATE deliveries SET reply = '' WHERE recipient = ?", recipient)
    run("UPDATE answers SET reason = '' WHERE recipient = ?", recipient)
    run("DELETE FROM links WHERE recipient = ?", recipient)
