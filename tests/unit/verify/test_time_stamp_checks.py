"""V28: the newest time stamp a customer finds, whose it is, what it is of, and when it was made."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.proofs import parse_proof
from register_api.core.log.time_stamp import CLOCK_TOLERANCE, read_anchors
from register_api.verify.checks.witnesses import MAX_ASKED
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text
from thoroughness import examples
from time_authority import authority, refusal
from verify_outcome import failed, result, sentence_of

if TYPE_CHECKING:
    from conftest import Run

    from register_api.verify.report import Report

VECTORS = Path(__file__).parents[2] / "vectors"
ROOT = (VECTORS / "time-stamp-root.pem").read_bytes()
MINUTE = dt.timedelta(minutes=1)


def stamped(publisher: MemoryPublisher, size: int) -> bytes:
    """Return the bytes that are stamped: the checkpoint in a version's proof."""
    return parse_proof(publisher.files[tree.VERSION_PROOF.path(size)]).checkpoint


def add_stamp(publisher: MemoryPublisher, size: int, at: dt.datetime | None = None) -> None:
    """Put a good stamp beside a tree, of now or of when the version was the newest."""
    newest = size == len(publisher.registers)
    at = at or (NOW if newest else publisher.registers[size - 1].published_at)
    publisher.files[tree.TIME_STAMP.path(size)] = authority().stamp_at(stamped(publisher, size), at)


def check(publisher: MemoryPublisher, run: Run, **options: object) -> Report:
    """Check as a customer who accepts the authority."""
    return run(publisher.files, **{"stamped_by": authority().anchors, **options})


def test_a_time_stamp_of_the_newest_version_is_valid(publisher: MemoryPublisher, run: Run) -> None:
    """The report names size, time and authority, and what the version says itself."""
    add_stamp(publisher, 3)
    report = check(publisher, run)
    assert (report.exit_code, failed(report), result(report, "V28")) == (0, {}, "ok")
    assert report.time_stamp is not None
    assert (report.time_stamp.size, report.time_stamp.at) == (3, NOW)
    assert report.time_stamp.authority == "CN=Test Time Stamps"
    assert f"Timestamp:   size 3 at {NOW:%Y-%m-%d %H:%M:%S} UTC, by CN=Test Time Stamps" in render_text(
        report
    )
    assert "says itself that it was published at" in sentence_of(report, "V28")
    assert "not stamped" not in sentence_of(report, "V28")


def test_without_the_option_no_time_stamp_is_fetched_and_the_report_says_so(
    publisher: MemoryPublisher,
) -> None:
    """A good stamp and a bad one alike."""
    publisher.files[tree.TIME_STAMP.path(3)] = b"rubbish"
    fetcher = MemoryFetcher(publisher.files)
    report = verify("folder", Options(wait=0), NOW, fetcher=fetcher).report
    assert (report.exit_code, result(report, "V28"), report.time_stamp) == (0, "skipped", None)
    assert any("V28" in sentence and "--stamped-by" in sentence for sentence in report.not_checked)
    assert not [path for path in fetcher.asked if path.startswith("log/checkpoints/")]


def test_an_older_stamp_counts_and_the_report_says_what_it_does_not_cover(
    publisher: MemoryPublisher, run: Run
) -> None:
    """As between a version and the next refresh."""
    add_stamp(publisher, 1)
    report = check(publisher, run)
    assert report.exit_code == 0
    assert report.time_stamp is not None
    assert report.time_stamp.size == 1
    assert sentence_of(report, "V28").endswith("; not stamped: 2 after it")


@pytest.mark.parametrize(("versions", "code"), [(MAX_ASKED, 0), (MAX_ASKED + 1, 17)])
def test_stamps_are_asked_for_a_bounded_number_of_versions(tmp_path: Path, versions: int, code: int) -> None:
    """The last of eight still counts; then the history is unwitnessed, after eight questions."""
    publisher = MemoryPublisher().publish_many(versions)
    add_stamp(publisher, 1)
    fetcher = MemoryFetcher(publisher.files)
    options = Options(wait=0, history="none", stamped_by=authority().anchors)
    report = verify("folder", options, NOW, fetcher=fetcher).report
    assert failed(report) == ({"V28": code} if code else {})
    assert len([path for path in fetcher.asked if path.startswith("log/checkpoints/")]) == MAX_ASKED


def test_a_quick_run_makes_few_further_requests(publisher: MemoryPublisher, tmp_path: Path) -> None:
    """Stamp, proof and entry of the newest version; without the option none."""
    add_stamp(publisher, 3)
    counts = []
    for anchors in ((), (), authority().anchors):
        fetcher = MemoryFetcher(publisher.files)
        options = Options(wait=0, quick=True, state=tmp_path, stamped_by=anchors)
        assert verify("folder", options, NOW, fetcher=fetcher).report.exit_code == 0
        counts.append(len(fetcher.asked))
    assert counts[1:] == [2, 5]


def test_a_missing_time_stamp_that_was_required_is_unwitnessed(publisher: MemoryPublisher, run: Run) -> None:
    """17, with what to do."""
    report = check(publisher, run)
    assert (report.exit_code, report.word, failed(report)) == (17, "unwitnessed", {"V28": 17})
    assert "next refresh" in next(one.hint for one in report.checks if one.id == "V28")


