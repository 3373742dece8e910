"""Links in mails: random tokens, each for one purpose and one recipient; only their hashes are kept.

There are no accounts: whoever has the mail has the right that its link gives, and no other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Literal

import msgspec

from register_api.sending.database import Row

Purpose = Literal["confirm", "manage", "answer"]

_DAY = 86_400
LIFETIMES: dict[Purpose, int] = {"confirm": 7 * _DAY, "manage": 400 * _DAY, "answer": 400 * _DAY}
"""Seconds that a link is good for. Every mail to a subscriber brings a new one to manage with."""

_TOKEN_BYTES = 16


class MailLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a token stands for.

    Attributes:
        sha256: Of the token, hex.
        version: Of which version it answers.
        used_at: When it was used, where it serves once.
    """

    sha256: str
    purpose: Purpose
    recipient: str
    version: int | None
    used_at: int | None


def new_token() -> str:
    """Return 128 random bits, as 22 characters that stand in an address as they are."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def keep(
    run: Callable[..., list[Row]],
    token: str,
    purpose: Purpose,
    recipient: str,
    version: int | None,
    now: int,
) -> None:
    """Keep the hash of a token; within a transaction of the caller's."""
    run(
        "INSERT INTO links (sha256, purpose, recipient, version, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *(_hash(token), purpose, recipient, version, now, now + LIFETIMES[purpose]),
    )


def find(run: Callable[..., list[Row]], token: str, purpose: Purpose, now: int) -> MailLink | None:
    """Return what a token stands for; ``None`` for one that is unknown, expired or for another purpose."""
    rows = run(
        "SELECT * FROM links WHERE sha256 = ? AND purpose = ? AND expires_at > ?", _hash(token), purpose, now
    )
    return msgspec.convert(rows[0], MailLink) if rows else None


def use(run: Callable[..., list[Row]], link: MailLink, now: int) -> None:
    """Mark a link as used, and keep others from using it meanwhile (PostgreSQL locks the row)."""
    run("UPDATE links SET used_at = ? WHERE sha256 = ?", now, link.sha256)


def use_all(run: Callable[..., list[Row]], recipient: str, purpose: Purpose, now: int) -> None:
    """Mark all links of a recipient for a purpose as used."""
    run(
        "UPDATE links SET used_at = ? WHERE recipient = ? AND purpose = ? AND used_at IS NULL",
        *(now, recipient, purpose),
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
