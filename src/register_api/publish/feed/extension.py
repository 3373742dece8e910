"""What feedgen leaves out of Atom: full links of entries, and RFC 5005 archives.

feedgen drops ``rel``, ``type`` and ``title`` of an entry's links and knows no feed history. An
extension may add to the XML it builds. feedgen creates elements without a namespace and writes
``xmlns`` as an attribute; what is added here has to do the same. An extension is any class with these
methods: feedgen asks for no base.
"""

from __future__ import annotations

import re

import msgspec
from lxml import etree
from lxml.etree import _Element

HISTORY = "http://purl.org/syndication/history/1.0"
"""Namespace of feed history (RFC 5005 section 4)."""

NAME = "register"
"""Name under which the extension hangs on a feed and its entries."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (section 2.2)."""


class FeedLink(msgspec.Struct, frozen=True):
    """An ``atom:link`` (RFC 4287 section 4.2.7)."""

    rel: str
    href: str
    type: str
    title: str | None = None


class FeedExtension:
    """Links of the feed in the order given, and the mark of an archive page."""

    def __init__(self) -> None:
        """Start without links."""
        self.links: tuple[FeedLink, ...] = ()
        self.archive = False

    def extend_ns(self) -> dict[str, str]:
        """Declare the namespace of feed history."""
        return {"fh": HISTORY}

    def extend_atom(self, feed: _Element) -> _Element:
        """Add links, and ``fh:archive`` where nothing will ever change."""
        _use_z(feed)
        _add_links(feed, self.links)
        if self.archive:
            etree.SubElement(feed, f"{{{HISTORY}}}archive")
        return feed


class EntryExtension:
    """Links of an entry in the order given."""

    def __init__(self) -> None:
        """Start without links."""
        self.links: tuple[FeedLink, ...] = ()

    def extend_atom(self, entry: _Element) -> _Element:
        """Add links."""
        _use_z(entry)
        _add_links(entry, self.links)
        return entry


def xml_text(text: str) -> str:
    """Replace what XML 1.0 cannot hold by U+FFFD, so that no name can break the whole feed."""
    return _NOT_XML.sub("\ufffd", text)


def _add_links(parent: _Element, links: tuple[FeedLink, ...]) -> None:
    for link in links:
        given = {name: xml_text(value) for name, value in msgspec.structs.asdict(link).items() if value}
        etree.SubElement(parent, "link", given)


def _use_z(parent: _Element) -> None:
    """Write UTC as ``Z``, as all documents of the register do, where feedgen writes ``+00:00``."""
    for name in ("updated", "published"):
        for instant in parent.findall(name):
            instant.text = (instant.text or "").replace("+00:00", "Z")
