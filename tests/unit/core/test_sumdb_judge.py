"""Go's own log code agrees with ours: roots, tiles, proofs, checkpoints; and refuses what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from memory_log import MemoryLog, private_key
from register_api.core.log.note import format_verifier_key
from sumdb_judge import judge, write_files

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log() -> MemoryLog:
    """An empty log."""
    return MemoryLog()


def _publish(log: MemoryLog, folder: Path, name: str = "checkpoint") -> tuple[str, Path]:
    """Write the log's files; returns its verifier key and the checkpoint's path."""
    write_files(folder, log.files | {name: log.checkpoint()})
    return format_verifier_key(log.origin, log.key.public_key().public_bytes_raw()), folder / name


@pytest.mark.parametrize("size", [1, 2, 7, 255, 256, 257, 700])
def test_sumdb_finds_the_same_tree(log: MemoryLog, tmp_path: Path, size: int) -> None:
    """The tree rebuilt from the bundles has our root, and every tile has our bytes."""
    key, checkpoint = _publish(log.grow(size), tmp_path)
    verdict = judge("tiles", "-key", key, "-checkpoint", checkpoint, "-dir", tmp_path)
    assert verdict.stdout.startswith(f"ok size {size} root "), verdict.stderr


@pytest.mark.parametrize(("size", "index"), [(1, 0), (7, 6), (256, 255), (257, 256), (700, 300)])
def test_sumdb_accepts_our_proofs(log: MemoryLog, tmp_path: Path, size: int, index: int) -> None:
    """A tlog-proof with its checkpoint, for the entry's exact bytes only."""
    key, checkpoint = _publish(log.grow(size), tmp_path)
    files = {"proof": log.proof(index), "entry": log.entries[index], "other": b"another entry"}
    write_files(tmp_path, files)
    common = ("inclusion", "-key", key, "-checkpoint", checkpoint, "-proof", tmp_path / "proof", "-entry")
    assert judge(*common, tmp_path / "entry").stdout.startswith(f"ok entry {index} size {size}")
    assert judge(*common, tmp_path / "other").returncode == 1


@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 7), (255, 256), (256, 513), (300, 700)])
def test_sumdb_finds_that_the_log_continues(log: MemoryLog, tmp_path: Path, old: int, new: int) -> None:
    """From our tiles Go proves that the newer checkpoint continues the older."""
    _, older = _publish(log.grow(old), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(new - old), tmp_path)
    verdict = judge("consistency", "-key", key, "-checkpoint", newer, "-old", older, "-dir", tmp_path)
    assert verdict.stdout == f"ok size {new} continues size {old}\n", verdict.stderr


def test_sumdb_refuses_another_history(log: MemoryLog, tmp_path: Path) -> None:
    """The judge is no yes-man: a fork of the same log is refused."""
    fork = MemoryLog()
    fork.append(b"another first entry")
    _, older = _publish(fork.grow(2), tmp_path, "old-checkpoint")
    key, newer = _publish(log.grow(7), tmp_path)
    verdict = judge("consistency", "-key", key, "-checkpoint", newer, "-old", older, "-dir", tmp_path)
    assert verdict.returncode == 1


def test_sumdb_refuses_another_key(log: MemoryLog, tmp_path: Path) -> None:
    """A checkpoint that the given key has not signed."""
    _, checkpoint = _publish(log.grow(2), tmp_path)
    other = format_verifier_key(log.origin, private_key(2).public_key().public_bytes_raw())
    assert judge("tiles", "-key", other, "-checkpoint", checkpoint, "-dir", tmp_path).returncode == 1
