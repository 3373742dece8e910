"""Writes reach the disk before the names that lead to them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from breaking_disk import Crash, dying_after
from register_api.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable

WRITERS = [durable.create, durable.replace]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file and folder that is made durable, in order."""
    paths: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda fd: paths.append(Path(f"/proc/self/fd/{fd}").readlink()))
    return paths


def test_a_new_file_is_written_with_parents_and_time(tmp_path: Path) -> None:
    file = tmp_path / "a/b/c.json"
    durable.write_unsynced(file, b"data", modified=1_700_000_000)
    assert file.read_bytes() == b"data"
    assert file.stat().st_mtime == 1_700_000_000


def test_a_file_that_exists_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(FileExistsError):
        durable.write_unsynced(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_files_are_durable_before_folders_and_inner_folders_before_outer_ones(
    tmp_path: Path, synced: list[Path]
) -> None:
    files = [tmp_path / "a/b/one", tmp_path / "a/two"]
    for file in files:
        durable.write_unsynced(file, b"")
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


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_is_durable_before_its_folder(
    tmp_path: Path, synced: list[Path], write: Callable[[Path, bytes], None]
) -> None:
    """The bytes first, then the name that leads to them; nothing else is left."""
    write(tmp_path / "a", b"data")
    assert (tmp_path / "a").read_bytes() == b"data"
    assert [path.parent for path in synced] == [tmp_path, tmp_path.parent]
    assert synced[1] == tmp_path
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_creating_never_replaces(tmp_path: Path) -> None:
    """Also where the other file is a link that leads nowhere."""
    (tmp_path / "a").write_bytes(b"old")
    (tmp_path / "b").symlink_to("nowhere")
    for name in ("a", "b"):
        with pytest.raises(FileExistsError):
            durable.create(tmp_path / name, b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_secret_is_its_owners_alone(tmp_path: Path, write: Callable[..., None], umask: int) -> None:
    """Whatever the umask; other files are as the umask says."""
    before = os.umask(umask)
    try:
        write(tmp_path / "secret", b"", secret=True)
        write(tmp_path / "public", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "public").stat().st_mode) == 0o666 & ~umask


def test_a_file_that_is_replaced_keeps_its_mode_unless_it_is_secret(tmp_path: Path) -> None:
    """A group that edits a source goes on editing it; a state that was opened to others is closed again."""
    path = tmp_path / "a"
    durable.create(path, b"one")
    path.chmod(0o664)
    durable.replace(path, b"two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
    durable.replace(path, b"three", secret=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_is_not_written_where_modes_mean_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without hard links (FAT) takes public files only."""

    def refuse(*_arguments: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    durable.create(tmp_path / "public", b"data")
    with pytest.raises(OSError, match="no hard links here"):
        durable.create(tmp_path / "secret", b"data", secret=True)
    assert list(tmp_path.iterdir()) == [tmp_path / "public"]


@pytest.mark.parametrize("calls", range(6))
def test_a_crash_leaves_the_old_file_or_all_of_the_new_one(tmp_path: Path, calls: int) -> None:
    """At whatever step; what else it leaves can be told and removed."""
    old, new = tmp_path / "old", tmp_path / "new"
    durable.create(old, b"one")
    died = 0
    for write, path in ((durable.replace, old), (durable.create, new)):
        try:
            with dying_after(calls):
                write(path, b"two")
        except Crash:
            died += 1
    assert (died == 0) == (calls > 3)
    assert old.read_bytes() in {b"one", b"two"}
    assert not new.exists() or new.read_bytes() == b"two"
    durable.remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} <= {"old", "new"}


@pytest.mark.parametrize("write", WRITERS)
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, write: Callable[[Path, bytes], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What failed to be written is gone, under its temporary name too."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path / "a", b"data")
    assert list(tmp_path.iterdir()) == []
