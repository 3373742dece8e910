"""The list of all feeds in the form that feed readers import (OPML 2.0)."""

from __future__ import annotations

from lxml import etree

from register_api.core.format import tree
from register_api.core.model import Register
from register_api.publish.feed.entry import feed_title
from register_api.publish.feed.extension import xml_text
from register_api.publish.feed.feed_links import root_of
from register_api.publish.feed.interests import Interest, interests


def feeds_opml(register: Register, base_url: str | None) -> bytes | None:
    """Write the list, or nothing where the tree has no address: readers take what stands there as it is."""
    if base_url is None:
        return None
    title = feed_title(register)
    opml = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = xml_text(title)
    body = etree.SubElement(opml, "body")
    for feed in (Interest(kind=tree.FEED_ATOM, title=title), *interests(register)):
        named = xml_text(feed.title)
        address = root_of(base_url) + feed.path
        etree.SubElement(
            body, "outline", type="rss", text=named, title=named, xmlUrl=address, htmlUrl=root_of(base_url)
        )
    return etree.tostring(opml, encoding="utf-8", xml_declaration=True)
