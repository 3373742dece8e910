"""Subscribers: they ask by a form, confirm by mail (double opt-in), change, and leave."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Literal

import msgspec

from register_api.notify import links
from register_api.notify.contacts import leave as leave_outbox
from register_api.sending.database import Database, Row

_MINUTE, _DAY = 60, 86_400
_MOST_MAILS, _WITHIN, _APART = 5, 7 * _DAY, 10 * _MINUTE
"""Mails that the form sends to one address at most: so many in so many seconds, and so far apart."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a subscriber wants to hear, and how; as the columns of recipients."""

    products: str = ""
    language: str = "en"
    hears: Literal["all", "important"] = "all"
    frequency: Literal["at_once", "daily", "weekly"] = "at_once"
    reminders: bool = True


class Subscriber(Preferences, frozen=True, kw_only=True):
    """A subscriber as their pages show them."""

    id: str
    kind: Literal["contact", "subscriber"]
    state: Literal["pending", "active", "left", "erased"]


_COLUMNS = Preferences.__struct_fields__


def subscribe(database: Database, address: str, wanted: Preferences, now: int) -> None:
    """Take a wish to subscribe: a mail with a link goes to the address, unless it got enough of them lately.

    The one who asks learns nothing of what is known of the address. Who subscribes already keeps their
    preferences, since anyone may ask in their name; they are sent a link to change them.
    """
    with database.transaction() as run:
        run(
            "INSERT INTO recipients (id, kind, channel, address, language, hears, state, pseudonym_key,"
            " created_at) VALUES (?, 'subscriber', 'mail', ?, ?, ?, 'pending', ?, ?)"
            " ON CONFLICT (kind, channel, customer, address) DO NOTHING",
            *(secrets.token_hex(16), address, wanted.language, wanted.hears, secrets.token_bytes(32), now),
        )
        recipient = run(
            "UPDATE recipients SET created_at = CASE WHEN state = 'left' THEN ? ELSE created_at END,"
            " state = CASE WHEN state = 'left' THEN 'pending' ELSE state END WHERE kind = 'subscriber'"
            " AND channel = 'mail' AND customer = '' AND address = ? RETURNING id, state",
            *(now, address),
        )[0]
        if recipient["state"] == "pending":
            _set(run, recipient["id"], wanted)
        if _may_be_mailed(run, recipient["id"], now):
            run(
                "INSERT INTO deliveries (id, recipient, channel, kind, state, state_at, due_at)"
                " VALUES (?, ?, 'mail', 'confirmation', 'due', ?, ?)",
                *(secrets.token_hex(16), recipient["id"], now, now),
            )


def _may_be_mailed(run: Callable[..., list[Row]], recipient: str, now: int) -> bool:
    sent = run(
        "SELECT state_at FROM deliveries WHERE recipient = ? AND kind = 'confirmation' AND state_at > ?",
        *(recipient, now - _WITHIN),
    )
    newest = max((row["state_at"] for row in sent), default=0)
    return len(sent) < _MOST_MAILS and newest <= now - _APART


def _set(run: Callable[..., list[Row]], recipient: str, wanted: Preferences) -> None:
    values = [getattr(wanted, name) for name in _COLUMNS]
    assigned = ", ".join(f"{name} = ?" for name in _COLUMNS)
    run(
        f"UPDATE recipients SET {assigned} WHERE id = ?",
        *(int(value) if isinstance(value, bool) else value for value in values),
        recipient,
    )


def subscriber(run: Callable[..., list[Row]], link: links.MailLink) -> Subscriber | None:
    """Return whose link it is; ``None`` for a contract contact, who does not leave by a link."""
    rows = run("SELECT * FROM recipients WHERE id = ? AND kind = 'subscriber'", link.recipient)
    return msgspec.convert(rows[0], Subscriber, strict=False) if rows else None


def confirm(run: Callable[..., list[Row]], link: links.MailLink, now: int) -> str | None:
    """Confirm a subscription, once."""
    links.use(run, link, now)
    confirmed = link.used_at is None and run(
        "UPDATE recipients SET state = 'active', left_at = NULL WHERE id = ? AND state = 'pending'"
        " RETURNING id",
        link.recipient,
    )
    if not confirmed:
        return None
    links.use_all(run, link.recipient, "confirm", now)
    token = links.new_token()
    links.keep(run, token, "manage", link.recipient, None, now)
    return token


def change(run: Callable[..., list[Row]], link: links.MailLink, wanted: Preferences) -> None:
    """Change what a subscriber hears."""
    _set(run, link.recipient, wanted)


def leave(run: Callable[..., list[Row]], link: links.MailLink, now: int) -> None:
    """End a subscription at once; nothing that is due goes out, and no older link brings it back."""
    found = subscriber(run, link)
    if found is not None and found.state in {"active", "pending"}:
        leave_outbox(run, found.id, None, now)
        links.use_all(run, found.id, "confirm", now)
