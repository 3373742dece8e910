"""Layout of a store, its documents, and consistent reads during publication.

::

    STORE/
      lock                      held by the running publisher
      fresh                     temporary link, renamed into place
      current -> generations/12 switching this link makes a publication visible
      manifest.json -> current/manifest.json
      public/                   the tree that is served; URL path = file path
        v1/register.json        a file; while it changes, a link to ../../current/tree/v1/register.json
      deployed/                 what ``deploy`` has sent to each target
      generations/12/
        tree/                   files this publication changed, and old files the next one is replacing
        manifest.json           every path of the tree with type, cache class, digest, forms: a line each
        state.json              the publisher's state
        journal.json            what to finish or undo after a crash; see ``store.transaction``
"""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from register_api.clock import zone_of
from register_api.core.canonical import digest
from register_api.core.format.kind import CacheClass
from register_api.core.notice_period import NoticePolicy, Promises
from register_api.core.text import printable
from register_api.errors import Malformed, StoreDamaged, StoreError
from register_api.files.durable import NewerFormat, refuse_newer

T = TypeVar("T", bound=msgspec.Struct)

CURRENT = "current"
PUBLIC = "public"
GENERATIONS = "generations"
TREE = "tree"
MANIFEST = "manifest.json"
STATE = "state.json"
JOURNAL = "journal.json"
LOCK = "lock"
NEW_LINK = "fresh"
SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""File suffix by content coding (RFC 9110 section 8.4.1)."""


def generation_folder(store: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return store / GENERATIONS / str(number)


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """A compressed form of a file: SHA-256 in hex, size in bytes."""

    sha256: str
    size: int


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a host needs to serve one path with the right headers; ``encodings`` by content coding."""

    media_type: str
    cache: CacheClass
    sha256: str
    size: int
    published_at: dt.datetime
    encodings: dict[str, Encoding] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Every path of the tree, sorted, without leading slash."""

    format: Literal["sub-processor-register-manifest/1"] = "sub-processor-register-manifest/1"
    register: str
    version: int
    generation: int
    files: dict[str, ManifestEntry]

    def encode(self) -> bytes:
        """Return the bytes of ``manifest.json``."""
        encode = msgspec.json.encode
        lines = (b"%b:%b" % (encode(path), encode(self.files[path])) for path in sorted(self.files))
        head = encode(msgspec.structs.replace(self, files={})).removesuffix(b"}}")
        return b"%b\n%b\n}}" % (head, b",\n".join(lines))


class PublisherState(msgspec.Struct, frozen=True, kw_only=True):
    """What the publisher must know about all versions without reading them.

    Attributes:
        root_hash: Root of the log over ``version`` entries, in hex.
        first_published_at: When version 1 was published; part of the feed's permanent ids.
        first_live: First version that was not imported.
        policies: Notice promises, oldest first, one row for each change.
        page_templates: SHA-256 (hex) of the templates used for the pages, with ``pages_on``.
        manifest_sha256: SHA-256 (hex) of the manifest beside this document.
    """

    format: Literal["sub-processor-register-publisher/1"] = "sub-processor-register-publisher/1"
    register: str
    version: int
    published_at: dt.datetime
    first_published_at: dt.datetime
    root_hash: str
    time_zone: str
    first_live: int | None
    policies: tuple[NoticePolicy, ...]
    page_templates: str | None = None
    pages_on: dt.date | None = None
    manifest_sha256: str | None = None

    def promises(self) -> Promises:
        """Return the notice promises as core's ``Promises``."""
        try:
            zone = zone_of(self.time_zone)
        except Malformed as error:
            raise StoreDamaged(f"the publisher's state: {error.message}") from error
        return Promises(zone=zone, first_live=self.first_live, policies=self.policies)


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """Names below ``public`` that a publication changes or removes, compressed forms included."""

    format: Literal["sub-processor-register-journal/1"] = "sub-processor-register-journal/1"
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def read_document(path: Path, kind: type[T], sha256: str | None = None) -> T:
    """Read a document of the store.

    Raises:
        StoreError: It cannot be read, or its bytes differ from those published.
    """
    data = b""
    try:
        data = path.read_bytes()
        if sha256 is not None and digest(data) != sha256:
            raise StoreDamaged(f"{path} has other bytes than were published")
        return msgspec.json.decode(data, type=kind)
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        known = next(field.default for field in msgspec.structs.fields(kind) if field.name == "format")
        try:
            refuse_newer(data, known)
        except NewerFormat as newer:
            raise StoreError(f"{path} {newer}", hint=newer.hint) from error
        raise StoreDamaged(f"{path} cannot be read: {printable(error)}") from error


