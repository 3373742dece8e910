"""A publication is visible whole or not at all, whatever step it dies at."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from breaking_disk import Crash, dying_after
from register_api.core.canonical import digest
from register_api.errors import StoreDamaged, StoreLocked
from register_api.store import plan, reader
from register_api.store.reader import PublisherState, Snapshot, generations, open_snapshot
from register_api.store.transaction import commit, locked, recover
from thoroughness import cases

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC)
LONG = b"words that repeat themselves " * 40


def state(version: int) -> PublisherState:
    return PublisherState(
        register="example.com/sub-processors",
        version=version,
        published_at=NOW + dt.timedelta(days=version),
        first_published_at=NOW,
        root_hash="00" * 32,
        time_zone="UTC",
        first_live=1,
        policies=(),
    )


def files(version: int) -> dict[str, bytes]:
    """Return the files of a made-up version."""
    mark = f"version {version} ".encode()
    return {
        "trust/timestamp.json": mark,
        "log/checkpoint": mark,
        "v1/register.json": mark + LONG,
        "index.html": mark + LONG,
        "v1/schema/diff.json": LONG,
        f"v1/versions/{version}/register.json": mark + LONG,
        f"v1/versions/{version}/register.json.sig": mark,
        f"log/tile/0/000.p/{version}": mark,
    }


def publish(store: Path, version: int, *, retired: tuple[str, ...] = ()) -> Snapshot:
    now = NOW + dt.timedelta(days=version)
    with locked(store, wait=0):
        recover(store)
        return commit(store, files(version), state(version), now=now, retired=retired)


def visible(store: Path) -> dict[str, bytes]:
    """Return what a static host would serve: every file below public that can be opened."""
    public = store / reader.PUBLIC
    return {
        path.relative_to(public).as_posix(): path.read_bytes()
        for path in sorted(public.rglob("*"))
        if path.is_file()
    }


def check_whole(store: Path) -> int:
    """Check that what is visible is one publication, exactly as its manifest says; return its version."""
    snapshot = open_snapshot(store)
    if snapshot is None:
        assert visible(store) == {}
        return 0
    names = set()
    shown = visible(store)
    for path, entry in snapshot.manifest.files.items():
        for coding, sha256 in [("identity", entry.sha256)] + [
            (c, f.sha256) for c, f in entry.encodings.items()
        ]:
            name = path + reader.SUFFIXES[coding]
            names.add(name)
            assert digest(shown[name]) == sha256, name
            assert snapshot.read(path, coding) == shown[name]
    assert shown.keys() == names
    return snapshot.state.version


def test_a_publication_becomes_visible_with_its_forms_and_its_manifest(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    assert check_whole(tmp_path) == 1
    shown = visible(tmp_path)
    assert shown["v1/register.json"] == b"version 1 " + LONG
    assert {"v1/register.json.gz", "v1/register.json.br", "v1/register.json.zst"} <= shown.keys()
    assert "log/checkpoint.gz" not in shown
    assert (tmp_path / "manifest.json").read_bytes() == (tmp_path / "current/manifest.json").read_bytes()


def test_all_files_settle_as_real_files(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    publish(tmp_path, 2)
    assert not [path for path in (tmp_path / "public").rglob("*") if path.is_symlink()]


def test_later_versions_keep_earlier_fixed_files_and_only_two_generations(tmp_path: Path) -> None:
    for version in range(1, 6):
        publish(tmp_path, version)
        assert check_whole(tmp_path) == version
    assert visible(tmp_path)["v1/versions/1/register.json"] == b"version 1 " + LONG
    with locked(tmp_path):
        recover(tmp_path)
    assert generations(tmp_path) == [4, 5]


def test_unchanged_files_are_not_written_again(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    before = (tmp_path / "public/v1/schema/diff.json").stat()
    publish(tmp_path, 2)
    after = (tmp_path / "public/v1/schema/diff.json").stat()
    assert (before.st_ino, before.st_mtime) == (after.st_ino, after.st_mtime)


def test_an_unchanged_file_keeps_the_instant_it_was_published(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    second = publish(tmp_path, 2).manifest.files
    assert second["v1/schema/diff.json"].published_at == NOW + dt.timedelta(days=1)
    assert second["v1/register.json"].published_at == NOW + dt.timedelta(days=2)


def test_a_refresh_changes_the_timestamp_alone(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    before = visible(tmp_path)
    commit(tmp_path, {"trust/timestamp.json": b"fresh"}, state(1), now=NOW)
    assert check_whole(tmp_path) == 1
    assert visible(tmp_path) == before | {"trust/timestamp.json": b"fresh"}


def test_a_fixed_file_is_never_rewritten(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    before = visible(tmp_path)
    with pytest.raises(StoreDamaged, match="never changes"):
        commit(tmp_path, {"v1/versions/1/register.json": b"another"}, state(2), now=NOW)
    assert visible(tmp_path) == before


def test_retired_files_leave_the_tree(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    publish(tmp_path, 2, retired=("log/tile/0/000.p/1",))
    assert check_whole(tmp_path) == 2
    assert "log/tile/0/000.p/1" not in visible(tmp_path)


def test_a_form_that_is_gone_leaves_the_tree(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    commit(tmp_path, {"index.html": b"short"}, state(1), now=NOW)
    check_whole(tmp_path)
    assert "index.html.gz" not in visible(tmp_path)


def test_a_second_publisher_is_told_to_wait(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(StoreLocked, match="another process"), locked(tmp_path, wait=0):
        pass


def test_a_store_whose_link_leads_nowhere_is_named_as_damaged(tmp_path: Path) -> None:
    publish(tmp_path, 1)
    (tmp_path / "current/manifest.json").write_bytes(b"{}")
    with pytest.raises(StoreDamaged, match=r"manifest\.json"):
        open_snapshot(tmp_path)


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave fsync out: here processes die, not the power. Compress lightly: it is done often."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
    monkeypatch.setattr(plan, "compressed_forms", light_forms)


@pytest.fixture
def memory_path() -> Iterator[Path]:
    """Return a folder in memory where the machine has one: many small stores are made there."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


