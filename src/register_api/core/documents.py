"""The smaller documents of the tree: log entries, list of versions, keys, discovery.

Each is written by ``canonical.encode`` and read by ``canonical.decode``.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, get_args

import msgspec

from register_api.core.forms import one_of
from register_api.core.minor import FORMAT_MINOR, FormatMinor

KeyUse = Literal["document", "log", "feed"]
EndReason = Literal["rotated", "lost", "compromised"]

# Open: a reader takes any text, shows it, and uses no key whose use it does not know.
ListedUse = Annotated[str, one_of(*get_args(KeyUse))]
ListedEndReason = Annotated[str, one_of(*get_args(EndReason))]

MAX_ENTRY_BYTES = 4096
"""A log entry is never larger (docs/format.md, The log)."""


class FileDigest(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version: path without leading slash, SHA-256 in hex, size in bytes."""

    path: str
    sha256: str
    size: int


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The log's entry for one version; entry number ``version - 1`` (docs/format.md, The log).

    Attributes:
        files: Fixed files of the version, in order of path.
    """

    files: tuple[FileDigest, ...]
    format: Literal["sub-processor-register-entry/1"] = "sub-processor-register-entry/1"
    format_minor: FormatMinor = FORMAT_MINOR
    published_at: dt.datetime
    register: str
    version: int


class VersionList(msgspec.Struct, frozen=True, kw_only=True):
    """Every entry of the log, oldest first."""

    format: Literal["sub-processor-register-versions/1"] = "sub-processor-register-versions/1"
    format_minor: FormatMinor = FORMAT_MINOR
    register: str
    versions: tuple[Entry, ...]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """When and why a key stopped being good."""

    at: dt.datetime
    reason: ListedEndReason
    text: str | None = None


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One document, log or feed key there ever was (docs/format.md, KeyList).

    Attributes:
        kid: RFC 7638 thumbprint of the key.
        jwk: Public key as RFC 7517 members, without ``alg``.
        pem: SubjectPublicKeyInfo in PEM.
        note_key: C2SP verifier key of a log key, else ``None``.
        first_version: First version this key is good for.
        last_version: Last one; ``None`` means to this day.
    """

    kid: str
    use: ListedUse
    jwk: dict[str, str]
    pem: str
    note_key: str | None
    first_version: int
    last_version: int | None
    ended: Ended | None


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    """The list of keys; vouched for by TUF and by nothing else."""

    format: Literal["sub-processor-register-keys/1"] = "sub-processor-register-keys/1"
    format_minor: FormatMinor = FORMAT_MINOR
    register: str
    keys: tuple[KeyRecord, ...]


class RootReference(msgspec.Struct, frozen=True, kw_only=True):
    """The trust root to begin from: version and SHA-256 in hex."""

    version: int
    sha256: str


class RegisterReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where one register lives, as absolute or base-relative URLs."""

    register: str
    title: str
    base: str
    register_url: str
    feed_url: str
    trust_url: str
    targets_url: str
    root: RootReference
    previous_names: tuple[str, ...] = ()


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """``/.well-known/sub-processors.json``: which registers there are (a name not registered at IANA)."""

    format: Literal["sub-processor-register-discovery/1"] = "sub-processor-register-discovery/1"
    format_minor: FormatMinor = FORMAT_MINOR
    registers: tuple[RegisterReference, ...]
