"""Subscriptions: request by form, confirmation by email (double opt-in), change and cancellation.

Subscribers act by links in emails with random tokens, each for one purpose and recipient; only hashes are
stored. There are no accounts: a link grants exactly its own permission to anyone who has the mail.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Literal, NamedTuple

import msgspec

from register_api.core.language.language import message
from register_api.core.model import Register
from register_api.core.text import email_problem
from register_api.notify.deliveries import queue_delivery
from register_api.notify.persons import SECONDS_TO_CONFIRM, add_recipient, address_of, languages
from register_api.notify.persons import leave as leave_outbox
from register_api.sending.database import Database, Row, Run, insert, update
from register_api.web import Form, plain, value_of

Purpose = Literal["confirm", "manage", "answer"]

_MINUTE, _DAY = 60, 86_400
LIFETIMES: dict[Purpose, int] = {"confirm": SECONDS_TO_CONFIRM, "manage": 400 * _DAY, "answer": 400 * _DAY}
"""Lifetimes of links in seconds; every email to a subscriber contains a new ``manage`` link."""

_MAX_MAILS, _WITHIN, _APART = 5, 7 * _DAY, 10 * _MINUTE
"""Limits for confirmation emails to one address: number within a period, and minimum interval (seconds)."""


def keep_link(run: Run, purpose: Purpose, recipient: str, version: int | None, now: int) -> str:
    """Store a link within the caller's transaction and return its token (128 random bits)."""
    token = secrets.token_urlsafe(16)
    link = {"sha256": _hash(token), "purpose": purpose, "recipient": recipient, "version": version}
    insert(run, "links", link | {"created_at": now, "expires_at": now + LIFETIMES[purpose]})
    return token


def find_link(run: Run, token: str, purpose: Purpose, now: int) -> Row | None:
    """Return the link of a token; ``None`` if it is unknown, expired or for another purpose."""
    query = "SELECT * FROM links WHERE sha256 = ? AND purpose = ? AND expires_at > ?"
    return next(iter(run(query, _hash(token), purpose, now)), None)


def use_link(run: Run, link: Row, now: int) -> None:
    """Mark a link as used; in PostgreSQL this locks the row against concurrent use."""
    run("UPDATE links SET used_at = ? WHERE sha256 = ?", now, link["sha256"])


def _use_confirmations(run: Run, recipient: str, now: int) -> None:
    run(
        "UPDATE links SET used_at = ? WHERE recipient = ? AND purpose = 'confirm' AND used_at IS NULL",
        *(now, recipient),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """A subscriber's preferences, as columns of recipients."""

    products: str = ""
    language: str = "en"
    hears: Literal["all", "important"] = "all"
    frequency: Literal["at_once", "daily", "weekly"] = "at_once"
    reminders: bool = True


class Subscriber(Preferences, frozen=True, kw_only=True):
    """A subscriber or contract contact with their preferences."""

    id: str
    kind: Literal["contact", "subscriber"]
    state: Literal["pending", "active", "left", "erased"]


class SubscriptionForm(NamedTuple):
    """A submitted form; ``fault`` is its error as a translatable message."""

    address: str
    preferences: Preferences
    fault: str | None


def read_preferences(form: Form, register: Register, *, asks_address: bool) -> SubscriptionForm:
    """Read a form; if it is invalid, the valid input is kept to be shown again."""
    address = address_of(plain(value_of(form, "address")))
    known = [product.id for product in register.products]
    stated = {
        "products": " ".join(each for each in known if each in form.get("product", [])),
        "reminders": value_of(form, "reminders") == "yes",
        **{name: value_of(form, name) for name in ("language", "hears", "frequency") if value_of(form, name)},
    }
    fault, not_a_choice = None, message("One of the choices is not valid.")
    try:
        preferences = msgspec.convert(stated, Preferences)
    except msgspec.ValidationError:
        preferences, fault = Preferences(), not_a_choice
    if preferences.language not in languages():
        fault = not_a_choice
    if asks_address and email_problem(address):
        fault = message("This is not a valid email address.")
    return SubscriptionForm(address, preferences, fault)


def subscribe(database: Database, address: str, preferences: Preferences, now: int) -> None:
    """Process a subscription request: send an email with a link to the address, within the rate limit.

    Existing subscribers keep their preferences, because anyone can submit the form in their name; they are
    sent a link to change them.
    """
    with database.transaction() as run:
        who = {"kind": "subscriber", "channel": "mail", "address": address, "state": "pending"}
        add_recipient(run, now, **who, language=preferences.language, hears=preferences.hears)
        recipient: Row = run(
            "UPDATE recipients SET created_at = CASE WHEN state = 'left' THEN ? ELSE created_at END,"
            " state = CASE WHEN state = 'left' THEN 'pending' ELSE state END WHERE kind = 'subscriber'"
            " AND channel = 'mail' AND customer = '' AND address = ? RETURNING id, state",
            *(now, address),
        )[0]
        if recipient["state"] == "pending":
            change(run, recipient["id"], preferences)
        sent = run(
            "SELECT state_at FROM deliveries WHERE recipient = ? AND kind = 'confirmation' AND state_at > ?",
            *(recipient["id"], now - _WITHIN),
        )
        newest = max((row["state_at"] for row in sent), default=0)
        if len(sent) < _MAX_MAILS and newest <= now - _APART:
            queue_delivery(run, None, recipient["id"], now, "confirmation")


def change(run: Run, recipient: str, preferences: Preferences) -> None:
    """Change a subscriber's preferences."""
    row = {name: getattr(preferences, name) for name in Preferences.__struct_fields__}
    update(run, "recipients", {"id": recipient}, row | {"reminders": int(preferences.reminders)})


def owner_of(run: Run, link: Row) -> Subscriber:
    """Return the recipient of a link."""
    (row,) = run("SELECT * FROM recipients WHERE id = ?", link["recipient"])
    return msgspec.convert(row, Subscriber, strict=False)


def confirm(run: Run, link: Row, now: int) -> str | None:
    """Confirm a subscription and return a token to manage it; ``None`` if none is pending."""
    use_link(run, link, now)
    confirmed = link["used_at"] is None and run(
        "UPDATE recipients SET state = 'active', left_at = NULL WHERE id = ? AND state = 'pending'"
        " RETURNING id",
        link["recipient"],
    )
    if not confirmed:
        return None
    _use_confirmations(run, link["recipient"], now)
    return keep_link(run, "manage", link["recipient"], None, now)


def leave(run: Run, recipient: str, now: int) -> None:
    """End a subscription immediately, cancelling pending deliveries and confirmation links."""
    leave_outbox(run, recipient, None, now)
    _use_confirmations(run, recipient, now)
