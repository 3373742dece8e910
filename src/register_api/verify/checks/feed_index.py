"""What a feed says of each version: read from Atom and from JSON Feed, so that it can be compared."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from lxml import etree

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.errors import Inconsistent, Malformed
from register_api.verify.checks.feed_signature import UTF8_DECLARATION
from register_api.verify.checks.history import History

_ATOM = "{http://www.w3.org/2005/Atom}"
_VERSION = re.compile(r"[1-9][0-9]{0,15}")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry of a feed says.

    Attributes:
        version: Number of the version.
        updated: When it was written last, as it is spelled.
        published: When the version was published, as it is spelled.
        types: Types of the version's changes, in order of the feed.
        words: Title, summary and content.
    """

    version: int
    updated: str
    published: str
    types: tuple[str, ...]
    words: tuple[str, str, str]


class ToldLog(msgspec.Struct, frozen=True):
    """What an item of the JSON Feed says of the log that ends with its version: size, and root in base64."""

    size: int
    root_hash: str


def read_atom(data: bytes, register: str, tag: str = "") -> tuple[Told, ...]:
    """Read an Atom feed (RFC 4287)."""
    feed = _parse(data)
    if feed.tag != f"{_ATOM}feed":
        raise Malformed("not an Atom feed")
    name = _text(feed, "id")
    _check_id(name, register, tag)
    entries = feed.findall(f"{_ATOM}entry")
    return tuple(
        Told(
            version=_version(name, _text(entry, "id")),
            updated=_instant(_text(entry, "updated")),
            published=_instant(_text(entry, "published")),
            types=tuple(category.get("term", "") for category in entry.findall(f"{_ATOM}category")),
            words=(_text(entry, "title"), _text(entry, "summary"), _text(entry, "content")),
        )
        for entry in entries
    )


class _Item(msgspec.Struct, frozen=True):
    id: str
    title: str
    summary: str
    content_html: str
    date_published: str
    date_modified: str
    tags: tuple[str, ...]
    log: ToldLog = msgspec.field(name="_log")


class _About(msgspec.Struct, frozen=True):
    register: str
    format: Literal["sub-processor-register-feed/1"]


class _Feed(msgspec.Struct, frozen=True):
    items: tuple[_Item, ...]
    about: _About = msgspec.field(name="_register")


def read_json(data: bytes, register: str) -> tuple[tuple[Told, ...], tuple[ToldLog, ...]]:
    """Read a JSON Feed (version 1.1)."""
    feed = decode(data, _Feed)
    if feed.about.register != register:
        raise Inconsistent(f"the feed of {feed.about.register[:100]!a}, not of {register!r}")
    for name in {_split(item.id)[0] for item in feed.items}:
        _check_id(name, register)
    told = tuple(
        Told(
            version=_version(*_split(item.id)),
            updated=_instant(item.date_modified),
            published=_instant(item.date_published),
            types=item.tags,
            words=(item.title, item.summary, item.content_html),
        )
        for item in feed.items
    )
    return told, tuple(item.log for item in feed.items)


def check_page(page: tuple[Told, ...], newest: int, oldest: int, history: History) -> None:
    """Check that a page tells of exactly some versions, newest first, with their instants and changes."""
    if [told.version for told in page] != list(range(newest, oldest - 1, -1)):
        raise Inconsistent(f"does not name versions {newest} to {oldest}, newest first, each once")
    _check_entries(page, tree.FEED_ATOM.path(), history)


def check_interest(page: tuple[Told, ...], path: str, newest: int, history: History) -> None:
    """Check that a feed by interest tells of the versions with changes of that interest, and of no others.

    Of versions that this run has not read it is known only that each stands there once.
    """
    numbers = [told.version for told in page]
    if numbers != sorted(set(numbers), reverse=True) or len(numbers) > FEED_PAGE_SIZE:
        raise Inconsistent(f"does not name at most {FEED_PAGE_SIZE} versions, newest first, each once")
    if numbers and numbers[0] > newest:
        raise Inconsistent(f"names version {numbers[0]}, which there is not")
    oldest = numbers[-1] if len(numbers) == FEED_PAGE_SIZE else 1
    left_out = history.feeds.get(path, {}).keys() - {*numbers, *range(oldest)}
    if left_out:
        raise Inconsistent(f"leaves out version {max(left_out)}")
    _check_entries(page, path, history)


def _check_entries(page: tuple[Told, ...], path: str, history: History) -> None:
    for told in page:
        at = history.published.get(told.version, told.updated)
        for instant in (told.updated, told.published):
            if instant != at:
                raise Inconsistent(f"version {told.version} was not published at {instant}")
        if not history.has_types(told.version, told.types, path):
            raise Inconsistent(f"version {told.version} has changes of other types")


def _parse(data: bytes) -> Any:
    """Read XML without anything that expands, is fetched, or grows beyond the bytes received.

    The bytes are UTF-8 and say nothing else: in another encoding a document type would not be seen.
    """
    body = UTF8_DECLARATION.sub(b"", data, count=1) if data.startswith(b"<?xml") else data
    if b"<?xml" in body[:8] or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Malformed("a feed with a document type, or one that does not say that it is UTF-8")
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        data.decode("utf-8", "strict")
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("not well-formed XML in UTF-8") from error


def _text(element: Any, name: str) -> str:
    """Return the text of the one child of a name.

    A comment, an instruction or an element within would end the text for some readers and not for others.
    """
    found = element.findall(f"{_ATOM}{name}")
    if len(found) != 1 or len(found[0]):
        raise Malformed(f"a feed or an entry that has not exactly one {name}, of text alone")
    return found[0].text or ""


def _check_id(name: str, register: str, tag: str = "") -> None:
    """Check a feed's tag URI (RFC 4151): ``tag:<domain>,<year>:<path>`` made from the register's name."""
    domain, _, path = register.partition("/")
    if not re.fullmatch(rf"tag:{re.escape(domain)},[0-9]{{4}}:{re.escape(path + tag)}", name):
        raise Inconsistent(f"the feed {name[:100]!a}, not that of {register!r}")


def _split(text: str) -> tuple[str, str]:
    return text.rpartition("/versions/")[0], text


def _version(name: str, text: str) -> int:
    number = (text or "").removeprefix(f"{name}/versions/")
    if not _VERSION.fullmatch(number):
        raise Malformed(f"an entry with the id {text[:100]!a}")
    return int(number)


def _instant(text: str) -> str:
    """Return an instant as this format spells it; Atom may write UTC as an offset."""
    return re.sub(r"(?:\+00:00|Z)$", "Z", text.strip())
