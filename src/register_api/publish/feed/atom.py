"""The Atom feed (RFC 4287): one entry a version, with fixed archive pages (RFC 5005 section 4).

``feed.atom`` holds the newest 50 versions; page *k* of the archive holds versions 50k-49 to 50k,
is written with version 50k and never again; it names no host, so that it stays right when the tree moves.
The bytes depend on the arguments alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from feedgen.feed import FeedGenerator

from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.language import Language
from register_api.publish.feed.entry import document_links, entry_id, feed_id, page_link
from register_api.publish.feed.extension import NAME, EntryExtension, FeedExtension, FeedLink, xml_text
from register_api.publish.feed.feed_links import FeedPlace, archive_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from register_api.core.model import Register
    from register_api.publish.feed.entry import FeedEntry

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
    feed = _empty_feed(register, year)
    feed.register.links = tuple(_feed_links(register, place, archive))
    feed.register.archive = archive is not None
    language = Language.of(register.publisher.language)
    for entry in entries:
        _append(feed, entry, entry_id(register.register, year, entry.version), place, language)
    return bytes(feed.atom_str(pretty=False))


def check_order(entries: Sequence[FeedEntry]) -> None:
    """Refuse what is no page of the feed.

    Raises:
        ValueError: More than 50 entries, none, or an order other than newest first.
    """
    numbers = [entry.version for entry in entries]
    if not 0 < len(numbers) <= FEED_PAGE_SIZE or numbers != sorted(set(numbers), reverse=True):
        raise ValueError(
            f"a page of the feed takes 1 to {FEED_PAGE_SIZE} versions, newest first, not {numbers}"
        )


def feed_title(register: Register) -> str:
    """Return the title of both feeds."""
    language = Language.of(register.publisher.language)
    return language.text("Sub-processors of {publisher}", publisher=register.publisher.name)


def feed_description(language: Language) -> str:
    """Return what both feeds are."""
    return language.text("Every change to the register, with its dates and notice")


def _empty_feed(register: Register, year: int) -> Any:
    """Return a feedgen feed with everything but links and entries."""
    publisher = register.publisher
    language = Language.of(publisher.language)
    feed = FeedGenerator()
    feed.register_extension(NAME, FeedExtension, EntryExtension, rss=False)
    feed.id(feed_id(register.register, year))
    feed.title(xml_text(feed_title(register)))
    feed.subtitle(feed_description(language))
    feed.updated(register.published_at)
    author = {"name": xml_text(publisher.name), "uri": publisher.website}
    feed.author({key: value for key, value in author.items() if value})
    feed.generator("register-api")
    feed.language(language.tag)
    return feed


def _feed_links(register: Register, place: FeedPlace, archive: int | None) -> Iterator[FeedLink]:
    """Yield the links of the page as a whole."""
    language = Language.of(register.publisher.language)
    # Some readers take the first link for the address of the site, whatever its relation.
    yield FeedLink("alternate", place.href(tree.INDEX.path()), "text/html", feed_title(register))
    yield FeedLink("self", place.href(place.path), _ATOM)
    signature = place.href(tree.XML_SIGNATURE.of(place.path))
    signed = language.text("XML signature over this feed's exact bytes")
    yield FeedLink("describedby", signature, "application/xml", signed)
    if archive is not None:
        yield FeedLink("current", place.href(tree.FEED_ATOM.path()), _ATOM)
    previous = archive - 1 if archive is not None else register.version // FEED_PAGE_SIZE
    if previous > 0:
        yield FeedLink("prev-archive", place.href(tree.FEED_ARCHIVE.path(previous)), _ATOM)


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
