"""What is known of vendors and their news, for people to look at: each, all, and what has a text in it."""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.sending.database import Database, Row
from register_api.watch.edges import PUBLISHER
from register_api.watch.inbox import UNDECIDED
from register_api.watch.look import FRESH, NO_REGISTER

_MOST, _MOST_FOUND = 200, 100

_NEWS = """
    SELECT id, class AS kind, title, seen_at, deadline, concerns, (SELECT decision FROM decisions
        WHERE decisions.news = news.id ORDER BY number DESC LIMIT 1) AS decision
    FROM news WHERE vendor = ? ORDER BY seen_at DESC, id LIMIT ?
"""
_VERSIONS = """
    SELECT version, sha256, published_at, seen_at FROM versions WHERE vendor = ? ORDER BY version DESC LIMIT ?
"""

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
    """How it stands with one vendor.

    Attributes:
        outcome: ``fresh``, ``no_register``, or the word for what is wrong; empty: it was never looked at.
        since: Since when that is so.
        message: What is wrong, in a sentence.
        name: The register's own name.
        version: Its newest version that verified; 0: none did.
        good_at: When it verified last.
        next_at: When it is looked at again.
        failures: How often in a row it did not verify.
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
        """Whether nobody has to do anything about it."""
        return self.outcome in {"", FRESH, NO_REGISTER}


def vendors_status(database: Database) -> list[VendorStatus]:
    """Return how it stands with every vendor that is watched: what is wrong first, then by name."""
    rows = database.query(
        "SELECT p.*, outcome_since AS since, v.register FROM polls p JOIN vendors v ON v.id = p.vendor"
        " WHERE v.closed_at IS NULL ORDER BY v.name, v.id"
    )
    found = msgspec.convert(rows, list[VendorStatus], strict=False)  # instants are Unix time
    return sorted(found, key=lambda status: status.is_well)


def overview(database: Database, vendor: str) -> dict[str, list[Row]]:
    """Return the latest news of a vendor with what was decided last, and versions, the newest first."""
    return {
        "news": database.query(_NEWS, vendor, _MOST),
        "versions": database.query(_VERSIONS, vendor, _MOST),
    }


def root_of(database: Database, vendor: str) -> str:
    """Return the digest of the root that trust in a vendor's register began from, or an empty text."""
    rows = database.query("SELECT root_sha256 FROM polls WHERE vendor = ?", vendor)
    return str(rows[0]["root_sha256"]) if rows else ""


def open_items(database: Database) -> dict[str, int]:
    """Return how many pieces of news wait for a decision, by vendor."""
    rows = database.query(
        f"SELECT vendor, count(*) AS number FROM news WHERE concerns = 1 AND {UNDECIDED} GROUP BY vendor"
    )
    return {row["vendor"]: row["number"] for row in rows}


def search(database: Database, words: str) -> dict[str, list[Row]]:
    """Return vendors, news and companies that have a text in them, whatever its case; an empty one: none."""
    if not words.strip():
        return {name: [] for name in _SEARCHES}
    plain = words.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    parts = [f"%{plain}%"] * 3
    return {
        name: database.query(query, *parts[: query.count("LIKE")], _MOST_FOUND)
        for name, query in _SEARCHES.items()
    }
