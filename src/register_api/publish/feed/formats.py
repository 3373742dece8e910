"""The feeds: Atom (RFC 4287) with fixed archive pages (RFC 5005 section 4), and JSON Feed 1.1.

``feed.atom`` holds the newest 50 versions. Archive page *k* holds versions 50k-49 to 50k; it is written once,
with version 50k, and has only relative references, so that it stays valid when the tree moves.
"""

from __future__ import annotations

import datetime as dt
import posixpath
from collections.abc import Sequence
from typing import Any

import msgspec
from feedgen.feed import FeedGenerator
from lxml import etree
from lxml.etree import _Element
from markupsafe import escape

from register_api.core import canonical
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.paths import address_of, kind_of
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.core.text import printable
from register_api.errors import Malformed
from register_api.publish.feed.entry import FeedEntry, feed_id, feed_title, linked, root_of, xml_text

HISTORY = "http://purl.org/syndication/history/1.0"
"""Namespace of feed history (RFC 5005 section 4)."""

_ATOM = "http://www.w3.org/2005/Atom"
_MEDIA_TYPE = tree.FEED_ATOM.media_type.partition(";")[0]


class FeedLink(msgspec.Struct, frozen=True):
    """An ``atom:link`` (RFC 4287 section 4.2.7)."""

    rel: str
    href: str
    type: str
    title: str | None = None


class FeedPlace(msgspec.Struct, frozen=True, kw_only=True):
    """The location of a feed page in the tree; without a base URL its references are relative."""

    path: str
    base_url: str | None = None

    @property
    def root(self) -> str:
        """Reference to the root of the tree, with a trailing slash."""
        if self.base_url is not None:
            return root_of(self.base_url)
        return "../" * self.path.count("/") or "./"

    def href(self, path: str) -> str:
        """Return the reference to a path of the tree; pages are referenced by their folder."""
        target = address_of(path)
        if self.base_url is not None:
            return self.root + target
        start = posixpath.dirname(self.path) or "."
        relative = posixpath.relpath(target or ".", start)
        return relative + "/" if target.endswith("/") or not target else relative

    def moved(self, html: str, base_url: str | None) -> str:
        """Return content with its links into the tree changed to the present URL."""
        if base_url is None:
            return html
        before, now = (f'href="{escape(root)}' for root in (root_of(base_url), self.root))
        return html.replace(before, now)


def _linked(entry: FeedEntry, place: FeedPlace, language: Language) -> tuple[FeedLink, ...]:
    links: list[FeedLink] = []
    for path, what in linked(entry.version):
        rel = "related" if links else "alternate"
        media_type, _, _ = kind_of(path).media_type.partition(";")
        links.append(FeedLink(rel, place.href(path), media_type, language.text(what, version=entry.version)))
    return tuple(links)


class _Extension:
    """Adds what feedgen lacks in a feed or an entry: full links, and the mark of an archive page.

    feedgen creates elements without a namespace and writes ``xmlns`` as an attribute; so does this class.
    """

    links: tuple[FeedLink, ...] = ()

    def extend_ns(self) -> dict[str, str]:
        return {"fh": HISTORY}

    def extend_atom(self, parent: _Element) -> _Element:
        for instant in (*parent.findall("updated"), *parent.findall("published")):
            instant.text = (instant.text or "").replace("+00:00", "Z")
        for link in self.links:
            given = {name: xml_text(value) for name, value in msgspec.structs.asdict(link).items() if value}
            etree.SubElement(parent, "link", given)
        if any(link.rel == "current" for link in self.links):  # an archive page
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
    path = tree.FEED_ATOM.path() if archive is None else tree.FEED_ARCHIVE.path(archive)
    place = FeedPlace(path=path, base_url=base_url if archive is None else None)
    id_, title = feed_id(register.register, year), feed_title(register)
    language = Language.of(register.publisher.language)
    signature = place.href(tree.XML_SIGNATURE.of(place.path))
    signed = language.text("XML signature over this feed's exact bytes")
    links = [FeedLink("describedby", signature, "application/xml", signed)]
    if archive is not None:
        links.append(FeedLink("current", place.href(tree.FEED_ATOM.path()), _MEDIA_TYPE))
    previous = archive - 1 if archive is not None else register.version // FEED_PAGE_SIZE
    if previous > 0:
        links.append(FeedLink("prev-archive", place.href(tree.FEED_ARCHIVE.path(previous)), _MEDIA_TYPE))
    return write_feed(register, place, id_, title, entries, register.published_at, links)


