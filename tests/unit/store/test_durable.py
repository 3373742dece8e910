"""Writes reach the disk before the names that lead to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from register_api.store import durable


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file and folder that is made durable, in order."""
    paths: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda fd: paths.append(Path(f"/proc/self/fd/{fd}").readlink()))
    return paths


def test_a_new_file_is_written_with_parents_and_time(tmp_path: Path) -> None:
    file = tmp_path / "a/b/c.json"
    durable.write_new(file, b"data", modified=1_700_000_000)
    assert file.read_bytes() == b"data"
    assert file.stat().st_mtime == 1_700_000_000


def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        durable.write_new(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_files_are_durable_before_folders_and_inner_folders_before_outer_ones(
    tmp_path: Path, synced: list[Path]
) -> None:
    files = [tmp_path / "a/b/one", tmp_path / "a/two"]
    for file in files:
        durable.write_new(file, b"")
    synced.clear()
    durable.sync(files, below=tmp_path)
    assert synced[:2] == files
    assert synced[2:] == [tmp_path / "a/b", tmp_path / "a", tmp_path]


def test_folders_above_the_durable_one_are_left_alone(tmp_path: Path, synced: list[Path]) -> None:
    (tmp_path / "a").mkdir()
    durable.sync_folders({tmp_path / "a", tmp_path.parent}, below=tmp_path)
    assert synced == [tmp_path / "a", tmp_path]


def test_a_missing_file_cannot_be_durable(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.sync([tmp_path / "none"], below=tmp_path)


def test_a_link_is_switched_whatever_a_crash_left(tmp_path: Path, synced: list[Path]) -> None:
    link = tmp_path / "current"
    durable.switch_link(link, "one")
    (tmp_path / "current.new").symlink_to("left by a crash")
    synced.clear()
    durable.switch_link(link, "two")
    assert str(link.readlink()) == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["current"]
    assert synced == [tmp_path]
