"""Between the TUF client and our fetcher: the client reads within our bounds, and metadata in one form.

The client's exceptions name neither the role nor the kind of attack: an old snapshot and a mixed-up one
are both a bad version number. What decides what it means in this format's terms is the exception's class,
the file that was read last, and a second look into it with the root that is trusted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tuf.api import exceptions
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization import DeserializationError
from tuf.ngclient import FetcherInterface

from register_api.core.format import tree
from register_api.core.format.paths import max_bytes
from register_api.errors import (
    Forged,
    Inconsistent,
    Malformed,
    RolledBack,
    Stale,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.fetch.fetcher import NotServed
from register_api.verify.trust.form import check_form

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator

    from register_api.verify.fetch.fetcher import Fetcher


_NUMBERED = re.compile(r".*/([0-9]+)\.[a-z]+\.json")


class LastRead:
    """The metadata file that the client read last.

    Attributes:
        path: Its path.
        data: What was received.
    """

    path: str = ""
    data: bytes = b""

    @property
    def role(self) -> str:
        """Return the role that the path names."""
        return self.path.rpartition("/")[2].removesuffix(".json").rpartition(".")[2]


def explain(error: Exception, last: LastRead, root: Root | None, now: dt.datetime) -> VerificationError:
    """Return the finding that an exception of the TUF client stands for."""
    if isinstance(error, VerificationError):
        return error
    if isinstance(error.__cause__, VerificationError):
        return Unreachable(f"{last.path} is missing, though newer metadata or the format says it is there")
    for kind, find in _FINDINGS:
        if isinstance(error, kind):
            return find(last, root, now)
    return Malformed(f"{last.path or 'the root'} is not of the form that TUF has: {type(error).__name__}")


def _expired(last: LastRead, root: Root | None, now: dt.datetime) -> VerificationError:
    if root is not None and (root.is_expired(now) or root.is_expired()):
        return UntrustedKey(
            f"version {root.version} of the trust root has expired on {root.expires:%Y-%m-%d}"
        )
    return Stale(
        f"{last.path} or what it vouches for has expired",
        hint="the publisher has stopped renewing it, or somebody keeps newer files from you",
    )


def _unsigned(last: LastRead, root: Root | None, _now: dt.datetime) -> VerificationError:
    if root is None or last.role == Root.type:
        return UntrustedKey(f"{last.path or 'the root'} is not signed by as many root keys as it takes")
    if _signers(last, root):
        return Forged(f"{last.path}: a signature does not fit the bytes received")
    return UntrustedKey(f"{last.path} is not signed by a key that the root names for it")


def _signers(last: LastRead, root: Root) -> bool:
    """Tell whether keys of the role have put their names to the file, enough for the threshold."""
    role = root.roles[last.role]
    named = set(_read(last).signatures) & set(role.keyids)
    return len(named) >= role.threshold


def _bad_version(last: LastRead, _root: Root | None, _now: dt.datetime) -> VerificationError:
    expected = _NUMBERED.fullmatch(last.path)
    found = _read(last).signed.version
    if expected is not None and found > int(expected[1]):
        return Inconsistent(f"{last.path} holds version {found}, newer than its name says")
    return RolledBack(f"{last.path} holds version {found}, older than what has been seen or is named")


def _bad_digest(last: LastRead, root: Root | None, _now: dt.datetime) -> VerificationError:
    """Tell a genuine older file in a newer one's place from bytes that nobody has signed."""
    expected = _NUMBERED.fullmatch(last.path)
    try:
        metadata = _read(last)
        if root is not None and expected is not None and metadata.signed.version < int(expected[1]):
            root.verify_delegate(last.role, metadata.signed_bytes, metadata.signatures)
            return RolledBack(f"{last.path} holds the older version {metadata.signed.version}")
    except (exceptions.RepositoryError, ValueError):
        pass
    return Forged(f"{last.path}: the digest does not fit the bytes received")


def _unreadable(last: LastRead, _root: Root | None, _now: dt.datetime) -> VerificationError:
    return Malformed(f"{last.path or 'the root'} is not TUF metadata")


def _read(last: LastRead) -> Metadata[Any]:
    return Metadata.from_bytes(last.data)


_FINDINGS: tuple[
    tuple[type[Exception], Callable[[LastRead, Root | None, dt.datetime], VerificationError]], ...
] = (
    (DeserializationError, _unreadable),
    (exceptions.ExpiredMetadataError, _expired),
    (exceptions.UnsignedMetadataError, _unsigned),
    (exceptions.BadVersionNumberError, _bad_version),
    (exceptions.LengthOrHashMismatchError, _bad_digest),
)
"""The client's exceptions that say something about what was received."""


class Bridge(FetcherInterface):
    """Lets the TUF client read through our fetcher.

    Attributes:
        last: What was read last.
        timestamp: Bytes of the timestamp as received.
    """

    def __init__(self, fetcher: Fetcher) -> None:
        """Begin with nothing read."""
        self._fetcher = fetcher
        self.last = LastRead()
        self.timestamp = b""

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, max_bytes(url))

    def download_bytes(self, url: str, max_length: int) -> bytes:
        """Return a file; what is not served is told in the client's terms, so that roots may end.

        Raises:
            DownloadHTTPError: It is not served.
            VerificationError: It cannot be had, or is not in the one form of metadata.
        """
        self.last.path, self.last.data = url, b""
        try:
            self.last.data = self._fetcher.get(url, max_length)
        except NotServed as error:
            raise DownloadHTTPError(str(error), 404) from error
        if url == tree.TIMESTAMP.path():
            self.timestamp = self.last.data
        if (
            url == tree.TIMESTAMP.path() or self.last.role == Root.type
        ):  # no digest covers how these are spelled
            check_form(url, self.last.data)
        return self.last.data
