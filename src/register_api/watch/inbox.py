"""Vendors, news and decisions for users; decisions are only added, and the newest applies."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from register_api.core.text import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, Row
from register_api.watch.check_vendor import FRESH, NO_REGISTER
from register_api.watch.vendor_uses import PUBLISHER

NEWS = """
    SELECT news.*, class AS kind, vendors.name AS vendor_name, critical, decision, reason,
        decisions.by AS decided_by, at AS decided_at, coalesce(number, 0) AS number
    FROM news JOIN vendors ON vendors.id = news.vendor
        LEFT JOIN decisions ON decisions.news = news.id AND number = (
            SELECT max(number) FROM decisions AS others WHERE others.news = news.id)
"""
"""Query for news with their vendors and newest decisions; a condition may be appended."""

UNDECIDED = "NOT EXISTS (SELECT 1 FROM decisions WHERE decisions.news = news.id)"
"""Condition on rows of ``news``."""

DecisionWord = Literal["accepted", "objected", "not_concerned"]

_LONGEST = 4_000


class OpenNews(msgspec.Struct, frozen=True, kw_only=True):
    """An undecided news item; ``seen_at`` is Unix time, ``days_left`` is negative after the deadline."""

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
    """A decision on a news item; ``at`` is Unix time."""

    news: str
    decision: DecisionWord
    reason: str
    by: str
    at: int


class DecidedNews(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with the vendor and title of its news."""

    vendor: str
    title: str
    decision: Decision


def inbox(
    database: Database, today: dt.date, *, vendor: str | None = None, foreign: bool = False
) -> list[OpenNews]:
    """Return undecided news, earliest deadline first; with ``foreign`` also news that does not concern us."""
    rows = database.query(
        f"{NEWS} WHERE decision IS NULL AND vendors.closed_at IS NULL AND (concerns = 1 OR ? = 1)"
        " AND (? = '' OR vendor = ?) ORDER BY deadline IS NULL, deadline, seen_at, news.id",
        *(int(foreign), vendor or "", vendor or ""),
    )
    for row in rows:
        row["critical"] = bool(row["critical"])
        row["days_left"] = row["deadline"] and (dt.date.fromisoformat(row["deadline"]) - today).days
    return msgspec.convert(rows, list[OpenNews])


def describe(database: Database, news: str) -> Row:
    """Return a news item with its vendor's name and decoded ``detail``."""
    rows = database.query(f"{NEWS} WHERE news.id = ?", news)
    if not rows:
        raise WatchError(f"unknown news {quoted(news)}", hint="register-api watch inbox")
    return {**rows[0], "detail": msgspec.json.decode(rows[0]["detail"])}


def decide(database: Database, decision: Decision) -> None:
    """Add a decision; one without a reason or an author is a ``WatchError``."""
    for text, what in ((decision.reason, "a reason"), (decision.by, "the name of who decides")):
        if not 0 < len(text.strip()) <= _LONGEST:
            raise WatchError(f"a decision needs {what}, of {_LONGEST} characters at most")
    describe(database, decision.news)
    with database.transaction() as run:
        run(
            "INSERT INTO decisions SELECT ?, coalesce(max(number), 0) + 1, ?, ?, ?, ? FROM decisions"
            " WHERE news = ?",
            *(decision.news, decision.decision, decision.reason.strip(), decision.by.strip(), decision.at),
            decision.news,
        )


def decisions(database: Database, *, vendor: str = "", news: str = "") -> list[DecidedNews]:
    """Return decisions, including revised ones, newest last; optionally of one vendor or news item."""
    rows = database.query(
        "SELECT vendor, title, news, decision, reason, by, at FROM decisions JOIN news ON news.id = news"
        " WHERE (? = '' OR vendor = ?) AND (? = '' OR news = ?) ORDER BY at, news, number",
        *(vendor, vendor, news, news),
    )
    return [msgspec.convert({**row, "decision": row}, DecidedNews) for row in rows]


_MOST, _MAX_FOUND = 200, 100

