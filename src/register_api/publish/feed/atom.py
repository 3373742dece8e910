"""The Atom feed (RFC 4287): one entry a version, with fixed archive pages (RFC 5005 section 4).

``feed.atom`` holds the newest 50 versions; page *k* of the archive holds versions 50k-49 to 50k,
is written with version 50k and never again; it names no host, so that it stays right when the tree moves.
The bytes depend on the arguments alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from feedgen.feed import FeedGenerator

from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.publish.feed.entry import (
    FeedEntry,
    document_links,
    entry_id,
    feed_id,
    feed_title,
    page_link,
)
from register_api.publish.feed.extension import NAME, EntryExtension, FeedExtension, FeedLink, xml_text
from register_api.publish.feed.feed_links import FeedPlace, archive_path
from register_api.publish.feed.interests import Interest

_ATOM = tree.FEED_ATOM.media_type.partition(";")[0]


def atom_feed(
    register: Register,
    entries: Sequence[FeedEntry],
    *,
    year: int,
    archive: int | None = None,
    base_url: str | None = None,
) -> bytes:
    """Write one page of the Atom feed."""
    check_order(entries)
    place = FeedPlace(path=archive_path(archive), base_url=base_url if archive is None else None)
    feed = _empty_feed(
        register, feed_id(register.register, year), feed_title(register), register.published_at
    )
    feed.register.links = tuple(_feed_links(register, place, archive))
    feed.register.archive = archive is not None
    return _filled(feed, entries, place, register)


def interest_feed(
    register: Register,
    interest: Interest,
    entries: Sequence[FeedEntry],
    *,
    first: dt.datetime,
    base_url: str | None = None,
) -> bytes:
    """Write the feed of one interest; it has no archive: the main feed has everything."""
    place = FeedPlace(path=interest.path, base_url=base_url)
    id_ = feed_id(register.register, first.year) + interest.tag
    feed = _empty_feed(
        register, id_, interest.title, max((entry.published_at for entry in entries), default=first)
    )
    feed.register.links = tuple(_own_links(place, interest.title))
    return _filled(feed, entries[:FEED_PAGE_SIZE], place, register)


def _filled(feed: Any, entries: Sequence[FeedEntry], place: FeedPlace, register: Register) -> bytes:
    """Return the bytes of a feed with its entries, whose ids begin with that of the feed."""
    language = Language.of(register.publisher.language)
    for entry in entries:
        _append(feed, entry, entry_id(feed.id(), entry.version), place, language)
    return bytes(feed.atom_str(pretty=False))


def check_order(entries: Sequence[FeedEntry]) -> None:
    """Refuse what is no page of the feed."""
    numbers = [entry.version for entry in entries]
    if not 0 < len(numbers) <= FEED_PAGE_SIZE or numbers != sorted(set(numbers), reverse=True):
        raise ValueError(
            f"a page of the feed takes 1 to {FEED_PAGE_SIZE} versions, newest first, not {numbers}"
        )


def feed_description(language: Language) -> str:
    """Return what both feeds are."""
    return language.text("Every change to the register, with its dates and notice")


def _empty_feed(register: Register, id_: str, title: str, updated: dt.datetime) -> Any:
    """Return a feedgen feed with everything but links and entries."""
    publisher = register.publisher
    language = Language.of(publisher.language)
    feed = FeedGenerator()
    feed.register_extension(NAME, FeedExtension, EntryExtension, rss=False)
    feed.id(id_)
    feed.title(xml_text(title))
    feed.subtitle(feed_description(language))
    feed.updated(updated)
    author = {"name": xml_text(publisher.name), "uri": publisher.website}
    feed.author({key: value for key, value in author.items() if value})
    feed.generator("register-api")
    feed.language(language.tag)
    return feed


def _feed_links(register: Register, place: FeedPlace, archive: int | None) -> Iterator[FeedLink]:
    """Yield the links of the page as a whole."""
    language = Language.of(register.publisher.language)
    yield from _own_links(place, feed_title(register))
    signature = place.href(tree.XML_SIGNATURE.of(place.path))
    signed = language.text("XML signature over this feed's exact bytes")
    yield FeedLink("describedby", signature, "application/xml", signed)
    if archive is not None:
        yield FeedLink("current", place.href(tree.FEED_ATOM.path()), _ATOM)
    previous = archive - 1 if archive is not None else register.version // FEED_PAGE_SIZE
    if previous > 0:
        yield FeedLink("prev-archive", place.href(tree.FEED_ARCHIVE.path(previous)), _ATOM)


def _own_links(place: FeedPlace, title: str) -> Iterator[FeedLink]:
    """Yield the page of the register, and the feed itself."""
    # Some readers take the first link for the address of the site, whatever its relation.
    yield FeedLink("alternate", place.href(tree.INDEX.path()), "text/html", title)
    yield FeedLink("self", place.href(place.path), _ATOM)


def _append(feed: Any, entry: FeedEntry, id_: str, place: FeedPlace, language: Language) -> None:
    """Add an entry below those already there."""
    element = feed.add_entry(order="append")
    element.id(id_)
    element.title(entry.title)
    element.updated(entry.published_at)
    element.published(entry.published_at)
    element.summary(entry.summary)
    element.content(place.moved(entry.html, entry.base_url), type="html")
    for type_ in entry.types:
        element.category(term=type_, label=language.code("change", type_))
    element.register.links = (
        page_link(entry, place, language),
        *document_links(entry, place, language),
    )
