"""Registers, diffs and versions of one publication, as input for computed answers.

Files are read on demand and only a few parsed registers are cached, so memory stays bounded for any number
of versions. Not thread-safe: callers run one at a time (``cache``).
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.documents import VersionList
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.core.text import printable
from register_api.core.timeline import AsOf, RegisterAsOf, register_as_of
from register_api.errors import StoreDamaged
from register_api.serve.http.problems import Problem
from register_api.store.reader import Snapshot

T = TypeVar("T")


class Archive:
    """The versions of one publication; ``newest`` is the latest number, ``name`` the register's name."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.name = snapshot.manifest.register
        self.newest = snapshot.manifest.version
        self.stored = lru_cache(maxsize=4)(self._stored)

    @cached_property
    def promises(self) -> Promises:
        """All notice promises of the register."""
        return self.snapshot.state.promises()

    @property
    def zone(self) -> dt.tzinfo:
        """The publisher's time zone."""
        return self.promises.zone

    def sha256(self, version: int) -> str:
        """Return the SHA-256 (hex) of a version's register."""
        return self.snapshot.manifest.files[tree.VERSION_REGISTER.path(version)].sha256

    def bytes_of(self, version: int) -> int:
        """Return the size of a version's register; 0 if there is no such version."""
        entry = self.snapshot.manifest.files.get(tree.VERSION_REGISTER.path(version))
        return 0 if entry is None else entry.size

    def register(self, version: int) -> Register:
        """Return the register of a version; ``stored`` also has its bytes."""
        return self.stored(version).document

    def _stored(self, version: int) -> Encoded[Register]:
        data = self.snapshot.read(tree.VERSION_REGISTER.path(version))
        return Encoded(decoded(data, Register), data)

    @cached_property
    def published(self) -> list[dt.datetime]:
        """Publication time of each version, from version 1 on."""
        listed = decoded(self.snapshot.read(tree.VERSIONS.path()), VersionList)
        return [entry.published_at for entry in listed.versions]


def decoded(data: bytes, kind: type[T]) -> T:
    """Decode a document of the store, whose content is trusted."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError as error:
        raise StoreDamaged(f"a stored {kind.__name__} cannot be read: {printable(error)}") from error


def known_by(archive: Archive, as_of: AsOf) -> RegisterAsOf:
    """Return the register as of a date, as known at a given time."""
    known = register_as_of(archive, as_of)
    if known is None:
        raise Problem("nothing-known-yet", "That was published later, or nothing was published by then.")
    return known


def basis(known: RegisterAsOf) -> dict[str, Any]:
    """Return the members of an answer that state what it was computed from."""
    return {
        "register": known.register.register,
        "version": known.register.version,
        "sha256": known.sha256,
        "on": known.on,
    }


def check_version(version: int, archive: Archive) -> None:
    """Raise the problem if a version does not exist."""
    if not 1 <= version <= archive.newest:
        raise Problem("no-such-version", f"There are versions 1 to {archive.newest}, but no {version}.")