_SEARCHES = {
    "vendors": """
        SELECT id, name, website FROM vendors WHERE closed_at IS NULL AND (lower(name) LIKE ? ESCAPE '!'
            OR lower(id) LIKE ? ESCAPE '!' OR lower(website) LIKE ? ESCAPE '!') ORDER BY name, id LIMIT ?
    """,
    "news": """
        SELECT id, vendor, title, seen_at FROM news WHERE lower(title) LIKE ? ESCAPE '!' OR EXISTS (SELECT 1
            FROM decisions WHERE decisions.news = news.id AND (lower(reason) LIKE ? ESCAPE '!'
            OR lower(by) LIKE ? ESCAPE '!')) ORDER BY seen_at DESC, id LIMIT ?
    """,
    "companies": f"""
        SELECT companies.vendor, companies.subprocessor, companies.name, vendors.name AS vendor_name
        FROM companies JOIN vendors ON vendors.id = companies.vendor WHERE closed_at IS NULL
            AND subprocessor <> '{PUBLISHER}' AND (lower(companies.name) LIKE ? ESCAPE '!'
            OR lower(keys) LIKE ? ESCAPE '!') ORDER BY companies.name, companies.vendor LIMIT ?
    """,
}


class VendorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a vendor and its register, which has its own ``name``.

    ``outcome`` is ``fresh``, ``no_register`` or the problem; empty if never polled. ``version`` is the newest
    that verified, at ``good_at``; 0 if none did.
    """

    vendor: str
    register: str
    outcome: str
    since: dt.datetime | None
    message: str
    name: str
    version: int
    looked_at: dt.datetime | None
    good_at: dt.datetime | None
    next_at: dt.datetime
    failures: int

    @property
    def is_well(self) -> bool:
        """Whether no action is needed."""
        return self.outcome in {"", FRESH, NO_REGISTER}


def vendors_status(database: Database) -> list[VendorStatus]:
    """Return the status of every watched vendor, problems first, then by name."""
    rows = database.query(
        "SELECT p.*, outcome_since AS since, v.register FROM polls p JOIN vendors v ON v.id = p.vendor"
        " WHERE v.closed_at IS NULL ORDER BY v.name, v.id"
    )
    found = msgspec.convert(rows, list[VendorStatus], strict=False)  # times are Unix time
    return sorted(found, key=lambda status: status.is_well)


def overview(database: Database, vendor: str) -> dict[str, list[Row]]:
    """Return a vendor's latest news with their newest decisions, and its versions, newest first."""
    versions = (
        "SELECT version, sha256, published_at, seen_at FROM versions WHERE vendor = ?"
        " ORDER BY version DESC LIMIT ?"
    )
    news = f"{NEWS} WHERE vendor = ? ORDER BY seen_at DESC, news.id LIMIT ?"
    return {"news": database.query(news, vendor, _MOST), "versions": database.query(versions, vendor, _MOST)}


def root_of(database: Database, vendor: str) -> str:
    """Return the digest of the initial trust root of a vendor's register, or an empty text."""
    rows = database.query("SELECT root_sha256 FROM polls WHERE vendor = ?", vendor)
    return str(rows[0]["root_sha256"]) if rows else ""


def open_items(database: Database) -> dict[str, int]:
    """Return the number of undecided news items by vendor."""
    rows = database.query(
        f"SELECT vendor, count(*) AS number FROM news WHERE concerns = 1 AND {UNDECIDED} GROUP BY vendor"
    )
    return {row["vendor"]: row["number"] for row in rows}


def search(database: Database, words: str) -> dict[str, list[Row]]:
    """Return vendors, news and companies containing a text, ignoring case; none for an empty text."""
    if not words.strip():
        return {name: [] for name in _SEARCHES}
    plain = words.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    parts = [f"%{plain}%"] * 3
    return {
        name: database.query(query, *parts[: query.count("LIKE")], _MAX_FOUND)
        for name, query in _SEARCHES.items()
    }
