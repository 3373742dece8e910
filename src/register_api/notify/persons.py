"""Recipients (people and endpoints): adding, leaving, data export, erasure and retention."""

from __future__ import annotations

import secrets
from typing import Any, Literal

import msgspec

from register_api.core.delivery import KEY_BYTES, address_mac
from register_api.core.language.language import ENGLISH, translations
from register_api.core.text import masked_url, quoted
from register_api.errors import NotifyError
from register_api.notify.deliveries import queue_delivery
from register_api.sending.database import Database, Row, Run, insert, update
from register_api.sending.outbox import add_fact

SECONDS_TO_CONFIRM = 7 * 86_400
"""Lifetime of a confirmation link."""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """A recipient; the fields are the columns."""

    id: str
    kind: Literal["contact", "subscriber"]
    channel: str
    address: str | None
    name: str
    customer: str
    products: str
    language: str
    hears: str
    state: Literal["pending", "active", "left", "erased"]
    successor: str | None
    pseudonym_key: bytes | None
    created_at: int
    left_at: int | None

    @property
    def display_address(self) -> str | None:
        """The address, masked for an endpoint."""
        return display_address(self.channel, self.address)

    def printable(self) -> dict[str, Any]:
        """Return the fields for display, without key and secret, and with the endpoint address masked."""
        kept = msgspec.structs.asdict(self) | {"address": self.display_address}
        return {name: value for name, value in kept.items() if name not in {"pseudonym_key", "secret"}}


def add_recipient(run: Run, now: int, **columns: object) -> str | None:
    """Add a recipient and return its id; ``None`` if kind, channel, customer and address exist already."""
    key = secrets.token_bytes(KEY_BYTES)
    row = {"id": secrets.token_hex(16), "pseudonym_key": key, "created_at": now, **columns}
    unless_there = "ON CONFLICT (kind, channel, customer, address) DO NOTHING RETURNING id"
    added = insert(run, "recipients", row, unless_there)
    return str(added[0]["id"]) if added else None


def pseudonym_of(key: bytes | None, address: str | None) -> str | None:
    """Return the pseudonym of an address in records (HMAC-SHA-256, hex); ``None`` once its key is deleted."""
    return None if key is None or address is None else address_mac(key, address)


def display_address(channel: str, address: str | None) -> str | None:
    """Return an address, masked for an endpoint."""
    return address if channel == "mail" or address is None else masked_url(address)


def languages() -> list[str]:
    """Return the language tags available for pages and mails."""
    return sorted({ENGLISH.tag, *translations()})


def address_of(text: str) -> str:
    """Return a normalised email address: the domain in lower case (RFC 5321, section 2.4)."""
    local, at, domain = text.strip().rpartition("@")
    return f"{local}{at}{domain.lower()}"


def recipients_at(database: Database, address: str) -> list[Recipient]:
    """Return all recipients at an address and the endpoints that it owns; none is a ``NotifyError``.

    One person may be a contact of several customers.
    """
    found = address_of(address)
    rows = database.query(
        "SELECT * FROM recipients WHERE address = ?"
        " OR id IN (SELECT recipient FROM endpoints WHERE owner = ?) ORDER BY channel, id",
        *(found, found),
    )
    if not rows:
        raise NotifyError(
            f"no recipient has the address {quoted(address)}", hint="register-api notify contacts list"
        )
    return [msgspec.convert(row, Recipient) for row in rows]


def contact_at(run: Run, customer: str, address: str) -> Row:
    """Return a customer's contact as a row, with all columns ``None`` if it does not exist."""
    query = "SELECT * FROM recipients WHERE kind = 'contact' AND customer = ? AND address = ?"
    found = run(query, customer, address)
    return found[0] if found else dict.fromkeys(Recipient.__struct_fields__)


def leave(run: Run, recipient: str, successor: str | None, now: int) -> None:
    """Deactivate a recipient; their undelivered notices are queued for the successor."""
    left = {"state": "left", "successor": successor, "left_at": now}
    update(run, "recipients", {"id": recipient}, left)
    open_rows = run(
        "SELECT id, version, kind, state, due_at FROM deliveries WHERE recipient = ?"
        " AND (state = 'due' OR kind = 'notice' AND state IN ('refused', 'bounced', 'unknown'))",
        recipient,
    )
    for row in open_rows:
        if successor is not None and row["kind"] in {"notice", "reminder"}:
            due_at = row["due_at"] if row["kind"] == "reminder" else now
            queue_delivery(run, row["version"], successor, now, row["kind"], due_at)
        if row["state"] == "due":
            ended = {"state": "opted_out", "state_at": now, "due_at": None}
            update(run, "deliveries", {"id": row["id"]}, ended)
            add_fact(run, row["id"], now, "opted_out", "the recipient left")


_DELIVERIES = "(SELECT id FROM deliveries WHERE recipient = ?)"


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
"""Queries for the data stored about a recipient."""


def export_person(database: Database, address: str) -> list[dict[str, Any]]:
    """Return all data stored about a person (GDPR Art. 15), by recipient at the address."""
    found, run = [], database.query
    for recipient in recipients_at(database, address):
        pseudonym = pseudonym_of(recipient.pseudonym_key, recipient.address)
        everything: dict[str, Any] = {"recipient": recipient.printable() | {"pseudonym": pseudonym}}
        everything |= {name: run(query, recipient.id) for name, query in _KEPT.items()}
        for row in everything["deliveries"]:
            row["facts"] = run("SELECT at, what, reply FROM facts WHERE delivery = ? ORDER BY at", row["id"])
            bodies = run("SELECT body FROM bodies WHERE delivery = ?", row["id"])
            row["mail"] = bytes(bodies[0]["body"]).decode(errors="replace") if bodies else None
        found.append(everything)
    return found


def erase(database: Database, address: str, now: int, *, successor: str = "", ended: bool = False) -> int:
    """Erase a person's address, name, pseudonym key, emails and replies, and return the number of recipients.

    The record that they were notified stays. Unless the contract has ended (``ended``), an active contact
    needs a successor, given as the address of a contact of the same customer.
    """
    found = recipients_at(database, address)
    with database.transaction() as run:
        for recipient in found:
            heir_id = None
            if recipient.kind == "contact" and recipient.state == "active" and not ended:
                other = contact_at(run, recipient.customer, address_of(successor))
                heir_id = other["id"]
                if other["state"] != "active" or heir_id == recipient.id:
                    raise NotifyError(
                        f"{quoted(address)} is the contact of customer {quoted(recipient.customer)},"
                        " to whom notice is owed",
                        hint="name another contact of theirs with --successor, or say --contract-ended",
                    )
            if recipient.state == "active":
                leave(run, recipient.id, heir_id, now)
            forget(run, recipient.id, now)
    database.forget_deleted()
    return len(found)


def forget(run: Run, recipient: str, now: int) -> None:
    """Delete the data that identifies a recipient, within the caller's transaction."""
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
    """Delete emails and departed recipients (with their records) older than ``oldest``, and count both.

    Unconfirmed subscriptions and unused links that have expired by ``now`` are deleted too.
    """
    with database.transaction() as run:
        left = run(
            "SELECT id FROM recipients WHERE state IN ('left', 'erased') AND left_at < ?"
            " OR state = 'pending' AND created_at < ?",
            *(oldest, now - SECONDS_TO_CONFIRM),
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