def light_forms(data: bytes) -> dict[str, bytes]:
    form = gzip.compress(data, 1, mtime=0)
    return {"gzip": form, "br": form, "zstd": form} if len(form) < len(data) else {}


def crash_after(calls: int, action) -> bool:
    """Run an action that dies after a number of steps on the disk; say whether it got to its end."""
    try:
        with dying_after(calls):
            action()
    except Crash:
        return False
    return True


@pytest.mark.parametrize("first", [1, 2])
def test_dying_at_any_step_shows_the_old_or_the_new_state(memory_path: Path, first: int) -> None:
    """Whatever step is the last one, a static host shows one whole publication, and the next run mends."""
    seen = set()
    for calls in cases(range(2000)):
        store = memory_path / str(calls)
        if first == 2:
            publish(store, 1)
        finished = crash_after(
            calls, lambda store=store: publish(store, first, retired=("log/tile/0/000.p/1",))
        )
        snapshot = open_snapshot(store)
        version = snapshot.state.version if snapshot else 0
        assert version in {first - 1, first}
        shown = visible(store)
        assert (b"version %d " % version in shown.get("v1/register.json", b"")) == (version > 0)
        assert (f"v1/versions/{first}/register.json" in shown) == (version == first)
        seen.add((version, finished))
        with locked(store):
            recover(store)
        assert check_whole(store) == version
        publish(store, first + 1)
        assert check_whole(store) == first + 1
        if finished:
            break
    assert seen == {(first - 1, False), (first, False), (first, True)}


def test_dying_while_mending_is_mended_by_the_next_run(memory_path: Path) -> None:
    for crash in cases(range(5, 80, 5)):
        for calls in range(40):
            store = memory_path / f"{crash}-{calls}"
            publish(store, 1)
            crash_after(crash, lambda store=store: publish(store, 2))
            mended = crash_after(calls, lambda store=store: recover(store))
            recover(store)
            assert check_whole(store) in {1, 2}
            if mended:
                break
