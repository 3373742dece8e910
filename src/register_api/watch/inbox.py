"""News that waits for a decision, and what people decided: added and never changed; the newest counts."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, Row

UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.news = news.id)"
"""Condition on rows of ``news``."""

DecisionWord = Literal["accepted", "objected", "not_concerned"]

_LONGEST = 4_000


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


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided on a piece of news, and when, Unix time."""

    news: str
    decision: DecisionWord
    reason: str
    by: str
    at: int


class DecidedNews(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with what it is on."""

    vendor: str
    title: str
    decision: Decision


def inbox(
    database: Database, today: dt.date, *, vendor: str | None = None, foreign: bool = False
) -> list[OpenNews]:
    """Return what is undecided, what is due first; ``foreign``: also what does not concern us."""
    rows = database.query(
        "SELECT news.id, vendor, vendors.name AS vendor_name, critical, class AS kind, title, version,"
        " news.owner, seen_at, deadline, deadline_of FROM news JOIN vendors ON vendors.id = news.vendor"
        f" WHERE {UNDECIDED} AND vendors.closed_at IS NULL AND (concerns = 1 OR ? = 1)"
        " AND (? = '' OR vendor = ?) ORDER BY deadline IS NULL, deadline, seen_at, news.id",
        *(int(foreign), vendor or "", vendor or ""),
    )
    for row in rows:
        row["critical"] = bool(row["critical"])
        row["days_left"] = row["deadline"] and (dt.date.fromisoformat(row["deadline"]) - today).days
    return msgspec.convert(rows, list[OpenNews])


def describe(database: Database, news: str) -> Row:
    """Return a piece of news with its vendor's name; ``detail`` is what it was made of.

    Raises:
        WatchError: There is none of that id.
    """
    rows = database.query(
        "SELECT news.*, vendors.name AS vendor_name FROM news JOIN vendors ON vendors.id = news.vendor"
        " WHERE news.id = ?",
        news,
    )
    if not rows:
        raise WatchError(f"there is no news {quoted(news)}", hint="register-api watch inbox")
    return {**rows[0], "detail": msgspec.json.decode(rows[0]["detail"])}


def decide(database: Database, decision: Decision) -> None:
    """Keep a decision beside those that were made before.

    Raises:
        WatchError: There is no such news, or it is not said why or by whom.
    """
    for name in ("reason", "by"):
        said = getattr(decision, name).strip()
        if not said or len(said) > _LONGEST:
            raise WatchError(f"a decision needs its {name!r}, of {_LONGEST} characters at most")
    describe(database, decision.news)
    with database.transaction() as run:
        run(
            "INSERT INTO decisions SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM decisions"
            " WHERE news = ?",
            *(decision.news, decision.decision, decision.reason.strip(), decision.by.strip(), decision.at),
            decision.news,
        )


def decisions(database: Database, *, vendor: str = "", news: str = "") -> list[DecidedNews]:
    """Return decisions on all news, or those of one vendor or piece; revised ones, too, the newest last."""
    rows = database.query(
        "SELECT vendor, title, news, decision, reason, by, at FROM decisions JOIN news ON news.id = news"
        " WHERE (? = '' OR vendor = ?) AND (? = '' OR news = ?) ORDER BY at, news, number",
        *(vendor, vendor, news, news),
    )
    return [msgspec.convert({**row, "decision": row}, DecidedNews) for row in rows]
