"""Feeds by interest tell some of the changes under ids of their own, and are written where that is new."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from lxml import etree

import sample_register as sample
from register_api.core.changes import FieldChange
from register_api.core.format import tree
from register_api.core.notice_period import NoticeStatus
from register_api.errors import Malformed
from register_api.publish.feed.formats import entries_of
from register_api.publish.feed.interests import (
    PublishedFeeds,
    entries_by_interest,
    feeds_opml,
    important_feed,
    interest_feed,
    interest_feeds,
    interests,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser

if TYPE_CHECKING:
    from register_api.core.changes import Change
    from register_api.core.format.kind import FileKind
    from register_api.publish.feed.entry import VersionSummary

BASE = "https://trust.example.com/list/"
KINDS = (tree.FEED_IMPORTANT, tree.FEED_CATEGORY, tree.FEED_SUBPROCESSOR)
RENAMED = (FieldChange(path="title", before="AI", after="AI and LLM"),)
MOVED = (FieldChange(path="category", before="infrastructure", after="ai-llm"),)


def one(type_: Any, **fields: Any) -> Change:
    """Return a change."""
    return sample.change(1, type_, "", **fields)


def version(number: int = 7, changes: Any = sample.CHANGES, base_url: str | None = BASE) -> VersionSummary:
    """Return a version that lies somewhere."""
    return msgspec.structs.replace(sample.summary(number, changes), base_url=base_url)


def before(files: dict[str, bytes] | None = None, **changed: Any) -> PublishedFeeds:
    """Return what was published before version 7."""
    fields = {
        "register": sample.register(6),
        "base_url": BASE,
        "first": sample.FIRST,
        "read": (files or {}).get,
    }
    return PublishedFeeds(**{**fields, **changed})


def written(of: VersionSummary, known: PublishedFeeds) -> dict[str, bytes]:
    """Return every feed that a version writes, by path."""
    many = {kind.path(id_): data for kind in KINDS[1:] for id_, data in interest_feeds(kind, of, known)}
    return {tree.FEED_IMPORTANT.path(): important_feed(of, known), **many}


def parsed(feed: bytes) -> Any:
    """Read a feed as a feed reader does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = feedparser.parse(feed)
    assert not found.bozo
    return found


@pytest.mark.parametrize(
    ("change", "kind", "expected"),
    [
        (one("renamed", subprocessor="acme"), tree.FEED_SUBPROCESSOR, {"acme"}),
        (one("renamed", affects=("acme", "counter")), tree.FEED_SUBPROCESSOR, {"acme", "counter"}),
        (one("policy_changed"), tree.FEED_SUBPROCESSOR, set()),
        (one("relocated", subprocessor="acme", engagement="inference"), tree.FEED_CATEGORY, {"ai-llm"}),
        (one("renamed", subprocessor="acme"), tree.FEED_CATEGORY, {"ai-llm"}),
        (
            one("ended", subprocessor="gone", engagement="x", fields=MOVED),
            tree.FEED_CATEGORY,
            {"ai-llm", "infrastructure"},
        ),
        (
            one(
                "category_changed",
                fields=(FieldChange(path="categories.ai-llm.title", before="a", after="b"),),
            ),
            tree.FEED_CATEGORY,
            {"ai-llm"},
        ),
        (one("policy_changed"), tree.FEED_CATEGORY, set()),
        (one("relocated", subprocessor="acme"), tree.FEED_IMPORTANT, {""}),
        (one("withdrawn", subprocessor="acme"), tree.FEED_IMPORTANT, {""}),
        (one("purpose_changed", notice=NoticeStatus(required=True)), tree.FEED_IMPORTANT, {""}),
        (one("purpose_changed", subprocessor="acme"), tree.FEED_IMPORTANT, set()),
    ],
)
def test_a_change_is_told_where_it_concerns(change: Change, kind: FileKind, expected: set[str]) -> None:
    """Of the vendor, of the category of its uses before and after, and where one has to act."""
    paths = {kind.path(*filter(None, [id_])) for id_ in expected}
    assert entries_by_interest(version(changes=(change,)), kind).keys() == paths


def test_a_first_list_is_not_important_but_what_it_announces_is() -> None:
    """Nothing that has long been in use asks to be acted on."""
    listed = one("added", subprocessor="acme", engagement="inference")
    ahead = one("added", subprocessor="counter", engagement="web", notice=NoticeStatus(required=True))
    found = entries_by_interest(version(1, (listed, ahead)), tree.FEED_IMPORTANT)
    assert found[tree.FEED_IMPORTANT.path()].title.startswith("Counter Analytics")
    assert not entries_by_interest(version(1, (listed,)), tree.FEED_IMPORTANT)


