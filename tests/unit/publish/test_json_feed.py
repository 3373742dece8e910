"""The JSON Feed has the same entries as the Atom feed."""

from __future__ import annotations

import msgspec
from lxml import etree

import sample_register as sample
from register_api.core import canonical
from register_api.publish.feed.entry import make_entry
from register_api.publish.feed.formats import atom_feed, entries_in, json_feed

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
    assert "attachments" not in feed["items"][0]


def test_entries_equal_those_of_the_atom_feed() -> None:
    """Ids, titles, instants, classes and content are the same."""
    items = canonical.parse(json_feed(ENTRIES[0].register, MADE, year=2026))["items"]
    entries = etree.fromstring(atom_feed(ENTRIES[0].register, MADE, year=2026)).findall(f"{ATOM}entry")
    for item, entry in zip(items, entries, strict=True):
        assert item["id"] == entry.findtext(f"{ATOM}id")
        assert item["title"] == entry.findtext(f"{ATOM}title")
        assert item["date_modified"] == entry.findtext(f"{ATOM}updated")
        assert item["tags"] == [tag.get("term") for tag in entry.findall(f"{ATOM}category")]
        assert item["summary"] == entry.findtext(f"{ATOM}summary")
        assert item["content_html"] == entry.findtext(f"{ATOM}content")


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


def test_entries_are_read_back_as_they_were_made() -> None:
    """The next publication repeats what this one said, and links follow the tree."""
    base = "https://example.com/r/"
    made = [make_entry(msgspec.structs.replace(entry, base_url=base)) for entry in ENTRIES]
    read = entries_in(json_feed(ENTRIES[0].register, made, year=2026, base_url=base))
    assert list(read) == made
    moved = json_feed(ENTRIES[0].register, read, year=2026, base_url="https://new.example")
    assert b"example.com/r/" not in moved
    assert [entry.base_url for entry in entries_in(moved)] == ["https://new.example/"] * 3


def test_hostile_text_is_escaped_in_content() -> None:
    """A reader that shows HTML shows text."""
    entry = sample.summary(7, (sample.change(1, "added", sample.HOSTILE),))
    item = canonical.parse(json_feed(entry.register, [make_entry(entry)], year=2026))["items"][0]
    assert "<script" not in item["content_html"]
    assert "<img" not in item["content_html"]


def test_same_input_gives_same_bytes() -> None:
    """RFC 8785 bytes without a clock."""
    assert json_feed(ENTRIES[0].register, MADE, year=2026) == json_feed(ENTRIES[0].register, MADE, year=2026)
