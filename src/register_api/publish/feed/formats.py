"""The feeds in both forms: Atom (RFC 4287) with fixed archive pages (RFC 5005 section 4), and JSON Feed 1.1.

``feed.atom`` holds the newest 50 versions; page *k* of the archive holds versions 50k-49 to 50k,
is written with version 50k and never again; it names no host, so that it stays right when the tree moves.
The bytes depend on the arguments alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from feedgen.feed import FeedGenerator
from lxml import etree
from lxml.etree import _Element

from register_api.core import canonical
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.text import printable
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
_MEDIA_TYPE = tree.FEED_ATOM.media_type.partition(";")[0]


class _Extension:
    """What feedgen leaves out of a feed or an entry: full links, and the mark of an archive page.

    feedgen creates elements without a namespace and writes ``xmlns`` as an attribute; what is added here has
    to do the same. It writes UTC as ``+00:00``, where all documents of the register have ``Z``.
    """

    links: tuple[FeedLink, ...] = ()
    archive = False

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY}

    def extend_atom(self, parent: _Element) -> _Element:
        for instant in (*parent.findall("updated"), *parent.findall("published")):
            instant.text = (instant.text or "").replace("+00:00", "Z")
        for link in self.links:
            given = {name: xml_text(value) for name, value in msgspec.structs.asdict(link).items() if value}
            etree.SubElement(parent, "link", given)
        if self.archive:
            etree.SubElement(parent, f"{{{HISTORY}}}archive")
        return parent


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
    feed.register.links += tuple(_links(register, place, archive))
    feed.register.archive = archive is not None
    return filled(feed, entries, place, Language.of(register.publisher.language))


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


def empty_feed(register: Register, place: FeedPlace, id_: str, title: str, updated: dt.datetime) -> Any:
    """Return a feedgen feed without entries, with links to the page of the register and to itself."""
    publisher = register.publisher
    language = Language.of(publisher.language)
    feed = FeedGenerator()
    feed.register_extension("register", _Extension, _Extension, rss=False)
    feed.id(id_)
    feed.title(xml_text(title))
    feed.subtitle(feed_description(language))
    feed.updated(updated)
    author = {"name": xml_text(publisher.name), "uri": publisher.website}
    feed.author({key: value for key, value in author.items() if value})
    feed.generator("register-api")
    feed.language(language.tag)
    # Some readers take the first link for the address of the site, whatever its relation.
    page = FeedLink("alternate", place.href(tree.INDEX.path()), "text/html", title)
    feed.register.links = (page, FeedLink("self", place.href(place.path), _MEDIA_TYPE))
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


def filled(feed: Any, entries: Sequence[FeedEntry], place: FeedPlace, language: Language) -> bytes:
    """Return the bytes of a feed with its entries, whose ids begin with that of the feed."""
    for entry in entries:
        element = feed.add_entry(order="append")
        element.id(entry_id(feed.id(), entry.version))
        element.title(entry.title)
        element.updated(entry.published_at)
        element.published(entry.published_at)
        element.summary(entry.summary)
        element.content(place.moved(entry.html, entry.base_url), type="html")
        for type_ in entry.types:
            element.category(term=type_, label=language.code("change", type_))
        links = (page_link(entry, place, language), *document_links(entry, place, language))
        element.register.links = links
    return bytes(feed.atom_str(pretty=False))


def entries_of(data: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries that an Atom feed of ours was written from, newest first."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        feed = etree.fromstring(data, parser)
        return tuple(_stored_entry(entry) for entry in feed.findall(f"{{{_ATOM}}}entry"))
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        raise Malformed(f"not an Atom feed of this register: {printable(error)}") from error


def _stored_entry(entry: Any) -> FeedEntry:
    def said(name: str) -> str:
        return str(entry.findtext(f"{{{_ATOM}}}{name}") or "")

    version = int(said("id").rpartition("/versions/")[2])
    addresses = (link.get("href", "") for link in entry.findall(f"{{{_ATOM}}}link[@rel='alternate']"))
    return FeedEntry(
        version=version,
        title=said("title"),
        published_at=dt.datetime.fromisoformat(said("published")),
        summary=said("summary"),
        html=said("content"),
        base_url=base_of(next(addresses, ""), version),
        types=tuple(category.get("term", "") for category in entry.findall(f"{{{_ATOM}}}category")),
    )


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
