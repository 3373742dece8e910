"""The JSON Feed has the same entries as the Atom feed."""

from __future__ import annotations

from lxml import etree

import sample_register as sample
from register_api.core import canonical
from register_api.publish.feed.atom import atom_feed
from register_api.publish.feed.entry import make_entry
from register_api.publish.feed.json import json_feed

ATOM = "{http://www.w3.org/2005/Atom}"
ENTRIES = [sample.summary(number) for number in (7, 6, 5)]
MADE = [make_entry(entry) for entry in ENTRIES]


def test_required_members_of_version_1_1() -> None:
    """Version, title, items; each item with id, content, address and instant."""
    feed = canonical.parse(json_feed(ENTRIES[0].register, MADE, year=2026))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Sub-processors of Example"
    assert (feed["home_page_url"], feed["feed_url"]) == ("./", "feed.json")
    assert feed["items"][0].keys() >= {"id", "url", "title", "content_html", "date_published"}
    assert feed["items"][0]["attachments"][0] == {
        "url": "v1/versions/7/diff.json",
        "mime_type": "application/json",
        "title": "What version 7 changed",
    }


def test_entries_equal_those_of_the_atom_feed() -> None:
    """Ids, titles, instants, classes and content are the same."""
    items = canonical.parse(json_feed(ENTRIES[0].register, MADE, year=2026))["items"]
    entries = etree.fromstring(atom_feed(ENTRIES[0].register, MADE, year=2026)).findall(f"{ATOM}entry")
    for item, entry in zip(items, entries, strict=True):
        assert item["id"] == entry.findtext(f"{ATOM}id")
        assert item["title"] == entry.findtext(f"{ATOM}title")
        assert item["date_modified"] == entry.findtext(f"{ATOM}updated")
        assert item["tags"] == [tag.get("term") for tag in entry.findall(f"{ATOM}category")]
        div = etree.fromstring(f"<div>{item['content_html']}</div>")
        content = entry.find(f"{ATOM}content")
        assert content is not None
        assert "".join(div.itertext()) == "".join(content.itertext())


def test_log_size_and_root_hash_are_there_for_machines() -> None:
    """An extension member, as JSON Feed allows by an underscore."""
    item = canonical.parse(json_feed(ENTRIES[0].register, MADE, year=2026))["items"][0]
    assert item["_log"]["size"] == 7
    assert item["_log"]["root_hash"] in item["content_html"]


def test_base_url_makes_addresses_absolute() -> None:
    """For readers that cannot resolve references."""
    feed = canonical.parse(json_feed(ENTRIES[0].register, MADE, year=2026, base_url="https://example.com/r"))
    assert feed["feed_url"] == "https://example.com/r/feed.json"
    assert feed["items"][0]["url"] == "https://example.com/r/versions/7/"


def test_hostile_text_is_escaped_in_content() -> None:
    """A reader that shows HTML shows text."""
    entry = sample.summary(7, (sample.change(1, "added", sample.HOSTILE),))
    item = canonical.parse(json_feed(entry.register, [make_entry(entry)], year=2026))["items"][0]
    assert "<script" not in item["content_html"]
    assert "<img" not in item["content_html"]


def test_same_input_gives_same_bytes() -> None:
    """RFC 8785 bytes without a clock."""
    assert json_feed(ENTRIES[0].register, MADE, year=2026) == json_feed(ENTRIES[0].register, MADE, year=2026)
