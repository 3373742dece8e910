"""Recipients in the database: contract contacts imported, listed and replaced."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from register_api.core.delivery import KEY_BYTES, address_mac
from register_api.core.text import masked_url, quoted
from register_api.errors import NotifyError
from register_api.files.hand_written import RowFault
from register_api.notify.contacts_file import ContactRow, address_of
from register_api.notify.deliveries import make_due
from register_api.sending.database import Database, Run
from register_api.sending.outbox import add_fact

_SAID = ("name", "products", "language", "hears")
"""What an import may change of a contact that is there already."""

Done = Literal["added", "changed", "unchanged", "replaced"]


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told; the columns of the table."""

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
    def shown(self) -> str | None:
        """The address, or of an endpoint's as much as may be shown."""
        return shown_address(self.channel, self.address)

    def printable(self) -> dict[str, Any]:
        """Return what may be printed: no key, no secret, and of the address as much as may be shown."""
        kept = msgspec.structs.asdict(self) | {"address": self.shown}
        return {name: value for name, value in kept.items() if name not in {"pseudonym_key", "secret"}}


def pseudonym_of(key: bytes | None, address: str | None) -> str | None:
    """Return what stands for an address in records, until its key is deleted: HMAC-SHA-256, hex."""
    return None if key is None or address is None else address_mac(key, address)


def shown_address(channel: str, address: str | None) -> str | None:
    """Return an address, or of an endpoint's as much as may be shown."""
    return address if channel == "mail" or address is None else masked_url(address)


class Imported(NamedTuple):
    """What an import did, and what it did not: where there are faults, nothing."""

    done: dict[Done, int]
    absent: int
    faults: list[RowFault]


class _Faulty(Exception):
    """Ends the transaction of an import that has faults."""


def import_contacts(database: Database, contacts: Mapping[int, ContactRow], now: int) -> Imported:
    """Import contacts, by the line of their file: all of them, or none where one has a fault.

    Nobody leaves because a file does not name them any more: a notice is owed to them until another contact
    comes in their place.
    """
    done: dict[Done, int] = dict.fromkeys(("added", "changed", "unchanged", "replaced"), 0)
    faults: list[RowFault] = []
    named = {contact.key for contact in contacts.values()}
    try:
        with database.transaction() as run:
            for contact in contacts.values():
                done[_put(run, contact, now)] += 1
            for line, contact in contacts.items():
                if contact.replaces:
                    fault = _replace(run, contact, named, now)
                    faults += [RowFault(line, fault)] if fault else []
                    done["replaced"] += not fault
            if faults:
                raise _Faulty  # noqa: TRY301 - undoes the transaction
            active = run(
                "SELECT count(*) AS n FROM recipients"
                " WHERE kind = 'contact' AND channel = 'mail' AND state = 'active'"
            )
    except _Faulty:
        return Imported(dict.fromkeys(done, 0), 0, faults)
    return Imported(done, active[0]["n"] - len(named), [])


def _put(run: Run, contact: ContactRow, now: int) -> Done:
    """Add a contact, or bring the one that is there up to date."""
    values = [getattr(contact, name) for name in _SAID]
    there = run(
        "SELECT * FROM recipients WHERE kind = 'contact' AND channel = 'mail'"
        " AND customer = ? AND address = ?",
        *contact.key,
    )
    if not there:
        run(
            "INSERT INTO recipients (id, kind, channel, customer, address, name, products, language, hears,"
            " state, pseudonym_key, created_at)"
            " VALUES (?, 'contact', 'mail', ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
            *(secrets.token_hex(16), *contact.key, *values, secrets.token_bytes(KEY_BYTES), now),
        )
        return "added"
    if there[0]["state"] == "active" and [there[0][name] for name in _SAID] == values:
        return "unchanged"
    run(
        "UPDATE recipients SET name = ?, products = ?, language = ?, hears = ?, state = 'active',"
        " successor = NULL, left_at = NULL WHERE id = ?",
        *(*values, there[0]["id"]),
    )
    return "changed"


def _replace(run: Run, contact: ContactRow, named: set[tuple[str, str]], now: int) -> str | None:
    """Let a contact take another's place; returns what is wrong with that, if anything is."""
    gone = (contact.customer, contact.replaces)
    if gone in named:
        return f"replaces: {quoted(contact.replaces)} stays, says another row of the file"
    old = run(
        "SELECT id, state, successor FROM recipients WHERE kind = 'contact' AND customer = ? AND address = ?",
        *gone,
    )
    heir = active_contact(run, *contact.key)
    if heir is None or not old:
        return f"replaces: {quoted(contact.replaces)} is not a contact of this customer"
    if old[0]["state"] == "active":
        leave(run, old[0]["id"], heir, now)
        return None
    # The same file once more: it says what is so already.
    known = old[0]["successor"] == heir
    return None if known else f"replaces: {quoted(contact.replaces)} has left before"


def active_contact(run: Run, customer: str, address: str) -> str | None:
    """Return the id of a customer's contact who is told."""
    found = run(
        "SELECT id FROM recipients WHERE kind = 'contact' AND state = 'active'"
        " AND customer = ? AND address = ?",
        *(customer, address),
    )
    return str(found[0]["id"]) if found else None


def leave(run: Run, recipient: str, successor: str | None, now: int) -> None:
    """Let a recipient leave; what they have not been told, their successor is."""
    run(
        "UPDATE recipients SET state = 'left', successor = ?, left_at = ? WHERE id = ?",
        *(successor, now, recipient),
    )
    open_rows = run(
        "SELECT id, version, kind, state, due_at FROM deliveries WHERE recipient = ?"
        " AND (state = 'due' OR kind = 'notice' AND state IN ('refused', 'bounced', 'unknown'))",
        recipient,
    )
    for row in open_rows:
        if successor is not None and row["kind"] in {"notice", "reminder"}:
            due_at = row["due_at"] if row["kind"] == "reminder" else now
            make_due(run, row["version"], successor, now, row["kind"], due_at)
        if row["state"] == "due":
            run(
                "UPDATE deliveries SET state = 'opted_out', state_at = ?, due_at = NULL WHERE id = ?",
                *(now, row["id"]),
            )
            add_fact(run, row["id"], now, "opted_out", "the recipient left")


def list_recipients(database: Database) -> list[Recipient]:
    """Return everyone told by mail who was not erased, by customer and address."""
    rows = database.query(
        "SELECT * FROM recipients WHERE address IS NOT NULL AND channel = 'mail' ORDER BY customer, address"
    )
    return [msgspec.convert(row, Recipient) for row in rows]


def recipients_at(database: Database, address: str) -> list[Recipient]:
    """Return the recipients at an address, and the endpoints that it owns; if none, it is a ``NotifyError``.

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
