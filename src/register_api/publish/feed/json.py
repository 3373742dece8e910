"""The JSON Feed (version 1.1): the same entries as the Atom feed, for readers that take JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec

from register_api.core import canonical
from register_api.core.format import tree
from register_api.core.forms import FORMAT_MINOR
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.printable import printable
from register_api.errors import Malformed
from register_api.publish.feed.atom import check_order, feed_description
from register_api.publish.feed.entry import FeedEntry, entry_id, feed_id, feed_title, page_link
from register_api.publish.feed.feed_links import FeedPlace, base_of

VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(
    register: Register, entries: Sequence[FeedEntry], *, year: int, base_url: str | None = None
) -> bytes:
    """Write the JSON Feed."""
    check_order(entries)
    place = FeedPlace(path=tree.FEED_JSON.path(), base_url=base_url)
    language = Language.of(register.publisher.language)
    author = {"name": register.publisher.name, "url": register.publisher.website}
    return canonical.encode(
        {
            "version": VERSION,
            "title": feed_title(register),
            "description": feed_description(language),
            "home_page_url": place.href(tree.INDEX.path()),
            "feed_url": place.href(tree.FEED_JSON.path()),
            "language": language.tag,
            "authors": [{key: value for key, value in author.items() if value}],
            "_register": {
                "about": "What programs can go by in this feed",
                "format": "sub-processor-register-feed/1",
                "format_minor": FORMAT_MINOR,
                "register": register.register,
            },
            "items": [
                _item(entry, entry_id(feed_id(register.register, year), entry.version), place, language)
                for entry in entries
            ],
        }
    )


def _item(entry: FeedEntry, id_: str, place: FeedPlace, language: Language) -> dict[str, Any]:
    """Spell one entry; its documents are linked in the text, since readers take attachments for podcasts."""
    published = msgspec.to_builtins(entry.published_at)
    return {
        "id": id_,
        "url": page_link(entry, place, language).href,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": place.moved(entry.html, entry.base_url),
        "date_published": published,
        "date_modified": published,
        "tags": list(entry.types),
        "_log": {
            "about": "Size and RFC 6962 root hash of the log that ends with this version",
            "size": entry.version,
            "root_hash": entry.root_hash,
        },
    }


class _Log(msgspec.Struct, frozen=True):
    size: int
    root_hash: str


class _Item(msgspec.Struct, frozen=True):
    url: str
    title: str
    summary: str
    content_html: str
    date_published: dt.datetime
    tags: tuple[str, ...]
    log: _Log = msgspec.field(name="_log")


class _Feed(msgspec.Struct, frozen=True):
    items: tuple[_Item, ...]


def entries_in(data: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries that a JSON Feed of ours was written from, newest first."""
    try:
        feed = msgspec.json.decode(data, type=_Feed)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Malformed(f"not a JSON Feed of this register: {printable(error)}") from error
    return tuple(
        FeedEntry(
            version=item.log.size,
            title=item.title,
            published_at=item.date_published,
            summary=item.summary,
            html=item.content_html,
            base_url=base_of(item.url, item.log.size),
            types=item.tags,
            root_hash=item.log.root_hash,
        )
        for item in feed.items
    )
