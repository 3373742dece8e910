"""Reading a file of the store so that its bytes are the ones its headers promise."""

from __future__ import annotations

from register_api.core.canonical import digest
from register_api.errors import StoreDamaged
from register_api.store.reader import Snapshot

_ATTEMPTS = 2
"""A file that settles in its last place while it is read is found there at the second attempt."""


def read_form(snapshot: Snapshot, path: str, coding: str = "identity") -> bytes:
    """Return one form of a file, checked against the digest in the manifest."""
    data = _read(snapshot, path, coding)
    if digest(data) != sha256_of(snapshot, path, coding):
        raise StoreDamaged(f"{path} ({coding}) has other bytes than the manifest says")
    return data


def sha256_of(snapshot: Snapshot, path: str, coding: str) -> str:
    """Return the SHA-256 (hex) that the manifest gives for one form of a file."""
    entry = snapshot.manifest.files[path]
    return entry.sha256 if coding == "identity" else entry.encodings[coding].sha256


def _read(snapshot: Snapshot, path: str, coding: str) -> bytes:
    for _ in range(_ATTEMPTS - 1):
        try:
            return snapshot.read(path, coding)
        except StoreDamaged:
            continue
    return snapshot.read(path, coding)
