"""An attacker who can write to a store and update its digests, but has no keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.canonical import digest
from register_api.store import reader
from register_api.store.reader import Manifest, current, read_document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def exchange(store: Path, files: Mapping[str, bytes]) -> None:
    """Replace files, and update manifest and state as if they had been published."""
    number = current(store)
    assert number is not None
    folder = reader.generation_folder(store, number)
    manifest = read_document(folder / reader.MANIFEST, Manifest)
    entries = {}
    for path, data in files.items():
        entry = manifest.files[path]
        for suffix in reader.SUFFIXES.values():
            _overwrite(store, path + suffix, data)
        entries[path] = msgspec.structs.replace(entry, sha256=digest(data), size=len(data), encodings={})
    changed = msgspec.structs.replace(manifest, files=manifest.files | entries).encode()
    (folder / reader.MANIFEST).write_bytes(changed)
    say(store, manifest_sha256=digest(changed))


def say(store: Path, **fields: Any) -> None:
    """Change fields of the current publication's state."""
    number = current(store)
    assert number is not None
    path = reader.generation_folder(store, number) / reader.STATE
    document = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**document, **fields}))


def _overwrite(store: Path, name: str, data: bytes) -> None:
    """Replace a file wherever the store has it: in ``public`` and in generations."""
    trees = [store / reader.PUBLIC, *(store / reader.GENERATIONS).glob(f"*/{reader.TREE}")]
    for tree in trees:
        if (tree / name).exists():
            (tree / name).unlink()
            (tree / name).write_bytes(data)
