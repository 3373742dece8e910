"""Whatever byte of a published register is changed on its way, ``verify`` finds it, and says what it is.

The tree is a real one, made by the publisher. Codes are those of docs/format.md, Commands: 11 malformed,
12 forged, 16 untrusted key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import hosts
import pytest
from commands import register_api
from publications import NOW, write_tree

from memory_publisher import MemoryPublisher
from register_api.core import tree
from register_api.verify.fetch import MemoryFetcher
from register_api.verify.run import verify
from register_api.verify.session import Options
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from publications import Publication

    from register_api.verify.report import Report

FORGED, MALFORMED = {12}, {11}
BY_PLACE = {11, 12, 16}
"""The middle of such a file is a name of a key, a signature or punctuation, whichever it happens to be."""

UNNOTICED = {0}

KINDS: dict[str, tuple[set[int], set[int]]] = {
    r"v1/(register|versions|keys)\.json": (FORGED, FORGED),
    r"v1/versions/\d+/(register|diff|entry)\.json": (FORGED, FORGED),
    r"v1/versions/\d+/entry\.tlog-proof": (BY_PLACE, MALFORMED),
    r"v1/keys/[\w-]+\.pem": (FORGED, FORGED),
    r"feed\.(atom|json)": (FORGED, FORGED),
    r".*\.sig": (FORGED, MALFORMED),
    r".*\.jws": (BY_PLACE, MALFORMED),
    r"log/checkpoint": (FORGED, FORGED),
    r"log/tile/\d+/.*": (FORGED, MALFORMED),
    r"log/tile/entries/.*": (BY_PLACE, MALFORMED),
    # A file that is longer than the metadata above it says is not read to its end: over a limit.
    r"trust/\d+\.(snapshot|targets)\.json": (FORGED, MALFORMED),
    r"trust/targets/.*": (FORGED, FORGED),
    # White space behind the first root changes nothing that is signed, but it is no longer the root whose
    # digest the discovery document gives: two parts that contradict each other.
    r"trust/\d+\.root\.json": (BY_PLACE, {18}),
    # TUF signs what metadata says, not how it is spelled, and no digest covers the timestamp; nor does
    # anything cover the spelling of an XML signature. White space behind either is no finding.
    r"trust/timestamp\.json": (BY_PLACE, UNNOTICED),
    r"feed\.atom\.dsig": (BY_PLACE, UNNOTICED),
}
"""Pattern of the path to the codes when a bit in the middle is flipped, and when a newline is added."""

UNSIGNED = re.compile(r"(.*/)?index\.html|v1/schema/\w+\.json|\.well-known/.*")
"""What nobody signs: ``verify`` says in its report that it does not look at pages and schemas."""


def flip(data: bytes) -> bytes:
    """Return data with the lowest bit of the middle byte flipped."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def lengthen(data: bytes) -> bytes:
    """Return data with a newline more."""
    return data + b"\n"


def check(files: Mapping[str, bytes], **options: object) -> Report:
    """Check a tree in memory like a customer of today."""
    wishes = Options(**{"wait": 0, **options})
    return verify("https://register.example/", wishes, NOW, fetcher=MemoryFetcher(files))


def superseded(files: Mapping[str, bytes], size: int) -> set[str]:
    """Return the trust metadata and copies that no metadata of today names: nobody reads them any more."""
    heads = (tree.REGISTER, tree.CHECKPOINT, tree.FEED_ATOM, tree.KEYS)
    digests = {hashlib.sha256(files[path]).hexdigest() for path in heads}
    numbered = re.compile(rf"trust/(?!{size}\.)\d+\.(snapshot|targets)\.json")
    copies = {path for path in files if path.startswith(tree.TARGETS_URL)}
    old = {path for path in copies if path.removeprefix(tree.TARGETS_URL).partition(".")[0] not in digests}
    return old | {path for path in files if numbered.fullmatch(path)}


