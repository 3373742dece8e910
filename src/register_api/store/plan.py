"""What one publication adds to a store, compared with the one before it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import digest
from register_api.core.tree import kind_of
from register_api.errors import StoreDamaged
from register_api.store import durable, layout
from register_api.store.compress import compressed_forms
from register_api.store.manifest import Form, Journal, Manifest, ManifestEntry, State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from register_api.store.reader import Snapshot


class Plan:
    """One publication on its way to the disk; ``transaction.commit`` says in which order.

    Attributes:
        number: Number of the generation that is being made.
    """

    def __init__(
        self,
        store: Path,
        before: Snapshot | None,
        groups: Sequence[Mapping[str, bytes]],
        now: dt.datetime,
        *,
        retired: Iterable[str] = (),
    ) -> None:
        """Compare the files with the publication before: what is new, carried over, or leaves."""
        self.store = store
        self.now = now
        self.number = before.generation + 1 if before else 1
        self.folder = layout.generation_folder(store, self.number)
        self.tree = self.folder / layout.TREE
        self.old = dict(before.manifest.files) if before else {}
        self.retired = [path for path in retired if path in self.old]
        self.forms: dict[str, dict[str, bytes]] = {}
        self.entries: dict[str, ManifestEntry] = {}
        self.data = {path: data for group in groups for path, data in group.items()}
        for path, data in self.data.items():
            self.entries[path] = self._entry(path, data)
        self.carried = self._rest()

    def _rest(self) -> list[str]:
        """Return the old head files that go on as they are."""
        gone = {*self.data, *self.retired}
        return [path for path in self.old if path not in gone and not kind_of(path).settled]

    def _entry(self, path: str, data: bytes) -> ManifestEntry:
        """Describe a file; one that is unchanged keeps its old entry, compressed forms and all."""
        sha256 = digest(data)
        old = self.old.get(path)
        if old is not None and old.sha256 == sha256:
            return old
        kind = kind_of(path)
        if old is not None and kind.settled:
            raise StoreDamaged(f"{path} was published with other bytes and never changes")
        forms = self._forms(sha256, data) if kind.compress else {}
        return ManifestEntry(
            media_type=kind.media_type,
            cache=kind.cache,
            sha256=sha256,
            size=len(data),
            published_at=self.now,
            encodings={coding: Form(sha256=digest(form), size=len(form)) for coding, form in forms.items()},
        )

    def _forms(self, sha256: str, data: bytes) -> dict[str, bytes]:
        if sha256 not in self.forms:
            self.forms[sha256] = compressed_forms(data)
        return self.forms[sha256]

    def _is_new(self, path: str) -> bool:
        return self.old.get(path) is not self.entries[path]

    def _names(self, path: str) -> list[str]:
        """Return the file itself and its compressed forms, as names below ``public``."""
        entry = self.entries.get(path) or self.old[path]
        return [path, *(path + layout.SUFFIXES[coding] for coding in entry.encodings)]

    def journal(self) -> Journal:
        """Say what this publication adds to and takes from ``public``."""
        fresh = [path for path in self.data if self._is_new(path)]
        arrivals = [name for path in fresh if kind_of(path).settled for name in self._names(path)]
        links = [name for path in self.data if not kind_of(path).settled for name in self._names(path)]
        gone = [name for path in self.retired for name in self._names(path)]
        retired = (*gone, *self._stale_forms())
        return Journal(arrivals=tuple(arrivals), links=tuple(links), retired=retired)

    def _stale_forms(self) -> list[str]:
        """Return compressed forms that a head file had before and has no longer."""
        both = [path for path in self.data if path in self.old]
        return [
            path + layout.SUFFIXES[coding]
            for path in both
            for coding in self.old[path].encodings.keys() - self.entries[path].encodings.keys()
        ]

    def write_journal(self) -> None:
        """Write down what will be added and taken, before anything is."""
        path = self.folder / layout.JOURNAL
        durable.write_new(path, msgspec.json.encode(self.journal()))
        durable.sync([path], below=self.store)

    def write_group(self, group: Mapping[str, bytes]) -> None:
        """Write one group of files and make it durable."""
        written: list[Path] = []
        for path in group:
            written += self._write_file(path)
        durable.sync(written, below=self.folder)

    def _write_file(self, path: str) -> list[Path]:
        """Write a file with its forms, link it if it is unchanged, skip it if it is settled."""
        if not self._is_new(path):
            return [] if kind_of(path).settled else self._carry(path)
        data = self.data[path]
        forms = {"identity": data, **(self._forms(digest(data), data) if kind_of(path).compress else {})}
        files = []
        for coding, form in forms.items():
            file = self.tree / (path + layout.SUFFIXES[coding])
            durable.write_new(file, form, modified=self.now.timestamp())
            files.append(file)
        return files

    def _carry(self, path: str) -> list[Path]:
        """Take an unchanged head file over from the generation before, without writing it."""
        carried = []
        for name in self._names(path):
            target = self.tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(layout.generation_folder(self.store, self.number - 1) / layout.TREE / name)
            carried.append(target.parent)
        return carried

    def manifest(self, state: State) -> Manifest:
        """List the tree as it will be."""
        files = self.old | self.entries
        for path in self.retired:
            del files[path]
        return Manifest(
            register=state.register,
            version=state.version,
            generation=self.number,
            files=dict(sorted(files.items())),
        )

    def write_manifest(self, state: State) -> None:
        """Carry the rest over, and write the store's own documents."""
        for path in self.carried:
            self._carry(path)
        names = {layout.MANIFEST: self.manifest(state), layout.STATE: state}
        for name, document in names.items():
            durable.write_new(self.folder / name, msgspec.json.encode(document))
        durable.sync((self.folder / name for name in names), below=self.folder)

    def link_into_public(self) -> None:
        """Put links that lead through ``current`` into ``public``, for all that is new there."""
        journal = self.journal()
        public = self.store / layout.PUBLIC
        folders: set[Path] = set()
        for name in (*journal.arrivals, *journal.links):
            path = public / name
            if path.is_symlink():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            path.symlink_to(layout.link_through_current(name))
            folders.add(path.parent)
        public.mkdir(parents=True, exist_ok=True)
        durable.sync_folders(folders | {public}, below=self.store)
