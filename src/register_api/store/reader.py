"""Reading one whole publication from a store, whatever is being published meanwhile."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path

from register_api.core.canonical import digest
from register_api.errors import StoreDamaged
from register_api.store import layout
from register_api.store.layout import Journal, Manifest, PublisherState, read_document


class Snapshot:
    """One publication: its manifest, its state, and the bytes of its files.

    ``generation`` is a number that grows with every publication and refresh.
    """

    def __init__(self, store: Path, generation: int, manifest: Manifest, state: PublisherState) -> None:
        self.store, self.generation = store, generation
        self.manifest, self.state = manifest, state

    def read(self, path: str, encoding: str = "identity") -> bytes:
        """Return the bytes of a file as ``identity`` or in a content coding that the manifest lists for it.

        Raises:
            KeyError: The publication has no such path or form.
            StoreDamaged: The file is missing or has other bytes than the manifest says.
        """
        entry = self.manifest.files[path]
        sha256 = entry.sha256 if encoding == "identity" else entry.encodings[encoding].sha256
        # A later publication first keeps old bytes in our generation and only then replaces them
        # in public: what is not ours there any more is found here at the second look.
        for _ in range(2):
            with contextlib.suppress(OSError):
                data = self.file(path, encoding).read_bytes()
                if digest(data) == sha256:
                    return data
        raise StoreDamaged(f"{path} ({encoding}) is missing or has other bytes than the manifest says")

    def published_at(self, path: str) -> dt.datetime | None:
        """Return when a file's bytes were published, UTC; ``None`` for what the publication does not have."""
        entry = self.manifest.files.get(path)
        return None if entry is None else entry.published_at

    def damaged(self) -> list[str]:
        """Return what is missing or has other bytes than were published, ready forms among it."""
        found = []
        for path, entry in self.manifest.files.items():
            for form in ("identity", *entry.encodings):
                try:
                    self.read(path, form)
                except StoreDamaged:
                    found.append(path + layout.SUFFIXES[form])
        return found

    def file(self, path: str, encoding: str = "identity") -> Path:
        """Return where on disk a file of this publication lies at this moment."""
        name = path + layout.SUFFIXES[encoding]
        ours = layout.generation_folder(self.store, self.generation) / layout.TREE / name
        return ours if ours.exists() else self.store / layout.PUBLIC / name


def open_snapshot(store: Path, generation: int | None = None) -> Snapshot | None:
    """Open the visible publication of a store, or a certain one; ``None`` when nothing was published yet.

    Raises:
        StoreDamaged: Manifest or state cannot be read.
    """
    number = current(store) if generation is None else generation
    if number is None:
        return None
    folder = layout.generation_folder(store, number)
    state = read_document(folder / layout.STATE, PublisherState)
    manifest = read_document(folder / layout.MANIFEST, Manifest, state.manifest_sha256)
    return Snapshot(store, number, manifest, state)


def reopened(store: Path, known: Snapshot | None) -> Snapshot | None:
    """Open the visible publication; one that is open already and still visible is not read again."""
    if known is not None and known.store == store and known.generation == current(store):
        return known
    return open_snapshot(store)


def current(store: Path) -> int | None:
    """Return the number of the visible generation (one ``readlink``), or ``None`` if there is none.

    Raises:
        StoreDamaged: The link leads to something else than a generation.
    """
    try:
        return int((store / layout.CURRENT).readlink().name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreDamaged(f"{store / layout.CURRENT} does not lead to a generation: {error}") from error


def read_journal(store: Path, generation: int) -> Journal | None:
    """Return a generation's journal, or ``None`` when it was not written yet."""
    path = layout.generation_folder(store, generation) / layout.JOURNAL
    if not path.exists():
        return None
    journal = read_document(path, Journal)
    for name in (*journal.changed, *journal.retired):
        if not (name.isprintable() and all(part.strip(".") for part in name.split("/"))):
            raise StoreDamaged(f"{path} names {name[:200]!a}, which does not lie in the tree")
    return journal


def generations(store: Path) -> list[int]:
    """Return the numbers of all generation folders, oldest first."""
    return sorted(int(path.name) for path in (store / layout.GENERATIONS).glob("*") if path.name.isdigit())
