"""A publisher that signs rightly and lies in one field of a feed: each is found, and nothing honest is."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec
import pytest

import promise_story
from lies import other_value
from memory_publisher import FIRST, NOW, MemoryPublisher
from publishers import NAME
from register_api.clock import zone_of
from register_api.core.canonical import decode
from register_api.core.changes import Diff
from register_api.core.diff.affected import KINDS
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.language.changes import Sentences
from register_api.publish.feed.entry import FeedEntry, VersionSummary, make_entry
from register_api.publish.feed.formats import atom_feed, json_feed
from register_api.publish.feed.interests import entries_by_interest, interest_feed, interests
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.format.kind import FileKind
    from register_api.verify.report import Report

ChangeOfEntries = Callable[[list[FeedEntry]], list[FeedEntry]]
Feeds = dict[str, bytes]
Entries = tuple[FeedEntry, ...]

WORDS = {"title", "summary", "html"}
"""What is changed in sentences: both feeds have to say the same, whatever it is."""

NOT_SAID = {"base_url"}
"""Where the links in the words lead."""

SAID_BY = {"root_hash": ("JSON", "both")}
"""What only the JSON Feed says as a field; everything else stands in both."""

CASES = [
    (field, where)
    for field in FeedEntry.__struct_fields__
    if field not in NOT_SAID
    for where in SAID_BY.get(field, ("Atom", "JSON", "both"))
    if not (field in WORDS and where == "both")
]


@pytest.fixture(scope="module")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> MemoryPublisher:
    """Return a publisher of three versions that the real program has published."""
    made = MemoryPublisher(NAME)
    for register in promise_story.registers(tmp_path_factory.mktemp("story")):
        made.publish_made(register, made.diff(register))
    return made


@pytest.fixture(scope="module")
def entries(publisher: MemoryPublisher) -> Entries:
    """Return what the real program says of them, newest first."""
    return tuple(_entry(publisher, version) for version in (3, 2, 1))


def _entry(publisher: MemoryPublisher, version: int) -> FeedEntry:
    return make_entry(_summary(publisher, version))


def _summary(publisher: MemoryPublisher, version: int) -> VersionSummary:
    register, before = publisher.registers[version - 1], publisher.registers[: version - 1]
    zone = zone_of(register.publisher.time_zone)
    return VersionSummary(
        register=register,
        diff=decode(publisher.files[tree.VERSION_DIFF.path(version)], Diff),
        size=version,
        root_hash=publisher.log.reference_root(version),
        sentences=Sentences.between(before[-1] if before else None, register, zone),
    )


def report_on_feeds(
    publisher: MemoryPublisher,
    atom: Entries,
    json: Entries,
    others: Mapping[str, bytes] = MappingProxyType({}),
) -> Report:
    """Publish the feeds with right signatures, and return what a customer finds."""
    liar, newest = publisher.copy(), publisher.registers[-1]
    liar.files |= others
    liar.write_feed(tree.FEED_ATOM.path(), atom_feed(newest, atom, year=FIRST.year))
    liar.write_signed(tree.FEED_JSON.path(), json_feed(newest, json, year=FIRST.year))
    liar.vouch()
    return verify("memory", Options(wait=0), NOW, fetcher=MemoryFetcher(liar.files)).report


def test_an_honest_feed_is_believed(publisher: MemoryPublisher, entries: Entries) -> None:
    report = report_on_feeds(publisher, entries, entries)
    assert (report.exit_code, report.word) == (0, "verified"), report.checks


@pytest.mark.parametrize("at", [0, 2], ids=["newest", "oldest"])
@pytest.mark.parametrize(("field", "where"), CASES)
def test_a_lie_in_one_field_is_found(
    publisher: MemoryPublisher, entries: Entries, field: str, where: str, at: int
) -> None:
    """In one feed or in both: what follows from the versions is recounted, and the feeds are compared."""
    value = other_value(FeedEntry, field, getattr(entries[at], field))
    lie = msgspec.structs.replace(entries[at], **{field: value})
    lying = (*entries[:at], lie, *entries[at + 1 :])
    if field == "version" and at:
        lying = entries[:at]  # no page of a feed names a version twice
    atom, json = (lying if where in (name, "both") else entries for name in ("Atom", "JSON"))
    report = report_on_feeds(publisher, atom, json)
    failed = [check.id for check in report.checks if check.result == "failed"]
    assert (report.exit_code, failed) == (18, ["V22"])


def _of_interest(
    publisher: MemoryPublisher, change_it: Callable[[list[FeedEntry]], list[FeedEntry]]
) -> Feeds:
    """Write each feed by interest as the real program does, with its entries changed."""
    newest, found = publisher.registers[-1], dict[str, list[FeedEntry]]()
    for version in (3, 2, 1):
        summary = _summary(publisher, version)
        for kind in KINDS:
            for path, entry in entries_by_interest(summary, kind).items():
                found.setdefault(path, []).append(entry)
    first = publisher.registers[0].published_at
    return {
        feed.path: interest_feed(newest, feed, change_it(found.get(feed.path, [])), first=first)
        for feed in interests(newest)
    }


INTEREST_LIES: dict[str, ChangeOfEntries] = (
    {
        f"other {field}": lambda entries, field=field: [_other(entries[0], field), *entries[1:]]  # type: ignore[misc]
        for field in FeedEntry.__struct_fields__
        if field not in {*WORDS, *NOT_SAID, *SAID_BY}
    }
    | {
        "leaves out the newest": lambda entries: entries[1:],
        "leaves out the oldest": lambda entries: entries[:-1],
        "tells nothing": lambda _: [],
        "lists one twice": lambda entries: [entries[0], *entries],
        "lists one without changes of its kind": lambda entries: [_without_changes(entries[0]), *entries],
        "oldest first": lambda entries: [*entries, _other(entries[0], "version")],
    }
)
"""What a feed by interest may say instead."""


def _other(entry: FeedEntry, field: str) -> FeedEntry:
    return msgspec.structs.replace(entry, **{field: other_value(FeedEntry, field, getattr(entry, field))})


def _without_changes(entry: FeedEntry) -> FeedEntry:
    return msgspec.structs.replace(entry, version=entry.version + 1, types=())


def test_honest_feeds_by_interest_are_believed(publisher: MemoryPublisher, entries: Entries) -> None:
    report = report_on_feeds(publisher, entries, entries, _of_interest(publisher, list))
    assert (report.exit_code, report.word) == (0, "verified"), report.checks


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.operation)
@pytest.mark.parametrize("lie", INTEREST_LIES)
def test_a_lie_in_a_feed_by_interest_is_found(
    publisher: MemoryPublisher, entries: Entries, kind: FileKind, lie: str
) -> None:
    """In each kind of feed, which the list of head files vouches for."""
    honest, lying = _of_interest(publisher, list), _of_interest(publisher, INTEREST_LIES[lie])
    path = next(path for path in honest if kind_of(path) is kind)
    assert lying[path] != honest[path]
    report = report_on_feeds(publisher, entries, entries, {**honest, path: lying[path]})
    failed = [check.id for check in report.checks if check.result == "failed"]
    assert (report.exit_code, failed) == (18, ["V22"])


def test_types_of_a_later_minor_number_are_not_judged(publisher: MemoryPublisher) -> None:
    """A later release may say more of a version; what this one knows still has to be there."""
    newest = publisher.registers[-1]
    later = msgspec.structs.replace(publisher.diff(newest), format_minor=FORMAT_MINOR + 1)
    newer = MemoryPublisher(NAME)
    for register in publisher.registers:
        newer.publish_made(register, later if register is newest else newer.diff(register))
    first, *older = (_entry(newer, version) for version in (3, 2, 1))
    for types, code in ((("of_tomorrow", *first.types), 0), (first.types[1:], 18)):
        changed = (msgspec.structs.replace(first, types=types), *older)
        assert report_on_feeds(newer, changed, changed).exit_code == code