class Snapshot:
    """One publication: its manifest, its state, and the bytes of its files.

    ``generation`` increases with every publication and refresh.
    """

    def __init__(self, store: Path, generation: int, manifest: Manifest, state: PublisherState) -> None:
        self.store, self.generation = store, generation
        self.manifest, self.state = manifest, state

    def read(self, path: str, encoding: str = "identity") -> bytes:
        """Return the bytes of a file as ``identity`` or in a content coding that the manifest lists for it.

        Raises:
            KeyError: The publication has no such path or form.
            StoreDamaged: The file is missing or differs from the manifest.
        """
        entry = self.manifest.files[path]
        sha256 = entry.sha256 if encoding == "identity" else entry.encodings[encoding].sha256
        # A later publication copies old bytes into our generation before it replaces them in public, so a
        # file that has changed there is found here on the second attempt.
        for _ in range(2):
            with contextlib.suppress(OSError):
                data = self.file(path, encoding).read_bytes()
                if digest(data) == sha256:
                    return data
        raise StoreDamaged(
            f"{path} ({encoding}) is missing or has other bytes than the manifest says",
            hint="register-api recover --from URL rebuilds the store from a public copy",
        )

    def published_at(self, path: str) -> dt.datetime | None:
        """Return when a file was published, UTC; ``None`` if it is not in the publication."""
        entry = self.manifest.files.get(path)
        return None if entry is None else entry.published_at

    def damaged(self) -> list[str]:
        """Return the files, compressed forms included, that are missing or differ from the manifest."""
        found = []
        for path, entry in self.manifest.files.items():
            for form in ("identity", *entry.encodings):
                try:
                    self.read(path, form)
                except StoreDamaged:
                    found.append(path + SUFFIXES[form])
        return found

    def file(self, path: str, encoding: str = "identity") -> Path:
        """Return the current location on disk of a file of this publication."""
        name = path + SUFFIXES[encoding]
        ours = generation_folder(self.store, self.generation) / TREE / name
        return ours if ours.exists() else self.store / PUBLIC / name


def open_snapshot(store: Path, generation: int | None = None) -> Snapshot | None:
    """Open the visible publication of a store, or a given one; ``None`` if nothing was published yet."""
    number = current(store) if generation is None else generation
    if number is None:
        return None
    folder = generation_folder(store, number)
    state = read_document(folder / STATE, PublisherState)
    manifest = read_document(folder / MANIFEST, Manifest, state.manifest_sha256)
    return Snapshot(store, number, manifest, state)


def open_or_reuse(store: Path, known: Snapshot | None) -> Snapshot | None:
    """Open the visible publication, reusing ``known`` if it is still visible."""
    if known is not None and known.store == store and known.generation == current(store):
        return known
    return open_snapshot(store)


def current(store: Path) -> int | None:
    """Return the number of the visible generation (one ``readlink``), or ``None`` if there is none.

    Raises:
        StoreDamaged: The link does not lead to a generation.
    """
    try:
        return int((store / CURRENT).readlink().name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreDamaged(f"{store / CURRENT} does not lead to a generation: {error}") from error


def read_journal(store: Path, generation: int) -> Journal | None:
    """Return a generation's journal, or ``None`` if it was not written yet."""
    path = generation_folder(store, generation) / JOURNAL
    if not path.exists():
        return None
    journal = read_document(path, Journal)
    for name in (*journal.changed, *journal.retired):
        if not (name.isprintable() and all(part.strip(".") for part in name.split("/"))):
            raise StoreDamaged(f"{path} names {name[:200]!a}, which is not in the tree")
    return journal


def generations(store: Path) -> list[int]:
    """Return the numbers of all generation folders, oldest first."""
    return sorted(int(path.name) for path in (store / GENERATIONS).glob("*") if path.name.isdigit())
