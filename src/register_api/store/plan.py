"""What one publication changes in a store, compared with the previous one."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import brotli
import msgspec
import zstandard

from register_api.core.canonical import digest
from register_api.core.format.paths import kind_of
from register_api.errors import StoreDamaged
from register_api.files import durable
from register_api.store import reader
from register_api.store.reader import Encoding, Journal, Manifest, ManifestEntry, PublisherState, Snapshot

Progress = Callable[[int, int, str], None]
_MIN_BYTES = 256
"""Minimum size in bytes for compression."""


def compressed_forms(data: bytes) -> dict[str, bytes]:
    """Return the compressed forms that are smaller than the data.

    Higher levels cost many times more than they save (docs/performance.md).
    """
    if len(data) < _MIN_BYTES:
        return {}
    forms = {
        "br": brotli.compress(data, quality=5),
        "gzip": gzip.compress(data, compresslevel=6, mtime=0),
        "zstd": zstandard.ZstdCompressor(level=6).compress(data),
    }
    return {coding: form for coding, form in forms.items() if len(form) < len(data)}


class CommitPlan:
    """Writes one publication to disk; ``transaction.commit`` calls its methods in order.

    Creating the plan compresses the new and changed files (``changed``), which takes most of the time.
    """

    def __init__(
        self,
        store: Path,
        before: Snapshot | None,
        files: Mapping[str, bytes],
        now: dt.datetime,
        *,
        retired: Iterable[str] = (),
        progress: Progress | None = None,
    ) -> None:
        self.store, self.now, self.data = store, now, files
        self.number = before.generation + 1 if before else 1
        self.folder = reader.generation_folder(store, self.number)
        self.old = before.manifest.files if before else {}
        self.retired = [path for path in retired if path in self.old and path not in files]
        self.forms: dict[str, dict[str, bytes]] = {}
        self.entries: dict[str, ManifestEntry] = {}
        for done, (path, data) in enumerate(files.items()):
            if progress is not None:
                progress(done, len(files), path)
            self.entries[path] = self._entry(path, data)
        self.changed = [path for path in files if self.old.get(path) is not self.entries[path]]

    def _entry(self, path: str, data: bytes) -> ManifestEntry:
        """Return the manifest entry of a file; an unchanged file keeps its entry."""
        sha256 = digest(data)
        old = self.old.get(path)
        if old is not None and old.sha256 == sha256:
            return old
        kind = kind_of(path)
        if old is not None and kind.cache == "immutable":
            raise StoreDamaged(f"{path} was published with other bytes and never changes")
        if kind.media.compress and sha256 not in self.forms:  # identical content is compressed once
            self.forms[sha256] = compressed_forms(data)
        forms = self.forms.get(sha256, {}) if kind.media.compress else {}
        return ManifestEntry(
            media_type=kind.media_type,
            cache=kind.cache,
            sha256=sha256,
            size=len(data),
            published_at=self.now,
            encodings={
                coding: Encoding(sha256=digest(form), size=len(form)) for coding, form in forms.items()
            },
        )

    def write_journal(self) -> Journal:
        """Write the journal: which names below ``public`` change and which are removed."""
        changed = {name: None for path in self.changed for name in _names(path, self.entries[path])}
        paths = (path for path in (*self.changed, *self.retired) if path in self.old)
        before = (name for path in paths for name in _names(path, self.old[path]))
        journal = Journal(
            changed=tuple(changed), retired=tuple(name for name in before if name not in changed)
        )
        durable.write_unsynced(self.folder / reader.JOURNAL, msgspec.json.encode(journal))
        durable.sync([self.folder / reader.JOURNAL], below=self.store)
        return journal

    def write_group(self, group: Iterable[str]) -> None:
        """Write a group of files with their compressed forms and sync them."""
        written: list[Path] = []
        changed = set(self.changed)
        for path in (path for path in group if path in changed):
            entry = self.entries[path]
            forms = self.forms[entry.sha256] if entry.encodings else {}
            for coding, form in {"identity": self.data[path], **forms}.items():
                written.append(self.folder / reader.TREE / (path + reader.SUFFIXES[coding]))
                durable.write_unsynced(written[-1], form, modified=self.now.timestamp())
        durable.sync(written, below=self.folder)

    def write_documents(self, state: PublisherState) -> Snapshot:
        """Write the manifest and the state of this generation; return them as a snapshot."""
        files = self.old | {path: self.entries[path] for path in self.changed}
        manifest = Manifest(
            register=state.register,
            version=state.version,
            generation=self.number,
            files={path: files[path] for path in sorted(files.keys() - self.retired)},
        )
        data = manifest.encode()
        state = msgspec.structs.replace(state, manifest_sha256=digest(data))
        documents = {reader.MANIFEST: data, reader.STATE: msgspec.json.encode(state)}
        for name, document in documents.items():
            durable.write_unsynced(self.folder / name, document)
        durable.sync((self.folder / name for name in documents), below=self.folder)
        return Snapshot(self.store, self.number, manifest, state)


def _names(path: str, entry: ManifestEntry) -> list[str]:
    """Return the names of a file and its compressed forms below ``public``."""
    return [path, *(path + reader.SUFFIXES[coding] for coding in entry.encodings)]
