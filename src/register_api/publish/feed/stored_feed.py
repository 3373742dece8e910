"""The entries of an Atom feed that was published before: later pages of the feed repeat their words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from lxml import etree

from register_api.core.printable import printable
from register_api.errors import Malformed
from register_api.publish.feed.entry import FeedEntry
from register_api.publish.feed.feed_links import base_of

_ATOM = "{http://www.w3.org/2005/Atom}"


def entries_of(data: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries that an Atom feed of ours was written from, newest first."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        feed = etree.fromstring(data, parser)
        return tuple(_entry(entry) for entry in feed.findall(f"{_ATOM}entry"))
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        raise Malformed(f"not an Atom feed of this register: {printable(error)}") from error


def _entry(entry: Any) -> FeedEntry:
    version = int(_text(entry, "id").rpartition("/versions/")[2])
    addresses = (link.get("href", "") for link in entry.findall(f"{_ATOM}link[@rel='alternate']"))
    return FeedEntry(
        version=version,
        title=_text(entry, "title"),
        published_at=dt.datetime.fromisoformat(_text(entry, "published")),
        summary=_text(entry, "summary"),
        html=_text(entry, "content"),
        base_url=base_of(next(addresses, ""), version),
        types=tuple(category.get("term", "") for category in entry.findall(f"{_ATOM}category")),
    )


def _text(entry: Any, name: str) -> str:
    return str(entry.findtext(f"{_ATOM}{name}") or "")