def test_ids_are_those_of_the_feed() -> None:
    """No id has two contents, in whichever feeds a reader meets it."""
    feeds = {path: parsed(data) for path, data in written(version(), before()).items()}
    ids = [entry.id for feed in feeds.values() for entry in feed.entries]
    assert len(ids) == len(set(ids))
    important = feeds["feed/important.atom"]
    assert important.feed.id == "tag:example.com,2026:sub-processors/feed/important"
    assert important.entries[0].id == f"{important.feed.id}/versions/7"
    assert feeds["feed/subprocessors/acme.atom"].feed.title == "Sub-processors of Example: Acme Inc."


def test_an_entry_tells_the_changes_of_that_interest_alone() -> None:
    """In the words of the main feed."""
    (entry,) = parsed(written(version(), before())["feed/subprocessors/hasty-mail.atom"]).entries
    assert entry.title == (
        "Hasty Mail will be added as a sub-processor on 17 May 2026 (Short notice: 7 days instead of 30)"
    )
    assert "Acme" not in entry.content[0].value
    assert entry.link == f"{BASE}versions/7/"


def test_links_are_absolute_or_relative_to_the_feed() -> None:
    """As in the main feed."""
    for base, root in ((BASE, BASE), (None, "../../")):
        feed = written(version(base_url=base), before(base_url=base))["feed/categories/ai-llm.atom"]
        links = {
            link.get("rel"): link.get("href") for link in etree.fromstring(feed) if link.tag.endswith("link")
        }
        own = f"{BASE}feed/categories/ai-llm.atom" if base else "ai-llm.atom"
        assert links == {"alternate": root, "self": own}


def test_a_feed_goes_on_from_what_was_published() -> None:
    """Earlier entries keep their words; the newest fifty stay."""
    files: dict[str, bytes] = {}
    for number in range(1, 54):
        files |= written(version(number), before(files, register=sample.register(max(1, number - 1))))
    entries = entries_of(files["feed/subprocessors/acme.atom"])
    assert [entry.version for entry in entries] == list(range(53, 3, -1))
    assert entries[-1].title == "Acme Inc. will be added as a sub-processor on 10 June 2026"
    assert entries[0].title == "Acme Inc. added as a sub-processor, effective 10 June 2026"


def test_only_feeds_with_something_new_are_written() -> None:
    """A register of a thousand vendors writes the feeds of those that change."""
    later = version(changes=(one("relocated", subprocessor="acme", engagement="inference"),))
    assert set(written(later, before())) == {
        "feed/important.atom",
        "feed/categories/ai-llm.atom",
        "feed/subprocessors/acme.atom",
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"base_url": "https://old.example.com/"},
        {"register": None},
        {
            "register": sample.register(
                6, publisher=msgspec.structs.replace(sample.register().publisher, name="X")
            )
        },
    ],
)
def test_all_feeds_are_written_where_each_says_something_else(changed: Any) -> None:
    """Another address, another publisher's name, or nothing there yet; entries follow the address."""
    old = written(version(6, base_url="https://old.example.com/"), before(register=None))
    made = written(version(changes=()), before(old, **changed))
    assert set(made) == {interest.path for interest in interests(sample.register())}
    assert not any(b"old.example.com" in data for data in made.values())


def test_a_feed_without_entries_is_a_feed() -> None:
    """Before anything important happens; its instant is that of the first version."""
    feed = parsed(important_feed(version(1, ()), before(register=None)))
    assert feed.entries == []
    assert feed.feed.updated == f"{sample.FIRST:%Y-%m-%dT%H:%M:%SZ}"


def test_entries_are_read_back_as_they_were_made() -> None:
    """But for the root hash, which the text has."""
    made = list(entries_by_interest(version(), tree.FEED_SUBPROCESSOR).values())[:1]
    interest = next(iter(interests(sample.register())))
    feed = interest_feed(sample.register(7), interest, made, first=sample.FIRST, base_url=BASE)
    assert list(entries_of(feed)) == [msgspec.structs.replace(entry, root_hash="") for entry in made]


@pytest.mark.parametrize(
    "data", [b"", b"<feed", b"<feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>"]
)
def test_what_is_no_feed_of_ours_is_refused(data: bytes) -> None:
    """With an error of this program."""
    with pytest.raises(Malformed):
        entries_of(data)


def test_the_list_of_feeds_names_each_with_its_address() -> None:
    """For feed readers to import; without an address of the register there is none."""
    opml = feeds_opml(sample.register(), BASE)
    assert opml is not None
    addresses = [outline.get("xmlUrl") for outline in etree.fromstring(opml).iter("outline")]
    assert addresses == [f"{BASE}feed.atom", *(BASE + item.path for item in interests(sample.register()))]
    assert feeds_opml(sample.register(), None) is None


def test_same_input_gives_same_bytes() -> None:
    """No clock is asked."""
    assert written(version(), before()) == written(version(), before())
