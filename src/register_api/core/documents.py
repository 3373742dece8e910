"""The smaller documents of the tree: log entries, list of versions, keys, discovery."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

import msgspec

from register_api.core import field_forms

KeyUse = Literal["document", "log", "feed"]
EndReason = Literal["rotated", "lost", "compromised"]

# Open: a reader accepts and displays any text, but does not use a key of unknown use.
ListedUse = Annotated[str, field_forms.one_of(*get_args(KeyUse))]
ListedEndReason = Annotated[str, field_forms.one_of(*get_args(EndReason))]

FilePath = Annotated[
    str, field_forms.spelled("path", r"^\.?[A-Za-z0-9_-][A-Za-z0-9._-]*(/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)*$")
]
Kid = Annotated[str, field_forms.spelled("RFC 7638 thumbprint", "^[A-Za-z0-9_-]{43}$")]
Pem = Annotated[str, field_forms.spelled("SubjectPublicKeyInfo", r"^-----BEGIN PUBLIC KEY-----\n")]
NoteKey = Annotated[
    str, field_forms.spelled("C2SP verifier key", r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$")
]
Address = Annotated[str, field_forms.spelled("absolute or relative URL", r"^(\.\./|https?://[!-~]+/)[!-~]*$")]

MAX_ENTRY_BYTES = 4096
"""Largest log entry, in bytes (docs/format/log.md)."""


class FileDigest(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version.

    Attributes:
        path: Path in the tree, without leading slash.
        sha256: SHA-256 of its bytes, in hex.
        size: Size in bytes.
    """

    path: FilePath
    sha256: field_forms.Sha256
    size: field_forms.Size


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The log's entry for one version; entry number ``version - 1`` (docs/format/log.md).

    Attributes:
        files: Fixed files of the version, in order of path.
        published_at: When the version was published, as stated in its register.
        register: Name of the register.
        version: Number of the version.
    """

    files: tuple[FileDigest, ...]
    format: Literal["sub-processor-register-entry/1"] = "sub-processor-register-entry/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    published_at: field_forms.Instant
    register: field_forms.RegisterName
    version: field_forms.VersionNumber


class VersionList(msgspec.Struct, frozen=True, kw_only=True):
    """Every entry of the log.

    Attributes:
        register: Name of the register.
        versions: The entries, oldest first.
    """

    format: Literal["sub-processor-register-versions/1"] = "sub-processor-register-versions/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    versions: tuple[Entry, ...]


class HeadFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Files that each publication rewrites and nothing else authenticates (docs/format/trust.md, Head files).

    Attributes:
        files: The files as last written, in order of path.
        register: Name of the register.
        version: The newest version when this list was written.
    """

    files: tuple[FileDigest, ...]
    format: Literal["sub-processor-register-heads/1"] = "sub-processor-register-heads/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    version: field_forms.VersionNumber


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """When and why a key ceased to be valid.

    Attributes:
        at: When it was ended.
        reason: Reason; readers accept any text.
        text: More about it, for customers.
    """

    at: field_forms.Instant
    reason: ListedEndReason
    text: field_forms.Text | None = None


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One document, log or feed key, valid or ended (docs/format/trust.md, KeyList).

    Attributes:
        kid: RFC 7638 thumbprint of the key.
        use: What it signs; readers ignore keys with an unknown use.
        jwk: Public key as RFC 7517 members, without ``alg``.
        pem: SubjectPublicKeyInfo in PEM.
        note_key: C2SP verifier key of a log key, else ``None``.
        first_version: First version that this key is valid for.
        last_version: Last version; ``None``: still valid.
        ended: When and why it ceased to be valid; ``None`` if it has not.
    """

    kid: Kid
    use: ListedUse
    jwk: dict[str, str]
    pem: Pem
    note_key: NoteKey | None
    first_version: field_forms.VersionNumber
    last_version: field_forms.VersionNumber | None
    ended: Ended | None

    @property
    def in_words(self) -> str:
        """The key, and the first version it is valid for."""
        return f"{self.use} key {self.kid}, from version {self.first_version} on"


class KeyList(msgspec.Struct, frozen=True, kw_only=True):
    """The list of keys; TUF authenticates the newest, the log that of each version.

    Attributes:
        register: Name of the register.
        keys: All keys that ever existed.
    """

    format: Literal["sub-processor-register-keys/1"] = "sub-processor-register-keys/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    keys: tuple[KeyRecord, ...]


class RootReference(msgspec.Struct, frozen=True, kw_only=True):
    """The trust root to start from.

    Attributes:
        version: Its version.
        sha256: SHA-256 of the file, in hex.
    """

    version: field_forms.VersionNumber
    sha256: field_forms.Sha256


class RegisterReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where a register is served, as absolute URLs or relative to this document.

    Attributes:
        register: Its name.
        title: The publisher's name, for people.
        tree_url: Folder of the register's tree.
        register_url: The newest register.
        feed_url: The Atom feed.
        trust_url: Folder of the TUF metadata.
        targets_url: Folder of the TUF targets.
        root: The trust root to start from.
        previous_names: Earlier names of the register.
    """

    register: field_forms.RegisterName
    title: field_forms.Text
    tree_url: Address
    register_url: Address
    feed_url: Address
    trust_url: Address
    targets_url: Address
    root: RootReference
    previous_names: tuple[field_forms.RegisterName, ...] = ()


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """``/.well-known/sub-processors.json``: the registers of a site (the name is not registered with IANA).

    Attributes:
        registers: The registers of this site.
    """

    format: Literal["sub-processor-register-discovery/1"] = "sub-processor-register-discovery/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    registers: tuple[RegisterReference, ...]