@pytest.mark.parametrize(
    ("stamp", "code"),
    [
        (lambda data: authority().stamp_at(data + b"\n", NOW), 12),
        (lambda data: authority("Other").stamp_at(data, NOW), 12),
        (lambda data: authority("Old", until=NOW.replace(year=2021)).stamp_at(data, NOW), 12),
        (lambda data: authority("Without", purpose=False).stamp_at(data, NOW), 12),
        (lambda data: authority().stamp(data, "sha1"), 11),
        (lambda data: authority().stamp_at(data, NOW)[:-1], 11),
        (lambda _: refusal(2), 11),
        (lambda _: b"<html>", 11),
        (lambda _: b"", 11),
        (lambda _: bytes(2**16 + 1), 11),
        (lambda data: authority().stamp_at(data, NOW - dt.timedelta(days=300)), 18),
        (lambda data: authority().stamp_at(data, NOW + CLOCK_TOLERANCE + MINUTE), 19),
    ],
    ids=[
        "other bytes",
        "another authority",
        "expired when it stamped",
        "without the purpose",
        "SHA-1",
        "cut off",
        "a rejection",
        "HTML",
        "empty",
        "too large",
        "before it was published",
        "in the future",
    ],
)
def test_a_stamp_that_does_not_hold_is_a_finding(
    publisher: MemoryPublisher, run: Run, stamp: object, code: int
) -> None:
    """And of no other check."""
    publisher.files[tree.TIME_STAMP.path(3)] = stamp(stamped(publisher, 3))  # type: ignore[operator]
    report = check(publisher, run)
    assert failed(report) == {"V28": code}
    assert report.time_stamp is None
    assert tree.TIME_STAMP.path(3) in sentence_of(report, "V28")


STAMPED = MemoryPublisher().publish().publish()
ANSWER = (VECTORS / "time-stamp.tsr").read_bytes()


@settings(max_examples=examples(60), deadline=None)
@given(new=st.binary(max_size=60), at=st.integers(0, len(ANSWER)), end=st.integers(0, 60))
def test_any_bytes_for_a_stamp_give_a_report(new: bytes, at: int, end: int) -> None:
    """Any at all, and a stamp with any of its bytes replaced: a finding of V28 and of nothing else."""
    options = Options(wait=0, history="none", stamped_by=read_anchors(ROOT))
    for data in (new, ANSWER[:at] + new + ANSWER[at + end :]):
        files = {**STAMPED.files, tree.TIME_STAMP.path(2): data}
        report = verify("folder", options, NOW, fetcher=MemoryFetcher(files)).report
        assert failed(report).keys() == {"V28"}


def test_a_version_from_the_beginning_of_time_is_compared(run: Run) -> None:
    """Nothing lies before it, not even by five minutes."""
    publisher = MemoryPublisher().publish(published_at=dt.datetime(1, 1, 1, tzinfo=dt.UTC))
    add_stamp(publisher, 1)
    assert "V28" not in failed(check(publisher, run, history="none"))


def test_a_good_stamp_of_another_version_is_forged(publisher: MemoryPublisher, run: Run) -> None:
    """Moved beside the newest one, it would make an old history look new."""
    add_stamp(publisher, 2)
    publisher.files[tree.TIME_STAMP.path(3)] = publisher.files[tree.TIME_STAMP.path(2)]
    assert failed(check(publisher, run)) == {"V28": 12}


def test_a_stamped_checkpoint_of_another_history_is_a_fork(run: Run) -> None:
    """Stamped and signed, but not the beginning of the log that is served."""
    publisher, other = MemoryPublisher().publish(), MemoryPublisher()
    other.publish(updated_on=NOW.date())
    publisher.publish()
    for path in (tree.VERSION_PROOF.path(1), tree.VERSION_ENTRY.path(1)):
        publisher.files[path] = other.files[path]
    add_stamp(publisher, 1)
    report = check(publisher, run, history="none")
    assert failed(report) == {"V28": 15}
    assert len(report.evidence) == 0  # kept with --state alone


def test_a_fork_is_kept_as_evidence_with_a_state(
    publisher: MemoryPublisher, run: Run, tmp_path: Path
) -> None:
    """Both checkpoints."""
    other = MemoryPublisher().publish(updated_on=NOW.date())
    for path in (tree.VERSION_PROOF.path(1), tree.VERSION_ENTRY.path(1)):
        publisher.files[path] = other.files[path]
    add_stamp(publisher, 1)
    report = check(publisher, run, history="none", state=tmp_path)
    assert report.exit_code == 15
    assert len(report.evidence) == 2


@pytest.mark.parametrize("path", [tree.VERSION_PROOF.path(3), tree.VERSION_ENTRY.path(3)])
def test_what_is_stamped_must_be_served(publisher: MemoryPublisher, run: Run, path: str) -> None:
    """A missing proof is withheld, as without a stamp."""
    add_stamp(publisher, 3)
    del publisher.files[path]
    assert failed(check(publisher, run))["V28"] == 10


def test_a_time_stamp_over_an_earlier_log_keys_checkpoint_is_valid(run: Run) -> None:
    """An older stamp after the log key was rotated."""
    publisher = MemoryPublisher().publish()
    publisher.rotate_log_key(90)
    publisher.publish()
    add_stamp(publisher, 1)
    assert check(publisher, run).exit_code == 0
