"""Reading one whole publication, and saying what is wrong where that is impossible."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import msgspec
import pytest

import stores
from register_api.core.format import tree
from register_api.errors import StoreDamaged
from register_api.store import reader
from register_api.store.reader import current, generations, open_snapshot, read_journal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three made-up versions."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return stores.make_store(tmp_path / "store", 3)


def test_an_empty_or_missing_store_has_no_publication(tmp_path: Path) -> None:
    assert open_snapshot(tmp_path) is None
    assert open_snapshot(tmp_path / "none") is None
    assert current(tmp_path) is None
    assert generations(tmp_path) == []


def test_a_snapshot_reads_every_file_and_form_of_its_manifest(store: Path) -> None:
    snapshot = open_snapshot(store)
    assert snapshot is not None
    for path, entry in snapshot.manifest.files.items():
        assert len(snapshot.read(path)) == entry.size
        for coding, form in entry.encodings.items():
            assert len(snapshot.read(path, coding)) == form.size


def test_a_snapshot_stays_what_it_was_while_the_next_is_published(store: Path) -> None:
    before = open_snapshot(store)
    assert before is not None
    data = before.read(tree.REGISTER.path())
    stores.publish(store, 4)
    assert before.read(tree.REGISTER.path()) == data
    after = open_snapshot(store)
    assert after is not None
    assert after.read(tree.REGISTER.path()) != data
    assert (before.state.version, after.state.version) == (3, 4)


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        ("v1/none.json", "identity"),
        (tree.REGISTER.path(), "compress"),
        (tree.CHECKPOINT.path(), "gzip"),
        ("", "identity"),
    ],
)
def test_what_the_manifest_does_not_list_is_not_there(store: Path, path: str, encoding: str) -> None:
    snapshot = open_snapshot(store)
    assert snapshot is not None
    with pytest.raises(KeyError):
        snapshot.read(path, encoding)


def test_a_file_of_the_manifest_that_is_gone_is_damage(store: Path) -> None:
    snapshot = open_snapshot(store)
    assert snapshot is not None
    snapshot.file(tree.VERSION_REGISTER.path(1)).unlink()
    with pytest.raises(StoreDamaged, match=r"versions/1/register\.json"):
        snapshot.read(tree.VERSION_REGISTER.path(1))


@pytest.mark.parametrize("name", [reader.MANIFEST, reader.STATE])
@pytest.mark.parametrize(
    "data",
    [None, b"", b"{}", b"[]", b"\xff", b'{"version":"x"}', b"[" * 20_000 + b"]" * 20_000],
    ids=["missing", "empty", "nothing", "a list", "no text", "a wrong type", "nested deeply"],
)
def test_a_document_of_the_store_that_is_broken_is_damage(store: Path, name: str, data: bytes | None) -> None:
    file = reader.generation_folder(store, 3) / name
    if data is None:
        file.unlink()
    else:
        file.write_bytes(data)
    with pytest.raises(StoreDamaged, match=name):
        open_snapshot(store)


@pytest.mark.parametrize("zone", ["UTB", "../UTC", ""])
def test_a_state_whose_time_zone_is_unknown_is_damage(store: Path, zone: str) -> None:
    """One changed letter is enough."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    state = msgspec.structs.replace(snapshot.state, time_zone=zone)
    with pytest.raises(StoreDamaged, match="time zone"):
        state.promises()


@pytest.mark.parametrize("target", ["generations/x", "/", "generations"])
def test_a_link_that_leads_to_no_generation_is_damage(store: Path, target: str) -> None:
    (store / reader.CURRENT).unlink()
    (store / reader.CURRENT).symlink_to(target)
    with pytest.raises(StoreDamaged, match="does not lead to a generation"):
        open_snapshot(store)


def test_a_folder_in_the_links_place_is_damage(store: Path) -> None:
    (store / reader.CURRENT).unlink()
    (store / reader.CURRENT).mkdir()
    with pytest.raises(StoreDamaged):
        open_snapshot(store)


def test_a_generation_that_is_gone_is_damage(store: Path) -> None:
    shutil.rmtree(reader.generation_folder(store, 3))
    with pytest.raises(StoreDamaged):
        open_snapshot(store)


def test_generations_are_in_the_order_of_their_numbers(store: Path) -> None:
    for name in ("10", "9", "notes", ".hidden"):
        (store / reader.GENERATIONS / name).mkdir(exist_ok=True)
    assert generations(store)[-3:] == [3, 9, 10]
    assert read_journal(store, 9) is None
    assert read_journal(store, 3) is not None
