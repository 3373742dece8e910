"""A good tree is verified, and the report says what that rests on."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_log import cosign, private_key, witness_key
from memory_publisher import NAME, NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.log.note import format_verifier_key
from register_api.errors import UsageError
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher, MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report import Report
from register_api.verify.report_text import render_text
from verify_outcome import failed, result, sentence_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Run


def test_a_good_tree_is_verified(three: Mapping[str, bytes], run: Run) -> None:
    """Nothing fails, and only what has nothing to look at is not checked."""
    report = run(three)
    assert (report.exit_code, report.word, failed(report)) == (0, "verified", {})
    skipped = [check.id for check in report.checks if check.result == "skipped"]
    assert skipped == ["V06", "V09", "V10", "V23", "V27", "V28", "V32", "V33"]


def test_the_report_names_what_it_rests_on(three: Mapping[str, bytes], run: Run) -> None:
    """Register, version, time, root, size and root hash of the log are there."""
    report = run(three)
    assert (report.register, report.version) == (NAME, 3)
    assert report.fresh_until == NOW + dt.timedelta(hours=48)
    assert report.log is not None
    assert report.log.size == 3
    assert report.root is not None
    assert report.root.first_use
    assert report.root.sha256 == hashlib.sha256(three["trust/1.root.json"]).hexdigest()


def test_the_text_never_says_just_fine(three: Mapping[str, bytes], run: Run) -> None:
    """A person reads first use, freshness, size and root, and what was not checked."""
    report = run(three)
    text = render_text(report)
    assert report.log is not None
    for part in ("TAKEN ON TRUST", "Fresh until", report.log.root_hash, "does not establish:", "V09"):
        assert part in text


def test_the_report_survives_json(three: Mapping[str, bytes], run: Run) -> None:
    """What a machine reads is the whole report."""
    report = run(three)
    assert msgspec.json.decode(msgspec.json.encode(report), type=Report) == report


def test_a_root_given_by_file_or_digest_is_not_first_use(
    three: Mapping[str, bytes], run: Run, tmp_path: Path
) -> None:
    """Who brings the root takes nothing on trust."""
    file = tmp_path / "1.root.json"
    file.write_bytes(three["trust/1.root.json"])
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    for options in ({"root": file}, {"root_sha256": digest.upper()}, {"root": file, "root_sha256": digest}):
        report = run(three, **options)
        assert report.exit_code == 0
        assert report.root is not None
        assert not report.root.first_use
        assert "TAKEN ON TRUST" not in render_text(report)


@pytest.mark.parametrize("digest", ["", "abc", "g" * 64])
def test_an_invalid_root_digest_is_a_usage_error(three: Mapping[str, bytes], run: Run, digest: str) -> None:
    """A typing error is the caller's, not the publisher's."""
    with pytest.raises(UsageError):
        run(three, root_sha256=digest)


def test_a_missing_root_file_is_a_usage_error(three: Mapping[str, bytes], run: Run, tmp_path: Path) -> None:
    """Nobody falls back to first use because a file name was wrong."""
    with pytest.raises(UsageError):
        run(three, root=tmp_path / "none")


@pytest.mark.parametrize(
    "data", [b"", b"null", b"\xff", b"[" * 100_000], ids=["empty", "null", "bytes", "deep"]
)
def test_a_root_file_that_is_not_a_root_is_named(
    three: Mapping[str, bytes], run: Run, tmp_path: Path, data: bytes
) -> None:
    """The report says which file is at fault: the customer's own, not one that was served."""
    file = tmp_path / "contract-root.json"
    file.write_bytes(data)
    report = run(three, root=file)
    assert report.exit_code == 11
    assert sentence_of(report, "V01") == "the trust root contract-root.json is not TUF metadata"


def test_progress_is_reported_to_the_end(three: Mapping[str, bytes]) -> None:
    """Steps done never exceed steps known."""
    steps: list[tuple[int, int]] = []

    def progress(done: int, total: int, what: str) -> None:
        assert what
        steps.append((done, total))

    verify("x", Options(wait=0), NOW, progress, fetcher=MemoryFetcher(three))
    assert all(done < total for done, total in steps)
    assert steps[-1][0] == steps[-1][1] - 1


