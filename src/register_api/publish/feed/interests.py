"""Feeds of some of the changes: the important ones, those of a category, those of a vendor.

An entry contains only the changes of a version that match, worded as in the main feed, and has its own id, so
that no id has different content in two feeds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from lxml import etree

from register_api.core.diff.affected import changes_by_feed, tag_of
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.publish.feed.entry import (
    FeedEntry,
    VersionSummary,
    feed_id,
    feed_title,
    make_entry,
    root_of,
    xml_text,
)
from register_api.publish.feed.formats import FeedPlace, entries_of, write_feed


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """A feed; ``id`` is that of its category or vendor, if it has one."""

    kind: FileKind
    id: str | None = None
    title: str

    @property
    def path(self) -> str:
        """Path in the tree."""
        return self.kind.path() if self.id is None else self.kind.path(self.id)


class PublishedFeeds(msgspec.Struct, frozen=True, kw_only=True):
    """The previous publication, as far as feeds depend on it; ``read`` returns only signed files."""

    register: Register | None
    base_url: str | None
    first: dt.datetime
    read: Callable[[str], bytes | None]


def interests(register: Register) -> Iterator[Interest]:
    """Yield the additional feeds of a register: important changes, each category, each vendor."""
    for kind in (tree.FEED_IMPORTANT, tree.FEED_CATEGORY, tree.FEED_SUBPROCESSOR):
        for id_, title in _titles(register, kind).items():
            yield Interest(kind=kind, id=id_, title=title)


def _titles(register: Register, kind: FileKind, former: Iterable[str] = ()) -> dict[str | None, str]:
    """Return the titles of the feeds of a kind by id, with those of ``former`` vendors."""
    of, text = feed_title(register), Language.of(register.publisher.language).text
    if kind is tree.FEED_IMPORTANT:
        return {None: text("{of}: important changes", of=of)}
    if kind is tree.FEED_CATEGORY:
        return {
            item.id: text("{of}: category {title}", of=of, title=item.title) for item in register.categories
        }
    names = {id_: id_ for id_ in former} | {item.id: item.name for item in register.subprocessors}
    return {id_: text("{of}: {name}", of=of, name=name) for id_, name in names.items()}


def entries_by_interest(version: VersionSummary, kind: FileKind) -> dict[str, FeedEntry]:
    """Return a version's entry for each feed of a kind that has matching changes, by path."""
    by_path = changes_by_feed(version.register, version.diff.changes, (kind,))
    diffs = {
        path: msgspec.structs.replace(version.diff, changes=tuple(changes))
        for path, changes in by_path.items()
    }
    return {path: make_entry(msgspec.structs.replace(version, diff=diff)) for path, diff in diffs.items()}


def interest_feeds(
    kind: FileKind, version: VersionSummary, before: PublishedFeeds
) -> Iterator[tuple[str, bytes]]:
    """Yield id and bytes of each feed of a kind that must be rewritten."""
    new = entries_by_interest(version, kind)
    older, register = before.register, version.register
    same: dict[str | None, str] = {}
    if older and older.publisher == register.publisher and before.base_url == version.base_url:
        same = _titles(older, kind)
    former = (change.subprocessor for change in version.diff.changes if change.subprocessor)
    for id_, title in _titles(register, kind, former).items():
        interest = Interest(kind=kind, id=id_, title=title)
        if id_ and same.get(id_) == title and interest.path not in new:
            continue
        stored = before.read(interest.path)
        entries = [*filter(None, [new.get(interest.path)]), *(entries_of(stored) if stored else ())]
        data = interest_feed(register, interest, entries, first=before.first, base_url=version.base_url)
        yield str(id_), data


def important_feed(version: VersionSummary, before: PublishedFeeds) -> bytes:
    """Return the feed of important changes, which every version rewrites."""
    ((_, data),) = interest_feeds(tree.FEED_IMPORTANT, version, before)
    return data


def interest_feed(
    register: Register,
    interest: Interest,
    entries: Sequence[FeedEntry],
    *,
    first: dt.datetime,
    base_url: str | None = None,
) -> bytes:
    """Write the feed of one interest; it has no archive, because the main feed is complete."""
    place = FeedPlace(path=interest.path, base_url=base_url)
    id_ = feed_id(register.register, first.year) + tag_of(interest.path)
    updated = max((entry.published_at for entry in entries), default=first)
    return write_feed(register, place, id_, interest.title, entries[:FEED_PAGE_SIZE], updated)


def feeds_opml(register: Register, base_url: str | None) -> bytes | None:
    """Write the list of all feeds (OPML 2.0) with absolute URLs; ``None`` without a base URL."""
    if base_url is None:
        return None
    title = feed_title(register)
    opml = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(opml, "head"), "title").text = xml_text(title)
    body = etree.SubElement(opml, "body")
    for feed in (Interest(kind=tree.FEED_ATOM, title=title), *interests(register)):
        named, root = xml_text(feed.title), root_of(base_url)
        etree.SubElement(
            body, "outline", type="rss", text=named, title=named, xmlUrl=root + feed.path, htmlUrl=root
        )
    return etree.tostring(opml, encoding="utf-8", xml_declaration=True)
