"""The folder of a store, and its own documents: manifest, state and journal.

::

    STORE/
      lock                      held by the one publisher at work
      fresh                     a link on its way to its place
      current -> generations/12 the one link whose switch makes a publication visible
      manifest.json -> current/manifest.json
      public/                   the tree that is served; URL path = file path
        v1/register.json        a file; while it changes, a link to ../../current/tree/v1/register.json
      deployed/                 what ``deploy`` has sent to each target
      generations/12/
        tree/                   what this publication changed; what the next one is about to change
        manifest.json           every path of the tree with type, cache class, digest, forms
        state.json              what the publisher needs to go on
        journal.json            what to finish or undo after a crash

Names that change lead through ``current`` for the time of a publication, so one rename shows all
of it at once; see ``store.transaction``. ``manifest.json`` has one line a file, in order of path.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from register_api.clock import zone_of
from register_api.core.canonical import digest
from register_api.core.format.kind import CacheClass
from register_api.core.model import NoticeSource
from register_api.core.notice_period import NoticePolicy, Promises
from register_api.core.text import printable
from register_api.errors import Malformed, StoreDamaged, StoreError
from register_api.files.durable import UPDATE, NewerFormat, refuse_newer

T = TypeVar("T", bound=msgspec.Struct)

CURRENT = "current"
PUBLIC = "public"
GENERATIONS = "generations"
TREE = "tree"
MANIFEST = "manifest.json"
STATE = "state.json"
JOURNAL = "journal.json"
LOCK = "lock"
FRESH = "fresh"
SUFFIXES = {"identity": "", "gzip": ".gz", "br": ".br", "zstd": ".zst"}
"""Content coding (RFC 9110 section 8.4.1) to the ending of the file that holds it."""


def generation_folder(store: Path, number: int) -> Path:
    """Return the folder of a generation."""
    return store / GENERATIONS / str(number)


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """One content coding of a file, ready on disk: SHA-256 in hex, size in bytes."""

    sha256: str
    size: int


class ManifestEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What every host needs to serve one path with the same headers; ``encodings`` by content coding."""

    media_type: str
    cache: CacheClass
    sha256: str
    size: int
    published_at: dt.datetime
    encodings: dict[str, Encoding] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Every path of the tree, without leading slash, in order."""

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


class StoredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A notice promise with the version and local day from which it was in force."""

    version: int
    day: dt.date
    notice: NoticeSource


class PublisherState(msgspec.Struct, frozen=True, kw_only=True):
    """What the publisher needs to know of all versions without reading them.

    Attributes:
        root_hash: Root of the log over ``version`` entries, in hex.
        first_published_at: When version 1 was published; names the feed's ids for ever.
        first_live: First version that was not imported.
        policies: Notice promises, oldest first, one row for each change.
        page_templates: SHA-256 (hex) of what the pages were made with, for ``pages_on``.
        manifest_sha256: SHA-256 (hex) of the manifest that lies beside this document.
    """

    format: Literal["sub-processor-register-publisher/1"] = "sub-processor-register-publisher/1"
    register: str
    version: int
    published_at: dt.datetime
    first_published_at: dt.datetime
    root_hash: str
    time_zone: str
    first_live: int | None
    policies: tuple[StoredPolicy, ...]
    page_templates: str | None = None
    pages_on: dt.date | None = None
    manifest_sha256: str | None = None

    def promises(self) -> Promises:
        """Return the notice promises in the core's terms."""
        try:
            zone = zone_of(self.time_zone)
        except Malformed as error:
            raise StoreDamaged(f"the publisher's state: {error.message}") from error
        rows = (NoticePolicy(version=row.version, day=row.day, notice=row.notice) for row in self.policies)
        return Promises(zone=zone, first_live=self.first_live, policies=tuple(rows))


class Journal(msgspec.Struct, frozen=True, kw_only=True):
    """Which names below ``public`` a publication gives new bytes, and which leave, compressed forms too."""

    format: Literal["sub-processor-register-journal/1"] = "sub-processor-register-journal/1"
    changed: tuple[str, ...]
    retired: tuple[str, ...]


def read_document(path: Path, kind: type[T], sha256: str | None = None) -> T:
    """Read one of these documents.

    Raises:
        StoreError: It cannot be read, or has other bytes than were published.
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
            raise StoreError(f"{path} {newer}", hint=UPDATE) from error
        raise StoreDamaged(f"{path} cannot be read: {printable(error)}") from error
