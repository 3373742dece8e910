"""Feeds for those who want some of the changes: the important ones, those of a category, those of a vendor.

Each entry tells the changes of a version that are of that interest, in the words of the main feed, and has
an id of its own: what one id says never differs from feed to feed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from register_api.core.diff.changes import Change
from register_api.core.diff.concern import changes_by_feed, tag_of
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.language.language import Language
from register_api.core.model import Register
from register_api.publish.feed.entry import FeedEntry, VersionSummary, feed_title, make_entry


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """One feed beside the main one.

    Attributes:
        kind: What kind of file it is.
        id: Id of the category or vendor that it is about; ``None``: of neither.
        title: What it is called.
    """

    kind: FileKind
    id: str | None = None
    title: str

    @property
    def path(self) -> str:
        """Where it lies in the tree."""
        return self.kind.path() if self.id is None else self.kind.path(self.id)

    @property
    def tag(self) -> str:
        """What its id has after that of the main feed."""
        return tag_of(self.path)


def interests(register: Register, former: Iterable[str] = ()) -> Iterator[Interest]:
    """Yield the feeds of a register: of what is important, of each category, of each vendor."""
    of, text = feed_title(register), Language.of(register.publisher.language).text
    yield Interest(kind=tree.FEED_IMPORTANT, title=text("{of}: important changes", of=of))
    for category in register.categories:
        title = text("{of}: category {title}", of=of, title=category.title)
        yield Interest(kind=tree.FEED_CATEGORY, id=category.id, title=title)
    names = dict.fromkeys(former) | {vendor.id: vendor.name for vendor in register.subprocessors}
    for id_, name in names.items():
        title = text("{of}: {name}", of=of, name=name or id_)
        yield Interest(kind=tree.FEED_SUBPROCESSOR, id=id_, title=title)


def entries_by_interest(version: VersionSummary, kind: FileKind) -> dict[str, FeedEntry]:
    """Return the entry of a version in each feed of a kind that has something to say of it, by path."""
    told = changes_by_feed(version.register, version.diff.changes, (kind,))
    return {path: _entry(version, changes) for path, changes in told.items()}


def _entry(version: VersionSummary, changes: Sequence[Change]) -> FeedEntry:
    diff = msgspec.structs.replace(version.diff, changes=tuple(changes))
    return make_entry(msgspec.structs.replace(version, diff=diff))
