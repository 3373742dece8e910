"""What the computed answers are computed from: registers, diffs and versions of one publication.

Everything is read when asked for; only a few parsed registers are kept, so memory stays bounded
for any number of versions. Callers take turns (``cache``); nothing here is safe for two threads.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TypedDict, TypeVar

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.changes import Diff
from register_api.core.documents import VersionList
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.core.text import printable
from register_api.core.timeline import AsOf, RegisterAsOf, register_as_of
from register_api.errors import StoreDamaged
from register_api.serve.http.problems import Problem
from register_api.serve.reply import BoundedCache
from register_api.store.reader import Snapshot

T = TypeVar("T")

_KEPT_REGISTERS = 4


class Archive:
    """The versions of one publication.

    Attributes:
        snapshot: The publication itself.
        name: The register's name.
        newest: Number of the newest version.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Keep the publication; nothing is read yet."""
        self.snapshot = snapshot
        self.name = snapshot.manifest.register
        self.newest = snapshot.manifest.version
        self._registers: BoundedCache[Encoded[Register]] = BoundedCache(_KEPT_REGISTERS)

    @cached_property
    def promises(self) -> Promises:
        """Every notice promise the register has made."""
        return self.snapshot.state.promises()

    @property
    def zone(self) -> dt.tzinfo:
        """The publisher's time zone."""
        return self.promises.zone

    def sha256(self, version: int) -> str:
        """Return the SHA-256 (hex) of a version's register.

        Raises:
            KeyError: There is no such version.
        """
        return self.snapshot.manifest.files[tree.VERSION_REGISTER.path(version)].sha256

    def bytes_of(self, version: int) -> int:
        """Return the size of a version's register; 0 if there is no such version."""
        entry = self.snapshot.manifest.files.get(tree.VERSION_REGISTER.path(version))
        return 0 if entry is None else entry.size

    def register(self, version: int) -> Register:
        """Return the register as a version said it.

        Raises:
            KeyError: There is no such version.
            StoreDamaged: Its file cannot be read.
        """
        return self.stored(version).document

    def stored(self, version: int) -> Encoded[Register]:
        """Return the register as a version said it, with its bytes."""
        found = self._registers.get(version)
        if found is None:
            data = self.snapshot.read(tree.VERSION_REGISTER.path(version))
            found = Encoded(_decoded(data, Register), data)
            self._registers.put(version, found)
        return found

    def diff_bytes(self, version: int) -> bytes:
        """Return the stored diff of a version against the one before it."""
        return self.snapshot.read(tree.VERSION_DIFF.path(version))

    def diff(self, data: bytes) -> Diff:
        """Return a stored diff, parsed."""
        return _decoded(data, Diff)

    def published_at(self, version: int) -> dt.datetime:
        """Return when a version was published."""
        return self.published[version - 1]

    @cached_property
    def published(self) -> list[dt.datetime]:
        """When each version was published; they are numbered in that order, without gaps."""
        listed = _decoded(self.snapshot.read(tree.VERSIONS.path()), VersionList)
        return [entry.published_at for entry in listed.versions]


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise StoreDamaged(f"a stored {kind.__name__} cannot be read: {printable(error)}") from error


class Basis(TypedDict):
    """What an answer says it was computed from."""

    register: str
    version: int
    sha256: str
    on: dt.date


def known_by(archive: Archive, as_of: AsOf) -> RegisterAsOf:
    """Return the state on a day as far as it was known at a moment."""
    known = register_as_of(archive, as_of)
    if known is None:
        raise Problem("nothing-known-yet", "That was published later, or nothing was published by then.")
    return known


def basis(known: RegisterAsOf) -> Basis:
    """Return what an answer has to say about the register it was computed from."""
    return {
        "register": known.register.register,
        "version": known.register.version,
        "sha256": known.sha256,
        "on": known.on,
    }


def check_version(version: int, archive: Archive) -> None:
    """Refuse a version that is not there."""
    if not 1 <= version <= archive.newest:
        raise Problem("no-such-version", f"There are versions 1 to {archive.newest}, but no {version}.")
