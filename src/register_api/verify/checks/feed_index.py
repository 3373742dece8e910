"""Which versions a feed names: read from Atom and from JSON Feed, nothing else of them."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from lxml import etree

from register_api.core.canonical import parse
from register_api.errors import Inconsistent, Malformed
from register_api.verify.checks.feed_signature import UTF8_DECLARATION

_ATOM = "{http://www.w3.org/2005/Atom}"
_VERSION = re.compile(r"[1-9][0-9]{0,15}")


class FeedIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What a feed names.

    Attributes:
        versions: Numbers of the versions in order of the feed.
        updated: The instant of each entry as it is spelled.
    """

    versions: tuple[int, ...]
    updated: tuple[str, ...]


def read_atom(data: bytes, register: str) -> FeedIndex:
    """Read an Atom feed (RFC 4287).

    Args:
        data: The bytes, whose signature has been checked.
        register: Name of the register that the feed must be of.

    Raises:
        Malformed: Not an Atom feed in UTF-8, or a feed or entry without id or instant, with two of them,
            or with one that holds more than text.
        Inconsistent: The feed of another register.
    """
    feed = _parse(data)
    if feed.tag != f"{_ATOM}feed":
        raise Malformed("not an Atom feed")
    name = _text(feed, "id")
    _check_id(name, register)
    entries = feed.findall(f"{_ATOM}entry")
    return FeedIndex(
        versions=tuple(_version(name, _text(entry, "id")) for entry in entries),
        updated=tuple(_instant(_text(entry, "updated")) for entry in entries),
    )


def read_json(data: bytes, register: str) -> tuple[FeedIndex, dict[str, Any]]:
    """Read a JSON Feed (version 1.1).

    Args:
        data: The bytes, whose signature has been checked.
        register: Name of the register that the feed must be of.

    Returns:
        What it names, and the ``_log`` object of its newest entry, empty if it has none.

    Raises:
        Malformed: Not such a feed in RFC 8785 form.
        Inconsistent: The feed of another register.
    """
    feed = parse(data)
    try:
        items = feed["items"]
        names = {item["id"].rpartition("/versions/")[0] for item in items}
        for name in names:
            _check_id(name, register)
        index = FeedIndex(
            versions=tuple(_version(*_split(item["id"])) for item in items),
            updated=tuple(_instant(item["date_modified"]) for item in items),
        )
        log = items[0].get("_log", {}) if items else {}
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise Malformed("not a JSON Feed whose items have id and date_modified") from error
    return index, log if isinstance(log, dict) else {}


def check_page(index: FeedIndex, newest: int, oldest: int, published: dict[int, str]) -> None:
    """Check that a page names exactly some versions, newest first, with their instants."""
    if index.versions != tuple(range(newest, oldest - 1, -1)):
        raise Inconsistent(f"does not name versions {newest} to {oldest}, newest first, each once")
    for version, updated in zip(index.versions, index.updated, strict=True):
        if published.get(version, updated) != updated:
            raise Inconsistent(f"version {version} was not published at {updated}")


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


def _check_id(name: str, register: str) -> None:
    """Check a feed's tag URI (RFC 4151): ``tag:<domain>,<year>:<path>`` made from the register's name."""
    domain, _, path = register.partition("/")
    if not re.fullmatch(rf"tag:{re.escape(domain)},[0-9]{{4}}:{re.escape(path)}", name):
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
