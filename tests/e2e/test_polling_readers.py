"""Readers that poll for weeks are told of each change once, by every kind of feed."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from feed_programs import READERS, Seen
from publishers import NOW, Publisher
from register_api.core.diff.affected import tag_of
from register_api.core.format import tree
from register_api.publish.feed.formats import entries_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEEK = dt.timedelta(weeks=1)
FEEDS = (
    tree.FEED_ATOM.path(),
    tree.FEED_IMPORTANT.path(),
    tree.FEED_CATEGORY.path("infrastructure"),
    tree.FEED_SUBPROCESSOR.path("acme"),
)


def weeks(publisher: Publisher) -> Iterator[None]:
    """Announce a vendor more each week, and in one of them change a note alone; then nothing for a week."""
    for number, vendor in enumerate(("acme", "beta", "", "gamma", "delta")):
        now = NOW - (5 - number) * WEEK
        if not vendor:
            publisher.say("another")
        elif number:
            publisher.list(vendor, f"starts_on = {now.date() + 10 * WEEK}\n")
        publisher.publish(now)
        yield
    publisher.refresh(NOW)
    yield


def told(feed: Path, name: str) -> set[Seen]:
    """Return the entries that a feed has."""
    first = (NOW - 5 * WEEK).year
    of = f"tag:example.com,{first}:sub-processors" + ("" if name == tree.FEED_ATOM.path() else tag_of(name))
    return {
        Seen(
            f"{of}/versions/{entry.version}",
            entry.title,
            f"https://example.com/versions/{entry.version}/",
            entry.published_at,
            entry.html.strip(),
        )
        for entry in entries_of(feed.read_bytes())
    }


def test_each_change_is_told_once(tmp_path: Path) -> None:
    """With title, absolute link, instant and, where the reader keeps it, the whole content."""
    publisher = Publisher(tmp_path / "publisher")
    most = dict.fromkeys(FEEDS, 0)
    for _ in weeks(publisher):
        for name in FEEDS:
            feed = publisher.store / "public" / name
            said = told(feed, name)
            most[name] = len(said)
            for reader, poll in READERS.items():
                home = tmp_path / f"{reader} {FEEDS.index(name)}"
                home.mkdir(exist_ok=True)
                seen = poll(home, feed)
                expected = {one._replace(html=None) for one in said} if reader == "rss2email" else said
                assert len(seen) == len(said), (reader, name)
                assert set(seen) == expected, (reader, name)
    assert most == dict(zip(FEEDS, (5, 3, 4, 1), strict=True))
