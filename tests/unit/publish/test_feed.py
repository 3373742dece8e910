"""The Atom feed says who changed, when and with what notice, in a form that readers understand."""

from __future__ import annotations

import datetime as dt
import warnings
from base64 import b64encode
from typing import Any

import msgspec
import pytest
from lxml import etree, html

import sample_register as sample
from register_api.core import model
from register_api.core.canonical import encoded
from register_api.core.changes import FieldChange
from register_api.core.diff.document import diff_document
from register_api.core.format.tree import FEED_PAGE_SIZE
from register_api.core.language.changes import Sentences
from register_api.core.notice_period import NoticeStatus
from register_api.publish.feed.entry import MAX_SUMMARY, VersionSummary, feed_id, make_entry, title
from register_api.publish.feed.formats import atom_feed

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import feedparser

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"


def feed_of(newest: int, count: int | None = None, **options: Any) -> bytes:
    """Return the page whose newest version is given."""
    versions = range(newest, max(0, newest - min(count or newest, FEED_PAGE_SIZE)), -1)
    entries = [sample.summary(number) for number in versions]
    return atom_feed(
        entries[0].register, [make_entry(entry) for entry in entries], **{"year": 2026, **options}
    )


def parsed(feed: bytes) -> Any:
    """Read a feed as a feed reader does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        result = feedparser.parse(feed, response_headers={"content-type": "application/atom+xml"})
    assert not result.bozo
    return result


def links(element: etree._Element) -> dict[str, str]:
    """Return the addresses of an element's links by relation; ``related`` has several."""
    return {link.get("rel", ""): link.get("href", "") for link in element.findall(f"{ATOM}link")}


def test_a_reader_sees_relation_type_and_title_of_entry_links() -> None:
    """What feedgen leaves out by itself arrives."""
    entry = parsed(feed_of(7)).entries[0]
    seen = [(link.rel, link.type, link.get("title"), link.href) for link in entry.links]
    assert seen == [
        ("alternate", "text/html", "Version 7", "versions/7/"),
        ("related", "application/json", "What version 7 changed", "v1/versions/7/diff.json"),
        ("related", "application/json", "The register, version 7", "v1/versions/7/register.json"),
    ]


def test_entries_are_one_a_version_newest_first_with_lasting_ids() -> None:
    """The ids hang on the register's name and the first year alone."""
    entries = parsed(feed_of(3)).entries
    assert [entry.id for entry in entries] == [
        f"tag:example.com,2026:sub-processors/versions/{number}" for number in (3, 2, 1)
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("salesynq.com/sub-processors", "tag:salesynq.com,2026:sub-processors"),
        ("example.com/eu/list", "tag:example.com,2026:eu/list"),
    ],
)
def test_feed_id_is_a_tag_of_domain_year_and_path(name: str, expected: str) -> None:
    """As in the format's example."""
    assert feed_id(name, 2026) == expected


def test_updated_equals_published_equals_the_version() -> None:
    """Instants are spelled as in all other documents, so that no two are alike."""
    entry = etree.fromstring(feed_of(7)).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}updated") == "2026-05-10T09:00:00Z"
    assert entry.findtext(f"{ATOM}published") == "2026-05-10T09:00:00Z"


def test_feed_is_updated_when_its_newest_version_was_published() -> None:
    """No clock is asked."""
    assert etree.fromstring(feed_of(7)).findtext(f"{ATOM}updated") == "2026-05-10T09:00:00Z"


@pytest.mark.parametrize(
    ("changes", "version", "expected"),
    [
        (sample.CHANGES[:1], 7, "Acme Inc. will be added as a sub-processor on 10 June 2026"),
        (
            sample.CHANGES[:2],
            7,
            (
                "Acme Inc. will be added as a sub-processor on 10 June 2026, and 1 more sub-processor"
                " (notice too short for 1 of these)"
            ),
        ),
        (
            sample.CHANGES,
            7,
            (
                "Acme Inc. will be added as a sub-processor on 10 June 2026, and 1 more sub-processor,"
                " and 1 more change (notice too short for 1 of these)"
            ),
        ),
        ((), 7, "Version 7: no changes to sub-processors"),
        (sample.CHANGES, 1, "Initial list: 3 sub-processors"),
    ],
)
def test_title_is_a_sentence_to_act_on(changes: Any, version: int, expected: str) -> None:
    """The weightiest change first, then how many more."""
    assert title(sample.summary(version, changes)) == expected


