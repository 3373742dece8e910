"""Search in what is kept: vendors, news, decisions and sub-processors, by a part of their names or words."""

from __future__ import annotations

from typing import NamedTuple

from register_api.sending.database import Database, Row
from register_api.watch.edges import PUBLISHER

_MOST = 100

_VENDORS = (
    "SELECT id, name, website FROM vendors WHERE closed_at IS NULL"
    " AND (lower(name) LIKE ? ESCAPE '!' OR lower(id) LIKE ? ESCAPE '!' OR lower(website) LIKE ? ESCAPE '!')"
    " ORDER BY name, id LIMIT ?"
)
_NEWS = (
    "SELECT id, vendor, title, seen_at FROM news WHERE lower(title) LIKE ? ESCAPE '!' OR EXISTS (SELECT 1"
    " FROM decisions WHERE decisions.news = news.id"
    " AND (lower(reason) LIKE ? ESCAPE '!' OR lower(by) LIKE ? ESCAPE '!')) ORDER BY seen_at DESC, id LIMIT ?"
)
_COMPANIES = (
    "SELECT companies.vendor, companies.subprocessor, companies.name, vendors.name AS vendor_name"
    " FROM companies JOIN vendors ON vendors.id = companies.vendor WHERE closed_at IS NULL"
    " AND subprocessor <> ? AND (lower(companies.name) LIKE ? ESCAPE '!' OR lower(keys) LIKE ? ESCAPE '!')"
    " ORDER BY companies.name, companies.vendor LIMIT ?"
)


class Found(NamedTuple):
    """What was found, each as far as a page has room for."""

    vendors: list[Row]
    news: list[Row]
    companies: list[Row]


def search(database: Database, words: str) -> Found:
    """Return what has a text in it, whatever its case; an empty text is in nothing."""
    if not words.strip():
        return Found([], [], [])
    plain = words.strip().lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    part = f"%{plain}%"
    return Found(
        database.query(_VENDORS, part, part, part, _MOST),
        database.query(_NEWS, part, part, part, _MOST),
        database.query(_COMPANIES, PUBLISHER, part, part, _MOST),
    )
