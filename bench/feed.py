"""P9: cost of the feeds after 5,000 versions compared with 100, for publisher and readers.

Measured in process: the feeds of one publication with their signatures, made as in ``publish`` from stored
data, and the size of ``feed.atom``. Of the feeds by interest, those that a change of one vendor affects are
included: the important changes, the vendor and its category.

    .venv/bin/python bench/feed.py
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories
import msgspec

from register_api.core.canonical import decode
from register_api.core.changes import Change, Diff
from register_api.core.format import tree
from register_api.core.language.changes import Sentences
from register_api.core.model import Register
from register_api.core.notice_period import NoticeStatus
from register_api.publish.feed.entry import VersionSummary
from register_api.publish.feed.formats import atom_feed, entries_in, json_feed
from register_api.publish.feed.interests import PublishedFeeds, important_feed, interest_feeds
from register_api.publish.signing.keyring import Keyring, signatures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from publishers import Publisher

FEW, MANY, ROUNDS = 101, 5_001, 9
GOAL = 1.2


def feeds(publisher: Publisher, version: int) -> tuple[float, int]:
    """Return CPU milliseconds for the feeds of a version, and the size of ``feed.atom``."""
    snapshot = publisher.snapshot()
    newest = msgspec.structs.replace(decode(snapshot.read(tree.REGISTER.path()), Register), version=version)
    shift = version - snapshot.state.version
    window = [
        msgspec.structs.replace(entry, version=entry.version + shift)
        for entry in entries_in(snapshot.read(tree.FEED_JSON.path()))
    ]
    feeds = PublishedFeeds(
        register=newest,
        base_url=None,
        first=snapshot.state.first_published_at,
        read=lambda path: snapshot.read(path) if path in snapshot.manifest.files else None,
    )
    summary = VersionSummary(
        register=newest,
        diff=msgspec.structs.replace(
            decode(snapshot.read(tree.VERSION_DIFF.path(snapshot.state.version)), Diff),
            changes=(_change(newest),),
        ),
        size=version,
        root_hash=bytes(32),
        sentences=Sentences.between(newest, newest, dt.UTC),
    )
    keyring = Keyring(publisher.keys)
    year = snapshot.state.first_published_at.year
    before = time.process_time()
    made = {
        tree.FEED_ATOM.path(): atom_feed(newest, window, year=year),
        tree.FEED_JSON.path(): json_feed(newest, window, year=year),
    }
    signatures(made, keyring)
    important_feed(summary, feeds)
    for kind in (tree.FEED_CATEGORY, tree.FEED_SUBPROCESSOR):
        for _ in interest_feeds(kind, summary, feeds):
            pass
    return (time.process_time() - before) * 1e3, len(made[tree.FEED_ATOM.path()])


def _change(register: Register) -> Change:
    """Return a change of the first vendor that requires notice."""
    vendor = register.subprocessors[0]
    return Change(
        id=f"{register.version}-1",
        type="relocated",
        kind="changed",
        subprocessor=vendor.id,
        engagement=vendor.engagements[0].id,
        fields=(),
        notice=NoticeStatus(required=True),
    )


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure both alternately, with the data of a store of a hundred versions."""
    publisher = histories.small_history(folder / "feed", 100)
    rounds = [(feeds(publisher, FEW), feeds(publisher, MANY)) for _ in range(ROUNDS)]
    few, many = (min(column)[0] for column in zip(*rounds, strict=True))
    (_, small), (_, large) = rounds[0]
    yield goals.Result("P9: making the feeds, 5,000 versions / 100", many / few, GOAL)
    yield goals.Result("P9: bytes of feed.atom, 5,000 versions / 100", large / small, GOAL)


if __name__ == "__main__":
    goals.run(measure)