def test_a_folder_is_verified_like_a_server(three: Mapping[str, bytes], tmp_path: Path) -> None:
    """A mirror on disk needs no server."""
    for path, data in three.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    assert verify("mirror", Options(wait=0), NOW, fetcher=FolderFetcher(tmp_path)).report.exit_code == 0


def test_archive_pages_and_rotated_keys_are_followed(run: Run) -> None:
    """Old versions stay provable by old keys, and page 1 by the key of version 50."""
    publisher = MemoryPublisher()
    publisher.publish_many(51)
    publisher.rotate_document_key(60)
    publisher.publish()
    report = run(publisher.files)
    assert (report.exit_code, failed(report)) == (0, {})
    assert result(report, "V23") == "ok"
    assert report.versions_checked == (1, 52)


def test_new_roots_are_followed(publisher: MemoryPublisher, run: Run) -> None:
    """The chain leads from the first root to the newest, each signed by the one before."""
    publisher.add_root(root_keys=[private_key(70), private_key(71)], threshold=2)
    publisher.publish()
    report = run(publisher.files)
    assert (report.exit_code, report.root_version) == (0, 2)


def test_without_history_only_the_newest_is_read(three: Mapping[str, bytes]) -> None:
    """A poll costs a handful of requests, and the report says what that leaves out."""
    fetcher = MemoryFetcher(three)
    report = verify("x", Options(wait=0, history="none"), NOW, fetcher=fetcher).report
    assert report.exit_code == 0
    assert len(fetcher.asked) <= 13
    assert any("no version was checked" in sentence for sentence in report.not_checked)


def test_a_customer_who_remembers_reads_little(tmp_path: Path) -> None:
    """From version 299 to 300: 12 requests, and a few kilobytes besides the register."""
    publisher = MemoryPublisher()
    publisher.publish_many(299)
    options = Options(wait=0, history="none", state=tmp_path)
    assert verify("x", options, NOW, fetcher=MemoryFetcher(publisher.files)).report.exit_code == 0
    publisher.publish()
    fetcher = MemoryFetcher(publisher.files)
    assert verify("x", options, NOW, fetcher=fetcher).report.exit_code == 0
    assert len(fetcher.asked) <= 12
    read = sum(len(publisher.files.get(path, b"")) for path in fetcher.asked if path != tree.REGISTER.path())
    assert read <= 64 * 1024


def test_witnesses_are_counted(publisher: MemoryPublisher, run: Run) -> None:
    """A customer who asks for cosignatures gets the log that the witness saw, or exit code 17."""
    key = private_key(80)
    verifier = witness_key("witness.example", key)
    text = format_verifier_key("witness.example", verifier.public, verifier.algorithm)
    assert failed(run(publisher.files, witnesses=(text,), cosignatures=1)) == {"V09": 17}
    signed = cosign(publisher.files[tree.CHECKPOINT.path()], "witness.example", key, 1_780_000_000)
    publisher.files[tree.CHECKPOINT.path()] = signed
    publisher.vouch()
    report = run(publisher.files, witnesses=(text,), cosignatures=1)
    assert (report.exit_code, sentence_of(report, "V09")) == (0, "witness.example at 2026-05-28T20:26:40Z")


class _Publishing(MemoryFetcher):
    """A tree that changes while it is read, once."""

    def __init__(self, before: Mapping[str, bytes], after: Mapping[str, bytes], change_at: str) -> None:
        super().__init__(before)
        self._after, self._change_at = after, change_at

    def get(self, path: str, max_bytes: int) -> bytes:
        """Switch to the newer tree when a certain file is asked for."""
        if path == self._change_at:
            self.files = self._after
        return super().get(path, max_bytes)


@pytest.mark.parametrize(
    "path",
    [
        tree.KEYS.path(),
        tree.REGISTER.path(),
        tree.CHECKPOINT.path(),
        tree.VERSIONS.path(),
        tree.FEED_ATOM.path(),
        tree.FEED_JSON.path(),
    ],
)
def test_a_publication_in_progress_is_checked_a_second_time(publisher: MemoryPublisher, path: str) -> None:
    """Parts of two publications are met, and the second round finds one."""
    before = dict(publisher.files)
    publisher.publish()
    fetcher = _Publishing(before, publisher.files, path)
    report = verify("x", Options(wait=0), NOW, fetcher=fetcher).report
    assert (report.exit_code, report.version) == (0, 4)
