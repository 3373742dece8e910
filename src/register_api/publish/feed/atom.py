"""The Atom feed (RFC 4287): one entry a version, with fixed archive pages (RFC 5005 section 4).

``feed.atom`` holds the newest 50 versions; page *k* of the archive holds versions 50k-49 to 50k,
is written with version 50k and never again; it names no host, so that it stays right when the tree moves.
The bytes depend on the arguments alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from lxml import etree
from lxml.etree import _Element

from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.instant import format_instant
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.printable import printable
from register_api.errors import Malformed
from register_api.publish.feed.entry import (
    FeedEntry,
    document_links,
    entry_id,
    feed_id,
    feed_title,
    page_link,
)
from register_api.publish.feed.feed_links import FeedLink, FeedPlace, base_of, xml_text

HISTORY = "http://purl.org/syndication/history/1.0"
"""Namespace of feed history (RFC 5005 section 4)."""

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MEDIA_TYPE = tree.FEED_ATOM.media_type.partition(";")[0]


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
    path = tree.FEED_ATOM.path() if archive is None else tree.FEED_ARCHIVE.path(archive)
    place = FeedPlace(path=path, base_url=base_url if archive is None else None)
    id_, title = feed_id(register.register, year), feed_title(register)
    feed = empty_feed(register, place, id_, title, register.published_at)
    _add_links(feed, _links(register, place, archive))
    if archive is not None:
        etree.SubElement(feed, f"{{{HISTORY}}}archive")
    return filled(feed, entries, place, id_, Language.of(register.publisher.language))


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


def empty_feed(register: Register, place: FeedPlace, id_: str, title: str, updated: dt.datetime) -> _Element:
    """Return a feed without entries, with links to the page of the register and to itself."""
    publisher = register.publisher
    language = Language.of(publisher.language)
    feed = etree.Element("feed", {"xmlns": _ATOM, _LANG: language.tag}, nsmap={"fh": HISTORY})
    _add(feed, "id", id_)
    _add(feed, "title", title)
    _add(feed, "updated", format_instant(updated))
    author = etree.SubElement(feed, "author")
    _add(author, "name", publisher.name)
    if publisher.website:
        _add(author, "uri", publisher.website)
    _add(feed, "generator", "register-api")
    _add(feed, "subtitle", feed_description(language))
    # Some readers take the first link for the address of the site, whatever its relation.
    page = FeedLink("alternate", place.href(tree.INDEX.path()), "text/html", title)
    _add_links(feed, [page, FeedLink("self", place.href(place.path), _MEDIA_TYPE)])
    return feed


def _links(register: Register, place: FeedPlace, archive: int | None) -> Iterator[FeedLink]:
    """Yield what else the main feed links to: its signature, and its other pages."""
    language = Language.of(register.publisher.language)
    signature = place.href(tree.XML_SIGNATURE.of(place.path))
    signed = language.text("XML signature over this feed's exact bytes")
    yield FeedLink("describedby", signature, "application/xml", signed)
    if archive is not None:
        yield FeedLink("current", place.href(tree.FEED_ATOM.path()), _MEDIA_TYPE)
    previous = archive - 1 if archive is not None else register.version // FEED_PAGE_SIZE
    if previous > 0:
        yield FeedLink("prev-archive", place.href(tree.FEED_ARCHIVE.path(previous)), _MEDIA_TYPE)


def filled(
    feed: _Element, entries: Sequence[FeedEntry], place: FeedPlace, id_: str, language: Language
) -> bytes:
    """Return the bytes of a feed with its entries, whose ids begin with that of the feed."""
    for entry in entries:
        element, published = etree.SubElement(feed, "entry"), format_instant(entry.published_at)
        _add(element, "id", entry_id(id_, entry.version))
        _add(element, "title", entry.title)
        _add(element, "updated", published)
        _add(element, "content", place.moved(entry.html, entry.base_url), type="html")
        _add(element, "summary", entry.summary)
        for type_ in entry.types:
            etree.SubElement(element, "category", term=type_, label=language.code("change", type_))
        _add(element, "published", published)
        _add_links(element, (page_link(entry, place, language), *document_links(entry, place, language)))
    return etree.tostring(feed, encoding="UTF-8", xml_declaration=True)


def _add(parent: _Element, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, name, attributes).text = xml_text(text)


def _add_links(parent: _Element, links: Iterator[FeedLink] | Sequence[FeedLink]) -> None:
    for link in links:
        given = {name: xml_text(value) for name, value in msgspec.structs.asdict(link).items() if value}
        etree.SubElement(parent, "link", given)


def entries_of(data: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries that an Atom feed of ours was written from, newest first."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        feed = etree.fromstring(data, parser)
        return tuple(_stored_entry(entry) for entry in feed.findall(f"{{{_ATOM}}}entry"))
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        raise Malformed(f"not an Atom feed of this register: {printable(error)}") from error


def _stored_entry(entry: Any) -> FeedEntry:
    def stated(name: str) -> str:
        return str(entry.findtext(f"{{{_ATOM}}}{name}") or "")

    version = int(stated("id").rpartition("/versions/")[2])
    addresses = (link.get("href", "") for link in entry.findall(f"{{{_ATOM}}}link[@rel='alternate']"))
    return FeedEntry(
        version=version,
        title=stated("title"),
        published_at=dt.datetime.fromisoformat(stated("published")),
        summary=stated("summary"),
        html=stated("content"),
        base_url=base_of(next(addresses, ""), version),
        types=tuple(category.get("term", "") for category in entry.findall(f"{{{_ATOM}}}category")),
    )