def feed_description(language: Language) -> str:
    """Return the description of both feeds."""
    return language.text("Every change to the register, with its dates and notice")


def _entry_id(feed: str, version: int) -> str:
    """Return the permanent tag URI of a version's entry in a feed."""
    return f"{feed}/versions/{version}"


def write_feed(
    register: Register,
    place: FeedPlace,
    id_: str,
    title: str,
    entries: Sequence[FeedEntry],
    updated: dt.datetime,
    links: Sequence[FeedLink] = (),
) -> bytes:
    """Write a feed with links to the register's page and to itself; entry ids begin with the feed's id."""
    publisher = register.publisher
    language = Language.of(publisher.language)
    feed: Any = FeedGenerator()
    feed.register_extension("register", _Extension, _Extension, rss=False)
    feed.id(id_)
    feed.title(xml_text(title))
    feed.subtitle(feed_description(language))
    feed.updated(updated)
    author = {"name": xml_text(publisher.name), "uri": publisher.website}
    feed.author({key: value for key, value in author.items() if value})
    feed.generator("register-api")
    feed.language(language.tag)
    # Some readers use the first link as the URL of the site, whatever its relation.
    page = FeedLink("alternate", place.href(tree.INDEX.path()), "text/html", title)
    feed.register.links = (page, FeedLink("self", place.href(place.path), _MEDIA_TYPE), *links)
    for entry in entries:
        element = feed.add_entry(order="append")
        element.id(_entry_id(id_, entry.version))
        element.title(entry.title)
        element.updated(entry.published_at)
        element.published(entry.published_at)
        element.summary(entry.summary)
        element.content(place.moved(entry.html, entry.base_url), type="html")
        for type_ in entry.types:
            element.category(term=type_, label=language.code("change", type_))
        element.register.links = _linked(entry, place, language)
    return bytes(feed.atom_str(pretty=False))


def entries_of(data: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries of an Atom feed written by this module, newest first."""
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)

    def text_of(entry: Any, name: str) -> str:
        return str(entry.findtext(f"{{{_ATOM}}}{name}") or "")

    try:
        found = []
        for entry in etree.fromstring(data, parser).findall(f"{{{_ATOM}}}entry"):
            version = int(text_of(entry, "id").rpartition("/versions/")[2])
            links = entry.findall(f"{{{_ATOM}}}link[@rel='alternate']")
            made = FeedEntry(
                version=version,
                title=text_of(entry, "title"),
                published_at=dt.datetime.fromisoformat(text_of(entry, "published")),
                summary=text_of(entry, "summary"),
                html=text_of(entry, "content"),
                base_url=base_of(str(links[0].get("href", "")) if links else "", version),
                types=tuple(category.get("term", "") for category in entry.findall(f"{{{_ATOM}}}category")),
            )
            found.append(made)
        return tuple(found)
    except (etree.XMLSyntaxError, ValueError, TypeError) as error:
        raise Malformed(f"not an Atom feed of this register: {printable(error)}") from error


VERSION = "https://jsonfeed.org/version/1.1"


def json_feed(
    register: Register, entries: Sequence[FeedEntry], *, year: int, base_url: str | None = None
) -> bytes:
    """Write the JSON Feed."""
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
            "items": [_item(entry, feed_id(register.register, year), place, language) for entry in entries],
        }
    )


def _item(entry: FeedEntry, feed: str, place: FeedPlace, language: Language) -> dict[str, Any]:
    """Return one item; its documents are linked in the text, as readers treat attachments as podcasts."""
    published = msgspec.to_builtins(entry.published_at)
    return {
        "id": _entry_id(feed, entry.version),
        "url": _linked(entry, place, language)[0].href,
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


def base_of(url: str, version: int) -> str | None:
    """Return the base URL that an entry used to link its version's page; ``None`` if the link is relative."""
    base = url.removesuffix(address_of(tree.VERSION_PAGE.path(version)))
    return base if base.startswith("http") else None


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
    """Return the entries of a JSON Feed written by this module, newest first."""
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