def test_a_long_title_is_cut() -> None:
    """Readers show one line."""
    name = {"fields": (FieldChange(path="name", before="x" * 4000, after="y" * 4000),)}
    long = sample.change(1, "renamed", "x" * 4000, subprocessor="acme", **name)
    assert 140 <= len(title(sample.summary(7, (long, long)))) < 200


def test_content_tells_each_change_its_days_and_short_notice_with_the_reason() -> None:
    """A promise that was not kept is said openly."""
    content = parsed(feed_of(7)).entries[0].content[0].value
    assert "Notice given 10 May 2026, effective 10 June 2026. Objection deadline: 24 May 2026." in content
    assert "<strong>31 days' notice given (30 required).</strong>" in content
    assert "Nordic Hosting: website changed from" in content


def content_of(feed: bytes) -> str:
    """Return the content of the newest entry, which is escaped HTML."""
    content = etree.fromstring(feed).find(f"{ATOM}entry/{ATOM}content")
    assert content is not None
    assert content.get("type") == "html"
    assert len(content) == 0
    return content.text or ""


def lines_of(feed: bytes) -> list[str]:
    """Return what a person reads of the newest entry: paragraphs and items of lists in their order."""
    blocks = html.fragment_fromstring(content_of(feed), create_parent=True).iter("p", "li")
    return [" ".join(str(block.text_content()).split()) for block in blocks]


def test_content_is_closed_by_size_and_root_hash() -> None:
    """Two customers can compare by eye."""
    summary = sample.summary(7)
    assert lines_of(feed_of(7))[-1] == f"Log size 7, root hash {b64encode(summary.root_hash).decode()}"


PURPOSE = "Turns free text into structured signals. " * 20
"""Longer than a summary tells in full."""


def test_an_entry_suffices_to_act_on() -> None:
    """Who, what for, where, on which mechanism, which data, from when, until when to object and to whom."""
    acme = sample.register(7).subprocessors
    (vendor,) = (item for item in acme if item.id == "acme")
    use = msgspec.structs.replace(vendor.engagements[0], purpose=PURPOSE, data_subjects=("Applicants",))
    vendors = tuple(
        msgspec.structs.replace(item, engagements=(use,)) if item.id == "acme" else item
        for item in sample.register(7).subprocessors
        if item.id != "hasty-mail"
    )
    entry = real_entry(subprocessors=vendors)
    assert lines_of(made(entry, base_url="https://example.com/list/"))[:-1] == [
        "Sub-processors of Example (Example GmbH). Version 7, published 10 May 2026, 09:00 UTC.",
        *(["Summary: " + entry.register.reason.text] if entry.register.reason.text else []),
        "Acme Inc. will be added as a sub-processor on 10 June 2026.",
        "Legal name: Acme Incorporated.",
        f"Purpose: {PURPOSE.strip()}",
        "Processing location: United States (via api.acme.example).",
        "Third-country transfer: United States (standard contractual clauses, module 3).",
        "Scope of data: customer content.",
        "Category of personal data: All customer data at rest.",
        (
            "Notice given 10 May 2026, effective 10 June 2026. Objection deadline: 24 May 2026."
            " 31 days' notice given (30 required)."
        ),
        "Country of establishment: United States.",
        "Outside the EEA: United States.",
        "Category of data subjects: Applicants.",
        "Objections go to privacy@example.com.",
        "Version 7, What version 7 changed, The register, version 7",
    ]


def test_a_summary_in_plain_text_stands_beside_the_content() -> None:
    """For what shows one line: a chat, a mail, a reader without room."""
    said = parsed(feed_of(7)).entries[0].summary
    assert said.startswith(
        "Acme Inc. will be added as a sub-processor on 10 June 2026."
        " Notice given 10 May 2026, effective 10 June 2026. Objection deadline: 24 May 2026."
        " 31 days' notice given (30 required). Hasty Mail"
    )
    assert "<" not in said


