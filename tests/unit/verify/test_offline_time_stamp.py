"""V28: the time stamp in a package of evidence, judged as of its own time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from evidence_packages import YEARS_LATER, check_package, evidence_failed, unpack
from memory_log import cosign, private_key
from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.package import make_evidence
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text
from time_authority import Authority, authority

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.verify.evidence.package import EvidenceResult
    from register_api.verify.report import Report

SOON = NOW + dt.timedelta(days=1)


def tree_of(*stamps: int, cosigned: bool = False) -> dict[str, bytes]:
    """Return a tree of four versions with stamps of an authority whose certificate expires tomorrow."""
    publisher = MemoryPublisher().publish().publish().publish().publish()
    if cosigned:
        checkpoint = publisher.files[tree.CHECKPOINT.path()]
        publisher.files[tree.CHECKPOINT.path()] = cosign(checkpoint, "witness.example", private_key(5), at=1)
        publisher.vouch()
    for size in stamps:
        data = parse_proof(publisher.files[tree.VERSION_PROOF.path(size)]).checkpoint
        publisher.files[tree.TIME_STAMP.path(size)] = brief().stamp_at(data, NOW)
    return publisher.files


def brief() -> Authority:
    """Return an authority whose certificate is good for a day only."""
    return authority("Brief", until=SOON)


def make(files: dict[str, bytes], version: int, **options: object) -> EvidenceResult:
    """Return a package of a version, with the report on it."""
    return make_evidence("tree", MemoryFetcher(files), version, Options(wait=0, **options), NOW)


def package(files: dict[str, bytes], version: int) -> bytes:
    """Return a package of a version."""
    data = make(files, version).data
    assert data is not None
    return data


def check(folder: Path, data: object, **options: object) -> Report:
    """Verify a package twenty years later, as a customer who accepts the authority."""
    return check_package(folder, data, **{"stamped_by": brief().anchors, **options})


@pytest.mark.parametrize(
    ("stamps", "version", "taken"),
    [
        ((2,), 2, 2),
        ((2, 4), 2, 2),
        ((4,), 2, 4),
        ((4,), 4, 4),
        ((3,), 2, None),
        ((1,), 2, None),
        ((), 2, None),
    ],
)
def test_a_package_takes_the_stamp_that_it_can_prove_to_cover_the_version(
    tmp_path: Path, stamps: tuple[int, ...], version: int, taken: int | None
) -> None:
    """The version's own, else the newest checkpoint's; one between would need proofs that it has not."""
    members = unpack(package(tree_of(*stamps), version))
    found = [path for path in members if path.startswith("log/checkpoints/")]
    assert found == ([] if taken is None else [tree.TIME_STAMP.path(taken)])
    report = check(tmp_path, members)
    assert evidence_failed(report) == ({} if taken else {"V28": 17})
    assert (None if report.time_stamp is None else report.time_stamp.size) == taken


@pytest.mark.parametrize("cosigned", [False, True])
def test_a_time_stamp_is_valid_years_after_the_certificate_expired(tmp_path: Path, cosigned: bool) -> None:
    """Whether witnesses have signed the newest checkpoint meanwhile or not; the report names the time."""
    report = check(tmp_path, package(tree_of(4, cosigned=cosigned), 2))
    assert report.checked_at == YEARS_LATER > SOON
    assert (report.exit_code, evidence_failed(report)) == (0, {})
    text = render_text(report)
    assert f"Timestamp:   size 4 at {NOW:%Y-%m-%d %H:%M:%S} UTC, by CN=Brief Time Stamps" in text
    assert "the date is its own word" not in text


def test_without_certificates_the_report_says_that_no_authority_was_checked(tmp_path: Path) -> None:
    """The stamp is of the right bytes, and that alone was looked at."""
    report = check(tmp_path, package(tree_of(2), 2), stamped_by=())
    assert report.exit_code == 0
    assert report.time_stamp is None
    (sentence,) = [one.sentence for one in report.checks if one.id == "V28"]
    assert "its issuer was not checked (--stamped-by)" in sentence
    assert "the date is its own word" in render_text(report)


@pytest.mark.parametrize("anchored", [True, False])
@pytest.mark.parametrize(
    ("stamp", "code"),
    [(b"rubbish", 11), (b"", 11), (2, 12)],
    ids=["rubbish", "empty", "of another checkpoint"],
)
def test_a_stamp_that_is_not_of_this_checkpoint_is_found(
    tmp_path: Path, stamp: bytes | int, code: int, anchored: bool
) -> None:
    """With or without certificates."""
    files = tree_of(2, 4)
    data = files[tree.TIME_STAMP.path(stamp)] if isinstance(stamp, int) else stamp
    members = {**unpack(package(files, 4)), tree.TIME_STAMP.path(4): data}
    report = check(tmp_path, members, stamped_by=brief().anchors if anchored else ())
    assert evidence_failed(report) == {"V28": code}


def test_another_authority_than_the_accepted_one_is_forged(tmp_path: Path) -> None:
    """Anybody can make one."""
    report = check(tmp_path, package(tree_of(2), 2), stamped_by=authority().anchors)
    assert evidence_failed(report) == {"V28": 12}


def test_a_stamp_from_before_the_version_is_a_contradiction(tmp_path: Path) -> None:
    """The publisher's own date cannot be right."""
    files = tree_of(2)
    data = parse_proof(files[tree.VERSION_PROOF.path(2)]).checkpoint
    long_ago = NOW - dt.timedelta(days=300)
    members = {**unpack(package(files, 2)), tree.TIME_STAMP.path(2): brief().stamp_at(data, long_ago)}
    assert evidence_failed(check(tmp_path, members)) == {"V28": 18}


def test_a_stamp_that_is_taken_out_is_missed_by_the_readme(tmp_path: Path) -> None:
    """README.txt names it, so it cannot go unnoticed, even where nobody asked for it."""
    members = unpack(package(tree_of(2), 2))
    assert b"\nTime stamp in this package:     log/checkpoints/2.tsr\n" in members[README]
    del members[tree.TIME_STAMP.path(2)]
    assert evidence_failed(check(tmp_path, members, stamped_by=())) == {"E03": 12}


def test_a_stamp_may_be_added_to_a_package_that_was_made_without(tmp_path: Path) -> None:
    """Its README.txt names none, and says how to check any."""
    files = tree_of(2)
    plain = unpack(package({path: files[path] for path in files if path != tree.TIME_STAMP.path(2)}, 2))
    assert b"\nTime stamp in this package:     none\n" in plain[README]
    report = check(tmp_path, {**plain, tree.TIME_STAMP.path(2): files[tree.TIME_STAMP.path(2)]})
    assert (report.exit_code, evidence_failed(report)) == (0, {})


def test_a_bad_stamp_makes_no_package() -> None:
    """What is kept for ten years is looked at now; with certificates its chain too."""
    files = tree_of(2, 4)
    assert make(files, 2, stamped_by=brief().anchors).data is not None
    for stamped_by, bad in (((), b"rubbish"), (authority().anchors, files[tree.TIME_STAMP.path(2)])):
        made = make({**files, tree.TIME_STAMP.path(2): bad}, 2, stamped_by=stamped_by)
        assert made.data is None
