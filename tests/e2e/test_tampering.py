"""Whatever byte of a published register is changed on its way, ``verify`` finds it, and says what it is.

The tree is a real one, made by the publisher. Codes are those of docs/format/commands.md: 11 malformed,
12 forged, 16 untrusted key.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from publications import NOW
from tampering import check, flip, lengthen

from memory_publisher import MemoryPublisher
from register_api.core.format import tree
from register_api.core.format.paths import LISTED, TARGETS_BY_NAME, kind_of
from register_api.core.log.proofs import parse_proof
from time_authority import authority
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from publications import Publication

FORGED, MALFORMED = {12}, {11}
BY_PLACE = {11, 12, 16}
"""The middle of such a file is a name of a key, a signature or punctuation, whichever it happens to be."""

UNNOTICED = {0}

KINDS: dict[str, tuple[set[int], set[int]]] = {
    r"v1/(register|heads|keys)\.json": (FORGED, FORGED),
    "|".join(kind.pattern for kind in LISTED): (FORGED, FORGED),
    r"v1/versions/\d+/(register|diff|keys|entry)\.json": (FORGED, FORGED),
    r"v1/versions/\d+/entry\.tlog-proof": (BY_PLACE, MALFORMED),
    r"v1/keys/[\w-]+\.pem": (FORGED, FORGED),
    r"feed\.atom": (FORGED, FORGED),
    r".*\.sig": (FORGED, MALFORMED),
    r".*\.jws": (BY_PLACE, MALFORMED),
    r"log/checkpoint": (FORGED, FORGED),
    r"log/tile/\d+/.*": (FORGED, MALFORMED),
    r"log/tile/entries/.*": (BY_PLACE, MALFORMED),
    # A file that is longer than the metadata above it says is not read to its end: over a limit.
    r"trust/\d+\.(snapshot|targets)\.json": (FORGED, MALFORMED),
    r"trust/targets/.*": (FORGED, FORGED),
    # TUF signs what metadata says, not how it is spelled, but the format has one spelling.
    r"trust/\d+\.root\.json": (BY_PLACE, MALFORMED),
    r"trust/timestamp\.json": (BY_PLACE, MALFORMED),
    # Nothing covers the spelling of an XML signature: white space behind it is no finding.
    r"feed\.atom\.dsig": (BY_PLACE, UNNOTICED),
}
"""Pattern of the path to the codes when a bit in the middle is flipped, and when a newline is added."""


def superseded(files: Mapping[str, bytes], size: int) -> set[str]:
    """Return the trust metadata and copies that no metadata of today names: nobody reads them any more."""
    digests = {hashlib.sha256(files[kind.path()]).hexdigest() for kind in TARGETS_BY_NAME.values()}
    numbered = re.compile(rf"trust/(?!{size}\.)\d+\.(snapshot|targets)\.json")
    copies = {path for path in files if path.startswith(tree.TARGETS_FOLDER)}
    old = {path for path in copies if path.removeprefix(tree.TARGETS_FOLDER).partition(".")[0] not in digests}
    return old | {path for path in files if numbered.fullmatch(path)}


def vouched_for(publication: Publication) -> list[str]:
    """Return every path that is signed, logged or named by a digest, and in use."""
    left_out = superseded(publication.files, publication.size)
    return [path for path in publication.files if kind_of(path).checks and path not in left_out]


def test_every_file_is_of_one_kind(publication: Publication) -> None:
    """So that the tests below leave out nothing, and no kind of theirs is empty."""
    paths = vouched_for(publication)
    kinds = {path: [kind for kind in KINDS if re.fullmatch(kind, path)] for path in paths}
    assert {path: found for path, found in kinds.items() if len(found) != 1} == {}
    assert {kind for found in kinds.values() for kind in found} == set(KINDS)


def test_the_tree_itself_is_good(publication: Publication) -> None:
    """What the damage below is compared with."""
    report = check(publication.files)
    assert (report.exit_code, report.versions_checked) == (0, (1, publication.size))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", [flip, lengthen])
def test_a_changed_byte_is_found(
    publication: Publication, kind: str, damage: Callable[[bytes], bytes]
) -> None:
    """In every file of every kind, each by itself."""
    codes = KINDS[kind][damage is lengthen]
    for path in (path for path in vouched_for(publication) if re.fullmatch(kind, path)):
        report = check({**publication.files, path: damage(publication.files[path])})
        assert report.exit_code in codes, (path, failed(report))


@pytest.fixture(scope="module")
def archived() -> dict[str, bytes]:
    """A tree of one version more than a page of the feed holds, from a publisher in memory: it is quick."""
    return MemoryPublisher().publish_many(51).files


@pytest.mark.parametrize(
    ("suffix", "flipped", "lengthened"),
    [
        ("", FORGED, FORGED),
        (".sig", FORGED, MALFORMED),
        (".jws", BY_PLACE, MALFORMED),
        (".dsig", BY_PLACE, UNNOTICED),
    ],
)
def test_a_changed_byte_in_the_archive_of_the_feed_is_found(
    archived: dict[str, bytes], suffix: str, flipped: set[int], lengthened: set[int]
) -> None:
    """Its pages are signed like the feed, and the list of head files names them."""
    path = tree.FEED_ARCHIVE.path(1) + suffix
    for damage, codes in ((flip, flipped), (lengthen, lengthened)):
        report = check({**archived, path: damage(archived[path])})
        assert report.exit_code in codes, failed(report)
        assert set(failed(report)) <= {"V23", "V34"}


def test_a_changed_byte_in_a_time_stamp_is_found(publication: Publication) -> None:
    """By whoever asks for it; it is one file more, and no other check reads it."""
    path = tree.TIME_STAMP.path(publication.size)
    checkpoint = parse_proof(publication.files[tree.VERSION_PROOF.path(publication.size)]).checkpoint
    good = authority().stamp_at(checkpoint, NOW)
    wishes = {"stamped_by": authority().anchors}
    assert check({**publication.files, path: good}, **wishes).exit_code == 0
    for data, codes in ((flip(good), FORGED | MALFORMED), (lengthen(good), MALFORMED), (b"", MALFORMED)):
        assert check({**publication.files, path: data}).exit_code == 0
        report = check({**publication.files, path: data}, **wishes)
        assert report.exit_code in codes, failed(report)
        assert set(failed(report)) == {"V28"}
    assert check(publication.files, **wishes).exit_code == 17


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_file_is_withheld(publication: Publication, kind: str) -> None:
    """404 for something vouched for is code 10."""
    path = next(path for path in vouched_for(publication) if re.fullmatch(kind, path))
    report = check({name: data for name, data in publication.files.items() if name != path})
    assert report.exit_code == 10, (path, failed(report))


def test_what_nobody_signs_or_reads_may_be_damaged_unnoticed(publication: Publication) -> None:
    """Pages, and trust metadata that newer metadata has replaced; all at once."""
    unsigned = {path for path in publication.files if kind_of(path).unchecked}
    unread = unsigned | superseded(publication.files, publication.size)
    assert check({**publication.files, **dict.fromkeys(unread, b"damaged")}).exit_code == 0


def test_a_discovery_document_is_vouched_for(publication: Publication) -> None:
    """Where it leads elsewhere, it is not the one that the signed list names."""
    changed = publication.files[tree.DISCOVERY.path()].replace(b"/v1/register.json", b"/v1/registry.json")
    assert check({**publication.files, tree.DISCOVERY.path(): changed}).exit_code == 12


def test_the_report_says_that_pages_are_not_checked(publication: Publication) -> None:
    """Nobody should take a good report for more than it is."""
    said = check(publication.files).not_checked
    assert any("by a signature: pages for people and crawlers (/, " in sentence for sentence in said)
