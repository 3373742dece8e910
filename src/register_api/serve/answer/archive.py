"""Registers, diffs and versions of one publication, as input for computed answers.

Files are read on demand and only a few parsed registers are cached, so memory stays bounded for any number
of versions. Not thread-safe: callers run one at a time (``cache``).
"""

from __future__ import annotations

import bisect
import datetime as dt
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.documents import VersionList
from register_api.core.format import tree
from register_api.core.instant import local_day
from register_api.core.model import Register, Subprocessor
from register_api.core.notice_period import Promises
from register_api.core.text import printable
from register_api.core.timeline import EngagementState, engagement_states, vendor_states
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


class AsOf(msgspec.Struct, frozen=True, kw_only=True):
    """Valid time and transaction time of a query: a day, and the version known by an instant or day.

    Without ``known_at`` and ``version``, the newest version.
    """

    on: dt.date
    known_at: dt.datetime | dt.date | None = None
    version: int | None = None


class RegisterAsOf(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the register, seen on a day in the publisher's time zone."""

    register: Register
    sha256: str
    on: dt.date

    def of(self, vendor: Subprocessor) -> tuple[EngagementState, ...]:
        """Return the states of one vendor's engagements."""
        return vendor_states(vendor, self.on)

    def rows(self) -> tuple[EngagementState, ...]:
        """Return the states of all engagements, in the register's order."""
        return engagement_states(self.register, self.on)


def register_as_of(archive: Archive, as_of: AsOf) -> RegisterAsOf | None:
    """Return the register for a query; ``None`` if no such version was published by then."""
    known = version_known(archive, as_of.known_at)
    version = as_of.version or known
    if known is None or version is None or version > known:
        return None
    register, sha256 = archive.register(version), archive.sha256(version)
    return RegisterAsOf(register=register, sha256=sha256, on=as_of.on)


def version_known(archive: Archive, known_at: dt.datetime | dt.date | None) -> int | None:
    """Return the newest version that had been published by an instant or the end of a day."""
    if known_at is None:
        return len(archive.published) or None
    if isinstance(known_at, dt.datetime):
        return bisect.bisect_right(archive.published, known_at) or None
    # If clocks go back over midnight, a later version can have an earlier local day.
    days = (local_day(instant, archive.zone) for instant in archive.published)
    return max((version for version, day in enumerate(days, start=1) if day <= known_at), default=None)


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
