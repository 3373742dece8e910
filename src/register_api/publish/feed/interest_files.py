"""The feeds of interests as files: those that say something new, or lie somewhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.model import Register
from register_api.publish.feed.atom import interest_feed
from register_api.publish.feed.entry import FeedEntry, VersionSummary
from register_api.publish.feed.interests import Interest, entries_by_interest, interests
from register_api.publish.feed.stored_feed import entries_of


class PublishedFeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What was published before, as far as feeds rest on it.

    Attributes:
        register: The version before, if there is one.
        base_url: Where the tree was said to lie.
        first: When version 1 was published.
        read: Returns a file as it was signed; ``None`` where there is none.
    """

    register: Register | None
    base_url: str | None
    first: dt.datetime
    read: Callable[[str], bytes | None]


def important_feed(version: VersionSummary, before: PublishedFeeds) -> bytes:
    """Return the feed of what is important, which there is from the first version on."""
    ((interest, entries),) = _feeds(tree.FEED_IMPORTANT, version, before)
    return _written(interest, entries, version, before)


def interest_feeds(
    kind: FileKind, version: VersionSummary, before: PublishedFeeds
) -> Iterator[tuple[str, bytes]]:
    """Yield id and bytes of each feed of a kind that has to be written; all others stay as they are."""
    for interest, entries in _feeds(kind, version, before):
        yield str(interest.id), _written(interest, entries, version, before)


def _feeds(
    kind: FileKind, version: VersionSummary, before: PublishedFeeds
) -> Iterator[tuple[Interest, Sequence[FeedEntry]]]:
    new = entries_by_interest(version, kind)
    same = set(_unchanged(version, before))
    former = (change.subprocessor for change in version.diff.changes if change.subprocessor)
    for interest in interests(version.register, former):
        if interest.kind is not kind or (interest.path not in new and interest.id and interest in same):
            continue
        stored = before.read(interest.path)
        earlier = entries_of(stored) if stored is not None else ()
        entry = new.get(interest.path)
        yield interest, [*([entry] if entry else []), *earlier]


def _written(
    interest: Interest, entries: Sequence[FeedEntry], version: VersionSummary, before: PublishedFeeds
) -> bytes:
    return interest_feed(version.register, interest, entries, first=before.first, base_url=version.base_url)


def _unchanged(version: VersionSummary, before: PublishedFeeds) -> Iterator[Interest]:
    """Yield the feeds that were there with the same title, publisher and address."""
    older = before.register
    if older is None or older.publisher != version.register.publisher or before.base_url != version.base_url:
        return
    yield from interests(older)
