"""News that concerns us and waits for a decision, by deadline."""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.sending.database import Database

UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.news = news.id)"
"""Condition on rows of ``news``."""


class OpenNews(msgspec.Struct, frozen=True, kw_only=True):
    """News as it stands in the inbox.

    Attributes:
        kind: What happened, such as ``added`` or ``forked``.
        seen_at: When it was first seen here, Unix time.
        deadline: Last day to object.
        deadline_of: Who sets it: ``register`` or ``contract``.
        days_left: Days until then; negative once it is over.
    """

    id: str
    vendor: str
    vendor_name: str
    critical: bool
    kind: str
    title: str
    version: int | None
    owner: str
    seen_at: int
    deadline: dt.date | None
    deadline_of: str | None
    days_left: int | None = None


def inbox(
    database: Database, today: dt.date, *, vendor: str | None = None, foreign: bool = False
) -> list[OpenNews]:
    """Return what is undecided, what is due first before the rest.

    Args:
        database: Where news is kept.
        today: The day in our time zone.
        vendor: Id of the vendor that is asked for; all that are watched if none is named.
        foreign: Also what does not concern us.
    """
    rows = database.query(
        "SELECT news.id, vendor, vendors.name AS vendor_name, critical, class AS kind, title, version,"
        " news.owner, seen_at, deadline, deadline_of FROM news JOIN vendors ON vendors.id = news.vendor"
        f" WHERE {UNDECIDED} AND vendors.closed_at IS NULL AND (concerns = 1 OR ? = 1)"
        " AND (? = '' OR vendor = ?) ORDER BY deadline IS NULL, deadline, seen_at, news.id",
        *(int(foreign), vendor or "", vendor or ""),
    )
    return [_open(row, today) for row in rows]


def _open(row: dict[str, object], today: dt.date) -> OpenNews:
    found = msgspec.convert({**row, "critical": bool(row["critical"])}, OpenNews)
    if found.deadline is None:
        return found
    return msgspec.structs.replace(found, days_left=(found.deadline - today).days)