def vouched_for(publication: Publication) -> list[str]:
    """Return every path that is signed, logged or named by a digest, and in use."""
    old = superseded(publication.files, publication.size)
    return [path for path in publication.files if path not in old and not UNSIGNED.fullmatch(path)]


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
    """Its pages are signed like the feed; only the targets metadata does not name them."""
    path = tree.feed_archive(1) + suffix
    for damage, codes in ((flip, flipped), (lengthen, lengthened)):
        report = check({**archived, path: damage(archived[path])})
        assert report.exit_code in codes, failed(report)
        assert set(failed(report)) <= {"V23"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_file_is_withheld(publication: Publication, kind: str) -> None:
    """404 for something vouched for is code 10."""
    path = next(path for path in vouched_for(publication) if re.fullmatch(kind, path))
    report = check({name: data for name, data in publication.files.items() if name != path})
    assert report.exit_code == 10, (path, failed(report))


def test_what_nobody_signs_or_reads_may_be_damaged_unnoticed(publication: Publication) -> None:
    """Pages, schemas, the API catalogue, and trust metadata that newer metadata has replaced; all at once."""
    unsigned = {path for path in publication.files if UNSIGNED.fullmatch(path)} - {tree.DISCOVERY}
    unread = unsigned | superseded(publication.files, publication.size)
    assert check({**publication.files, **dict.fromkeys(unread, b"damaged")}).exit_code == 0


def test_a_discovery_document_is_compared_though_nobody_signs_it(publication: Publication) -> None:
    """Where it leads elsewhere, it does not belong to this register."""
    changed = publication.files[tree.DISCOVERY].replace(b"/v1/register.json", b"/v1/registry.json")
    assert check({**publication.files, tree.DISCOVERY: changed}).exit_code == 18


def test_the_report_says_that_pages_and_schemas_are_not_checked(publication: Publication) -> None:
    """Nobody should take a good report for more than it is."""
    assert any("Pages for people, schemas" in sentence for sentence in check(publication.files).not_checked)


OLD_PROOF = tree.version_proof(2)
FIRST_ROOT = f"{tree.TRUST_URL}1.root.json"
XML_SIGNATURE = tree.feed_signature(tree.FEED_ATOM)

PLACES = (
    (f"{tree.REGISTER}.jws", rb"\.\.(.)", "signature", 12),
    (tree.TIMESTAMP, rb'"version":(\d)}', "version of the snapshot", 12),
    (tree.TIMESTAMP, rb'"sig":"(.)', "signature", 12),
    (tree.TIMESTAMP, rb'"keyid":"(.)', "key", 16),
    (FIRST_ROOT, rb'"sig":"(.)', "signature", 16),
    (OLD_PROOF, rb"index \d+\n(.)", "hash", 12),
    (OLD_PROOF, rb"\n\n\S+\n\d+\n(.)", "root", 12),
    (OLD_PROOF, rb"\xe2\x80\x94 \S+ .{8}(.)", "signature", 12),
    (OLD_PROOF, rb"\xe2\x80\x94 (.)", "signer", 16),
    (OLD_PROOF, rb"c2sp.org/tlog-proof@v(1)", "form", 11),
    ("log/tile/entries/000.p/5", rb"^(.)", "length", 11),
    (XML_SIGNATURE, rb"DigestValue>(.)", "digest", 12),
    (XML_SIGNATURE, rb"SignatureValue>(.)", "signature", 12),
    (XML_SIGNATURE, rb"KeyName>(.)", "key", 16),
    (XML_SIGNATURE, rb'URI="(f)eed', "reference", 12),
)
"""Path, pattern whose group is the byte to change, what stands there, and the code."""


def change(data: bytes, pattern: bytes) -> bytes:
    """Return data with the byte in a pattern's group replaced by a digit that stood not there."""
    found = re.search(pattern, data, re.DOTALL)
    assert found, pattern
    digit = b"2" if found[1] == b"1" else b"1"
    return data[: found.start(1)] + digit + data[found.end(1) :]


@pytest.mark.parametrize(
    ("path", "pattern", "code"),
    [pytest.param(path, pattern, code, id=f"{path}: {what}") for path, pattern, what, code in PLACES],
)
def test_the_code_says_what_was_changed(
    publication: Publication, path: str, pattern: bytes, code: int
) -> None:
    """A signature or digest that does not fit is forged, a key that nobody named is not trusted."""
    report = check({**publication.files, path: change(publication.files[path], pattern)})
    assert report.exit_code == code, failed(report)


@pytest.mark.parametrize(
    ("member", "other", "code"), [("alg", b"none", 11), ("alg", b"HS256", 11), ("kid", b"", 16)]
)
def test_a_jws_header_is_taken_as_the_format_has_it_or_not_at_all(
    publication: Publication, member: str, other: bytes, code: int
) -> None:
    """Another algorithm is malformed; a key that is good for something else is not trusted."""
    path = tree.jws(tree.REGISTER)
    encoded, _, signature = publication.files[path].split(b".")
    header = json.loads(base64.urlsafe_b64decode(encoded + b"=="))
    keys = json.loads(publication.files[tree.KEYS])["keys"]
    log_kid = next(key["kid"] for key in keys if key["use"] == "log")
    header[member] = other.decode() or log_kid
    changed = base64.urlsafe_b64encode(json.dumps(header, separators=(",", ":")).encode()).rstrip(b"=")
    assert check({**publication.files, path: changed + b".." + signature}).exit_code == code


def test_another_root_than_the_contract_says_is_forged(publication: Publication) -> None:
    """With its digest from elsewhere, even a newline more is found at once."""
    digest = hashlib.sha256(publication.files[FIRST_ROOT]).hexdigest()
    assert check(publication.files, root_sha256=digest).exit_code == 0
    changed = {**publication.files, FIRST_ROOT: lengthen(publication.files[FIRST_ROOT])}
    assert check(changed, root_sha256=digest).exit_code == 12


BY_COMMAND = (
    (tree.REGISTER, flip, 12, "forged", tree.REGISTER),
    (f"{tree.VERSIONS}.sig", lengthen, 11, "malformed", f"{tree.VERSIONS}.sig"),
    (tree.version_entry(2), flip, 12, "forged", tree.version_entry(2)),
    ("log/tile/0/000.p/5", flip, 12, "forged", "the log's tiles"),
    (FIRST_ROOT, lambda data: change(data, rb'"sig":"(.)'), 16, "untrusted key", "the root is not signed"),
    (tree.TIMESTAMP, lambda data: change(data, rb'"sig":"(.)'), 12, "forged", tree.TIMESTAMP),
)
"""Path, what is done with the file, the code, its word, and what the report names."""


def test_the_command_says_so_too(publication: Publication, tmp_path: Path) -> None:
    """Over HTTP, from a plain static host: the exit code, the kind in words, and what is concerned."""
    for number, (path, damage, *_) in enumerate(BY_COMMAND):
        write_tree(tmp_path / str(number), {**publication.files, path: damage(publication.files[path])})
    with hosts.static(tmp_path, tmp_path) as site, ThreadPoolExecutor(len(BY_COMMAND)) as pool:
        bases = [f"{site.base}{number}" for number in range(len(BY_COMMAND))]
        outcomes = list(pool.map(lambda base: register_api("verify", base), bases))
    assert [done.returncode for done in outcomes] == [code for _, _, code, *_ in BY_COMMAND]
    for done, (_, _, code, word, concerned) in zip(outcomes, BY_COMMAND, strict=True):
        assert f"NOT VERIFIED ({word}, exit code {code})" in done.stdout
        assert f"{word}: " in done.stdout
        assert concerned in done.stdout
