"""The manifest: every file of the tree, a line each, in one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

import stores
from register_api.errors import StoreDamaged
from register_api.store import reader
from register_api.store.reader import Manifest, open_snapshot, read_document

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return stores.make_store(tmp_path / "store", 2)


def test_the_manifest_on_disk_is_one_json_document(store: Path) -> None:
    """Who uploads the tree reads it with any JSON library."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    manifest = msgspec.json.decode((store / reader.MANIFEST).read_bytes(), type=Manifest)
    assert manifest.files == dict(snapshot.manifest.files)
    assert (manifest.version, manifest.generation) == (2, 2)


def test_a_manifest_with_other_bytes_than_were_published_is_damage(store: Path) -> None:
    path = store / reader.MANIFEST
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"cache":"immutable"', b'"cache":"mutable"', 1))
    with pytest.raises(StoreDamaged, match="other bytes"):
        open_snapshot(store)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"size":', b'"size":"x' + b"y" * 5000 + b'","extra":'),
        (b'"files":{', b'"files":[['),
        (b'"v1/register.json"', b'"\x80"'),
        (b'"encodings":{', b'"encodings":' + b"[" * 20_000 + b"{"),
    ],
)
def test_the_error_about_a_damaged_manifest_is_printable(store: Path, old: bytes, new: bytes) -> None:
    path = store / reader.MANIFEST
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    with pytest.raises(StoreDamaged, match="cannot be read") as refused:
        read_document(path, Manifest)
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 1000


def test_each_file_has_a_line_in_order_of_path(store: Path) -> None:
    """Who looks for a file in it needs no program; two manifests can be compared line by line."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    _, *lines, _ = (store / reader.MANIFEST).read_text().split("\n")
    assert [line.split('"')[1] for line in lines] == sorted(snapshot.manifest.files)


def test_whatever_a_path_holds_it_is_read_back(store: Path, tmp_path: Path) -> None:
    """A path of another release, or of a damaged store, may hold quotes and line feeds."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    entry = snapshot.manifest.files["v1/register.json"]
    manifest = msgspec.structs.replace(snapshot.manifest, files={'a"b': entry, "a\nb": entry, "ä\\": entry})
    (tmp_path / reader.MANIFEST).write_bytes(manifest.encode())
    assert read_document(tmp_path / reader.MANIFEST, Manifest) == manifest
