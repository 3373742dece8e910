"""Quick runs: what a customer who polls fetches, what that still finds out, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.canonical import encode
from register_api.core.documents import Ended
from register_api.core.format import tree
from register_api.verify import state
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text
from verify_outcome import failed, result, sentence_of

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

    from register_api.verify.report import Report

MADE = {"V01", "V02", "V03", "V04", "V05", "V06", "V07", "V08", "V10", "V11", "V25", "V30", "V33"}


def quick(publisher: MemoryPublisher, folder: Path) -> tuple[Report, list[str], int]:
    """Return the report of a quick run, what it asked for, and the bytes it read beside the register."""
    fetcher = MemoryFetcher(publisher.files)
    report = verify("memory", Options(wait=0, state=folder, quick=True), NOW, fetcher=fetcher).report
    sizes = {path: len(publisher.files.get(path, b"")) for path in fetcher.asked}
    return report, fetcher.asked, sum(sizes.values()) - sizes.get(tree.REGISTER.path(), 0)


@pytest.fixture(scope="module")
def grown() -> dict[int, tuple[dict[str, bytes], dict[str, bytes]]]:
    """Trees of sizes up to a thousand: by the later size, the tree remembered and the newer one."""
    publisher, trees = MemoryPublisher(), {}
    for before, after in ((9, 10), (99, 100), (255, 257), (511, 513), (999, 1000)):
        publisher.publish_many(before - len(publisher.registers))
        older = dict(publisher.files)
        publisher.publish_many(after - before)
        trees[after] = (older, dict(publisher.files))
    return trees


class Tree:
    """Files in a publisher's place."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files


@pytest.mark.parametrize("versions", [10, 100, 257, 513, 1000])
def test_a_new_version_costs_twelve_requests_and_64_kib_however_long_the_history(
    grown: dict[int, tuple[dict[str, bytes], dict[str, bytes]]], versions: int, tmp_path: Path
) -> None:
    """Only tiles grow with the history: three of 8 KiB at most. Of two new versions both are dated."""
    older, newer = grown[versions]
    assert quick(Tree(older), tmp_path)[0].exit_code == 0  # type: ignore[arg-type]
    report, asked, size = quick(Tree(newer), tmp_path)  # type: ignore[arg-type]
    assert (report.exit_code, report.version) == (0, versions)
    assert "begins with it" in sentence_of(report, "V10")
    assert len(asked) <= 12 + (versions in {257, 513}), asked
    assert size <= 64 * 1024
    assert len([path for path in asked if path.startswith("log/tile/")]) <= 3
    assert tree.VERSIONS.path() not in asked


def test_nothing_new_costs_two_requests(publisher: MemoryPublisher, tmp_path: Path) -> None:
    """The next root, which is not there, and the timestamp; the rest is as it was kept."""
    quick(publisher, tmp_path)
    report, asked, _ = quick(publisher, tmp_path)
    assert asked == ["trust/2.root.json", tree.TIMESTAMP.path()]
    assert (report.exit_code, report.version, report.remembered) == (0, 3, 3)
    assert {check.id for check in report.checks if check.result == "ok"} == MADE
    assert sentence_of(report, "V05").startswith("passed when last checked")
    publisher.refresh()
    assert quick(publisher, tmp_path)[1] == asked


def test_a_quick_run_uses_what_a_full_run_saved(publisher: MemoryPublisher, run: Run, tmp_path: Path) -> None:
    """The first run may be any; a quick one does not count as a full check."""
    run(publisher.files, state=tmp_path)
    assert len(quick(publisher, tmp_path)[1]) == 2
    publisher.publish()
    assert quick(publisher, tmp_path)[0].exit_code == 0
    assert run(publisher.files, state=tmp_path).versions_checked == (4, 4)


def test_the_report_says_what_a_quick_run_leaves_out(publisher: MemoryPublisher, tmp_path: Path) -> None:
    """Each check that is not made says why, and the report says it as a whole."""
    report = quick(publisher, tmp_path)[0]
    left_out = {check.id for check in report.checks if check.sentence == "not part of a quick run"}
    every = {check.id for check in report.checks}
    assert every - left_out - MADE == {"V09", "V27", "V28", "V32"}
    assert result(report, "V06") == "skipped"
    assert "Run without --quick" in render_text(report)


def test_an_end_of_a_key_is_seen_though_the_register_is_the_same(
    publisher: MemoryPublisher, tmp_path: Path
) -> None:
    """What was kept counts only as long as the keys are the same: else signatures are checked again."""
    quick(publisher, tmp_path)
    ended = Ended(at=NOW, reason="compromised")
    publisher.records[0] = msgspec.structs.replace(publisher.records[0], last_version=2, ended=ended)
    publisher.write_heads()
    publisher.vouch()
    report, asked, _ = quick(publisher, tmp_path)
    assert tree.KEYS.path() in asked
    assert tree.REGISTER.path() not in asked
    assert failed(report)["V05"] == 16


def test_saved_files_are_used_only_if_they_are_current_targets(
    publisher: MemoryPublisher, tmp_path: Path
) -> None:
    """A state from elsewhere, or a damaged one, brings no other register in."""
    quick(publisher, tmp_path)
    remembered = state.load(tmp_path)
    assert remembered is not None
    other = encode(msgspec.structs.replace(publisher.registers[-1], corrects=1))
    kept = {**remembered.kept, "register.json": other}
    state.save(tmp_path, msgspec.structs.replace(remembered, kept=kept))
    report, asked, _ = quick(publisher, tmp_path)
    assert report.exit_code == 0
    assert tree.REGISTER.path() in asked


@pytest.mark.parametrize(
    ("path", "check", "code"),
    [
        (tree.RAW_SIGNATURE.of(tree.REGISTER.path()), "V05", 12),
        (tree.JWS.of(tree.REGISTER.path()), "V05", 11),
        (tree.CHECKPOINT.path(), "V25", 12),
        (tree.VERSION_ENTRY.path(4), "V11", 12),
        ("log/tile/0/000.p/4", "V10", 12),
        (tree.TIMESTAMP.path(), "V02", 11),
    ],
)
def test_a_quick_run_finds_damage_in_all_that_it_fetches(
    publisher: MemoryPublisher, tmp_path: Path, path: str, check: str, code: int
) -> None:
    """Quick leaves checks out; those that it makes are no weaker."""
    quick(publisher, tmp_path)
    publisher.publish()
    publisher.files[path] = bytes(len(publisher.files[path]))
    assert failed(quick(publisher, tmp_path)[0])[check] == code


def test_a_rewritten_history_is_a_fork_to_a_quick_run(publisher: MemoryPublisher, tmp_path: Path) -> None:
    """Size and root are compared by the same tiles as ever."""
    quick(publisher, tmp_path)
    other = MemoryPublisher()
    other.publish(corrects=None, extra={"another": "history"}).publish().publish().publish()
    assert failed(quick(other, tmp_path)[0])["V10"] == 15
