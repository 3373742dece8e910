"""The manifest's list of files: a mapping that is read and changed line by line."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stores
from register_api.errors import StoreDamaged
from register_api.store import layout
from register_api.store.manifest import Encoding, Manifest, ManifestEntry
from register_api.store.manifest_entries import ManifestFiles, read_manifest
from register_api.store.reader import open_snapshot
from thoroughness import examples

if TYPE_CHECKING:
    from pathlib import Path

PATHS = st.lists(st.text("ab./-_0", min_size=1, max_size=4), unique=True, max_size=12)


def entry(size: int, *, cache: str = "immutable") -> ManifestEntry:
    """Return an entry that differs from others in its size."""
    return ManifestEntry(
        media_type="application/json",
        cache=cache,  # type: ignore[arg-type]
        sha256=f"{size:064x}",
        size=size,
        published_at=dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC),
        encodings={"gzip": Encoding(sha256="ab" * 32, size=1)},
    )


@settings(max_examples=examples(200))
@given(first=PATHS, second=PATHS, retired=st.sets(st.integers(0, 11)))
def test_a_listing_is_what_a_dictionary_would_be(
    first: list[str], second: list[str], retired: set[int]
) -> None:
    """Whatever is put in, put in its place or taken out, it is the same mapping, in order of path."""
    model = {path: entry(number) for number, path in enumerate(first)}
    changed = {path: entry(100 + number) for number, path in enumerate(second)}
    gone = [path for number, path in enumerate(first) if number in retired and path not in changed]
    listing = ManifestFiles().replaced(model).replaced(changed, gone)
    expected = {path: item for path, item in (model | changed).items() if path not in gone}
    assert dict(listing) == expected
    assert list(listing) == sorted(expected)
    assert len(listing) == len(expected)
    assert all(path in listing for path in expected)
    assert not any(path in listing for path in (*gone, "", "a" * 9, "zz"))
    text = "{" + listing.text.decode() + "}"
    assert json.loads(text) == msgspec.to_builtins(expected, str_keys=True) | {}


def test_what_is_not_listed_is_not_there() -> None:
    listing = ManifestFiles().replaced({"b": entry(1)})
    for path in ("", "a", "b/c", "c"):
        with pytest.raises(KeyError):
            listing[path]
    assert 7 not in listing


def test_paths_that_may_be_kept_for_ever_are_told_from_the_others() -> None:
    listing = ManifestFiles().replaced(
        {"a": entry(1), "b": entry(2, cache="mutable"), "c": entry(3, cache="no-cache")}
    )
    assert list(listing.changing()) == ["b", "c"]


def test_a_damaged_line_is_found_when_it_is_asked_for() -> None:
    listing = ManifestFiles(
        ManifestFiles().replaced({"a": entry(1), "b": entry(2)}).text.replace(b'"size":2', b'"size":x')
    )
    assert listing["a"].size == 1
    with pytest.raises(StoreDamaged, match="entry of 'b'"):
        listing["b"]


def test_a_damaged_line_is_told_in_characters_that_can_be_printed() -> None:
    """A path may hold line feeds, and be as long as the file."""
    path = "\r\n" + "a" * 5000
    listing = ManifestFiles(ManifestFiles().replaced({path: entry(1)}).text.replace(b'"size":1', b'"size":x'))
    with pytest.raises(StoreDamaged) as refused:
        listing[path]
    assert refused.value.message.isprintable()
    assert len(refused.value.message) < 1000


@pytest.mark.parametrize("line", [b"\x80", b'"\x80":{}', b"{", b""])
def test_a_line_that_names_no_path_is_damage(line: bytes) -> None:
    """Found when all paths are asked for, as starting the service does."""
    listing = ManifestFiles(line + b",\n" + ManifestFiles().replaced({"b": entry(2)}).text)
    with pytest.raises(StoreDamaged, match="names no path"):
        list(listing)


def test_an_entry_that_is_nested_deeply_is_damage() -> None:
    listing = ManifestFiles(b'"a":' + b"[" * 20_000 + b"]" * 20_000)
    with pytest.raises(StoreDamaged, match="entry of 'a'"):
        listing["a"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return stores.make_store(tmp_path / "store", 2)


def test_the_manifest_on_disk_is_one_json_document(store: Path) -> None:
    """Who uploads the tree reads it with any JSON library."""
    snapshot = open_snapshot(store)
    assert snapshot is not None
    manifest = msgspec.json.decode((store / layout.MANIFEST).read_bytes(), type=Manifest)
    assert manifest.files == dict(snapshot.manifest.files)
    assert (manifest.version, manifest.generation) == (2, 2)


def test_a_manifest_with_other_bytes_than_were_published_is_damage(store: Path) -> None:
    path = store / layout.MANIFEST
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"cache":"immutable"', b'"cache":"mutable"', 1))
    with pytest.raises(StoreDamaged, match="other bytes"):
        open_snapshot(store)


def test_a_manifest_without_a_line_for_each_file_is_refused(store: Path) -> None:
    """Lines are looked up where they stand, so another form of the same JSON is not taken."""
    path = store / layout.MANIFEST
    path.write_bytes(json.dumps(json.loads(path.read_bytes())).encode())
    with pytest.raises(StoreDamaged, match="one line a file"):
        read_manifest(path, None)