def test_a_summary_of_many_changes_ends_with_a_sentence() -> None:
    """Nothing is cut, and what is left out is counted."""
    many = tuple(
        sample.change(number, "added", "", subprocessor="acme", engagement="inference")
        for number in range(1, 31)
    )
    said = make_entry(sample.summary(7, many)).summary
    assert len(said) < MAX_SUMMARY + 30
    told = said.count("Acme Inc. will be used")
    assert said.endswith(f"10 June 2026. And {30 - told} more changes.")


def test_content_and_links_follow_the_tree_when_it_moves() -> None:
    """What was written for the old host leads to the new one; an archive page names no host."""
    entry = msgspec.structs.replace(sample.summary(50), base_url="https://first.example/list/")
    publication = (entry.register, [make_entry(entry)])
    moved = atom_feed(*publication, year=2026, base_url="https://new.example/")
    assert b"first.example" not in moved
    assert '<a href="https://new.example/versions/50/">' in content_of(moved)
    fixed = atom_feed(*publication, year=2026, base_url="https://new.example/", archive=1)
    assert fixed == atom_feed(*publication, year=2026, base_url="https://third.example/", archive=1)
    assert '<a href="../versions/50/">' in content_of(fixed)


def test_categories_are_the_classes_of_change_each_once() -> None:
    """So that a reader can filter."""
    assert [tag.term for tag in parsed(feed_of(7)).entries[0].tags] == ["added", "details_changed"]


@pytest.mark.parametrize(
    ("newest", "archive", "expected"),
    [
        (7, None, {"self": "feed.atom", "alternate": "./", "describedby": "feed.atom.dsig"}),
        (50, None, {"prev-archive": "feed/1.atom"}),
        (120, None, {"prev-archive": "feed/2.atom"}),
        (
            50,
            1,
            {"self": "1.atom", "alternate": "../", "describedby": "1.atom.dsig", "current": "../feed.atom"},
        ),
        (100, 2, {"self": "2.atom", "prev-archive": "1.atom", "current": "../feed.atom"}),
    ],
)
def test_links_of_the_feed(newest: int, archive: int | None, expected: dict[str, str]) -> None:
    """Relative references are valid wherever the tree lies; archives chain backwards only."""
    found = links(etree.fromstring(feed_of(newest, archive=archive)))
    assert found.items() >= expected.items()
    assert "next-archive" not in found
    assert ("prev-archive" in found) == ("prev-archive" in expected)
    assert ("current" in found) == (archive is not None)


def test_signature_link_has_type_and_title() -> None:
    """A person who meets it in a reader learns what it is."""
    link = next(link for link in parsed(feed_of(7)).feed.links if link.rel == "describedby")
    assert (link.type, bool(link.title)) == ("application/xml", True)


def test_archive_pages_are_marked_and_the_newest_is_not() -> None:
    """RFC 5005 section 4: what is marked never changes."""
    assert etree.fromstring(feed_of(50, archive=1)).find(f"{HISTORY}archive") is not None
    assert etree.fromstring(feed_of(50)).find(f"{HISTORY}archive") is None


def test_entries_of_an_archive_link_upwards() -> None:
    """The same entry on another page has other relative links."""
    entry = etree.fromstring(feed_of(50, archive=1)).find(f"{ATOM}entry")
    assert entry is not None
    assert links(entry)["alternate"] == "../versions/50/"


@pytest.mark.parametrize("base", ["https://example.com/list", "https://example.com/list/"])
def test_with_a_base_url_all_links_are_absolute(base: str) -> None:
    """For readers that cannot resolve references; what some take for the site's address stands first."""
    root = etree.fromstring(feed_of(50, base_url=base))
    assert [link.get("rel") for link in root.findall(f"{ATOM}link")][:2] == ["alternate", "self"]
    assert links(root)["self"] == "https://example.com/list/feed.atom"
    assert links(root)["prev-archive"] == "https://example.com/list/feed/1.atom"
    assert links(root)["alternate"] == "https://example.com/list/"
    assert all(
        link.get("href", "").startswith("https://example.com/list/") for link in root.iter(f"{ATOM}link")
    )


def test_same_input_gives_same_bytes() -> None:
    """Neither a clock nor the program's version is in the feed."""
    assert feed_of(7) == feed_of(7)
    assert b"feedgen" not in feed_of(7)


