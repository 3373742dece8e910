"""What is known of one piece of news or one vendor, for people to look at."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from register_api.core.printable import quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, Row
from register_api.watch.inbox import UNDECIDED

_MOST = 200

_NEWEST_DECISION = (
    "(SELECT decision FROM decisions WHERE decisions.news = news.id ORDER BY number DESC LIMIT 1)"
)


class DescribedNews(NamedTuple):
    """A piece of news with what it was made of."""

    row: Row
    detail: dict[str, Any]


class Overview(NamedTuple):
    """What is known of a vendor.

    Attributes:
        news: The latest, each with what was decided on it last.
        versions: Those that are recorded, the newest first.
        root_sha256: Digest of the root that trust in its register began from, or an empty text.
    """

    news: list[Row]
    versions: list[Row]
    root_sha256: str


def describe(database: Database, news: str) -> DescribedNews:
    """Return a piece of news."""
    rows = database.query(
        "SELECT news.*, vendors.name AS vendor_name, vendors.register FROM news"
        " JOIN vendors ON vendors.id = news.vendor WHERE news.id = ?",
        news,
    )
    if not rows:
        raise WatchError(f"there is no news {quoted(news)}", hint="register-api watch inbox")
    return DescribedNews(rows[0], msgspec.json.decode(rows[0]["detail"]))


def overview(database: Database, vendor: str) -> Overview:
    """Return what is known of a vendor."""
    return Overview(
        database.query(
            f"SELECT id, class AS kind, title, seen_at, deadline, concerns, {_NEWEST_DECISION} AS decision"
            " FROM news WHERE vendor = ? ORDER BY seen_at DESC, id LIMIT ?",
            *(vendor, _MOST),
        ),
        database.query(
            "SELECT version, sha256, published_at, seen_at FROM versions WHERE vendor = ?"
            " ORDER BY version DESC LIMIT ?",
            *(vendor, _MOST),
        ),
        root_of(database, vendor),
    )


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
