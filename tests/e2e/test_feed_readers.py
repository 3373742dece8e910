"""Feeds in the readers that people have: title, absolute link, instant and the whole content, in order."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

import sample_register as sample
from node_judges import need_package, node
from register_api.publish.feed.entry import FeedEntry, make_entry
from register_api.publish.feed.formats import atom_feed, json_feed
from register_api.publish.feed.interests import interest_feed, interests

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://trust.example.com/list/"
LIBRARIES = ("rss-parser", "feedsmith", "@extractus/feed-extractor")


class Feed(NamedTuple):
    """A feed as a file, and what it was made from."""

    file: Path
    entries: list[FeedEntry]


def write(name: str, entries: list[FeedEntry]) -> bytes:
    """Write a feed of version 7."""
    newest = sample.register(7)
    if name == "important.atom":
        interest = next(interests(newest))
        return interest_feed(newest, interest, entries, first=sample.FIRST, base_url=BASE)
    make = atom_feed if name == "feed.atom" else json_feed
    return make(newest, entries, year=2026, base_url=BASE)


@pytest.fixture(scope="module", params=["feed.atom", "feed.json", "important.atom"])
def feed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Feed:
    """Three versions, in one form."""
    versions = (msgspec.structs.replace(sample.summary(number), base_url=BASE) for number in (7, 6, 5))
    entries = [make_entry(version) for version in versions]
    file = tmp_path_factory.mktemp("feed") / request.param
    file.write_bytes(write(request.param, entries))
    return Feed(file, entries)


def told(entries: list[FeedEntry]) -> list[dict[str, str]]:
    """Return what each reader has to make of entries."""
    return [
        {
            "title": entry.title,
            "link": f"{BASE}versions/{entry.version}/",
            "date": f"{entry.published_at:%Y-%m-%dT%H:%M:%S}",
            "content": entry.html.strip().replace("&#39;", "'"),
        }
        for entry in entries
    ]


def read(item: dict[str, Any]) -> dict[str, str]:
    """Return what a library read, without how it spells UTC and a quotation mark, and the space around."""
    return {**item, "date": item["date"][:19], "content": item["content"].strip().replace("&#39;", "'")}


def test_libraries_of_node_read_it(feed: Feed) -> None:
    """Of which automation and many readers are made."""
    for name in LIBRARIES:
        need_package(name)
    lines = node("read-feed.mjs", feed.file)
    assert len(lines) == (2 if feed.file.suffix == ".json" else 3)
    for line in lines:
        assert [read(item) for item in json.loads(line)] == told(feed.entries)


def test_feedparser_reads_it(feed: Feed) -> None:
    """With bytes alone, without knowing where they come from; what it takes for harmful it would drop."""
    if feed.file.suffix == ".json":
        return  # feedparser reads XML
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = feedparser.parse(feed.file.read_bytes(), sanitize_html=False)
    assert not found.bozo
    assert [
        read(
            {"title": item.title, "link": item.link, "date": item.published, "content": item.content[0].value}
        )
        for item in found.entries
    ] == told(feed.entries)
    assert [item.summary for item in found.entries] == [entry.summary for entry in feed.entries]