def test_hostile_text_stays_text() -> None:
    """Neither markup nor a character that XML cannot hold breaks out of a summary or a name."""
    publisher = model.Publisher(name=sample.HOSTILE, time_zone="Europe/Berlin", language="en")
    named = {"fields": (FieldChange(path="name", before=sample.HOSTILE, after=sample.HOSTILE),)}
    changes = (sample.change(1, "renamed", sample.HOSTILE, subprocessor="acme", **named),)
    entry = sample.summary(7, changes, publisher=publisher)
    feed = made(entry)
    root, content = etree.fromstring(feed), html.fragment_fromstring(content_of(feed), create_parent=True)
    assert not list(content.iter("script", "img"))
    assert "alert(1)" in (root.findtext(f"{ATOM}entry/{ATOM}title") or "")


def test_late_announcement_is_said() -> None:
    """Negative days are not printed as a number of days."""
    notice = NoticeStatus(
        required=True,
        announced_on=sample.TODAY,
        effective_on=dt.date(2026, 5, 7),
        days=-3,
        day_count="business",
        promised_days=30,
        met=False,
    )
    late = sample.change(1, "added", "", subprocessor="acme", engagement="inference", notice=notice)
    said = title(sample.summary(7, (late,)))
    assert said.endswith(
        "(Late notice: announced 3 business days after it took effect, 30 business days' notice required)"
    )


def made(entry: VersionSummary, base_url: str | None = None) -> bytes:
    """Return the feed of one version."""
    entry = msgspec.structs.replace(entry, base_url=base_url)
    return atom_feed(entry.register, [make_entry(entry)], year=2026, base_url=base_url)


def real_entry(**changed: Any) -> VersionSummary:
    """Return version 7 with its diff as publishing makes it, against a version without two vendors."""
    newer = sample.register(7, **changed)
    vendors = tuple(item for item in newer.subprocessors if item.id not in {"acme", "hasty-mail"})
    older = sample.register(6, subprocessors=vendors, notice=newer.notice, publisher=newer.publisher)
    diff = diff_document(encoded(older), encoded(newer), sample.view(**changed).promises)
    sentences = Sentences.between(older, newer, dt.UTC)
    return VersionSummary(register=newer, diff=diff, size=7, root_hash=bytes(32), sentences=sentences)


def test_titles_of_real_diffs_are_short() -> None:
    """What for and on which condition follow in the content, not in the title."""
    entry = real_entry()
    assert title(entry) == (
        "Acme Inc. will be added as a sub-processor on 10 June 2026, and 1 more sub-processor"
        " (notice too short for 1 of these)"
    )


def test_title_of_a_start_on_short_notice_says_so() -> None:
    """The one thing that a reader has to know at once."""
    entry = real_entry()
    hasty = tuple(change for change in entry.diff.changes if change.subprocessor == "hasty-mail")
    entry = msgspec.structs.replace(entry, diff=msgspec.structs.replace(entry.diff, changes=hasty))
    assert title(entry) == (
        "Hasty Mail will be added as a sub-processor on 17 May 2026 (Short notice: 7 days instead of 30)"
    )


def test_content_says_short_notice_and_its_reason_once() -> None:
    """Summaries have it already; nothing is told twice."""
    entry = real_entry()
    content = " ".join(lines_of(made(entry)))
    assert content.count("Short notice: 7 days instead of 30") == 1
    assert content.count("The former service shuts down on 16 May") == 1
    assert content.count("31 days' notice given") == 1


def test_a_register_in_german_has_a_german_feed() -> None:
    """Its language, titles, links and content; the summaries are those of the diff."""
    publisher = msgspec.structs.replace(sample.register().publisher, language="de")
    entry = real_entry(publisher=publisher)
    feed = parsed(atom_feed(entry.register, [make_entry(entry)], year=2026))
    assert feed.feed.language == "de"
    assert feed.feed.title == "Unterauftragsverarbeiter von Example"
    (item,) = feed.entries
    assert item.title == (
        "Acme Inc. wird zum 10. Juni 2026 als Unterauftragsverarbeiter hinzugefügt"
        " sowie 1 weiterer Unterauftragsverarbeiter (davon 1 zu kurzfristig angekündigt)"
    )
    assert item.tags[0].label == "hinzugefügt"
    content = " ".join(lines_of(made(entry)))
    assert entry.diff.changes[0].summary in content
    assert "Angekündigt am 10. Mai 2026, wirksam ab 10. Juni 2026." in content
