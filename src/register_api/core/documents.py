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
        size: How many bytes it has.
    """

    path: FilePath
    sha256: field_forms.Sha256
    size: field_forms.Size


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The log's entry for one version; entry number ``version - 1`` (docs/format/log.md).

    Attributes:
        files: Fixed files of the version, in order of path.
        published_at: When the version was published, as its register says.
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
    """The files that publications write anew and nothing else vouches for (docs/format/trust.md, Head files).

    Attributes:
        files: Each of them as it was written last, in order of path.
        register: Name of the register.
        version: The newest version when this list was written.
    """

    files: tuple[FileDigest, ...]
    format: Literal["sub-processor-register-heads/1"] = "sub-processor-register-heads/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    version: field_forms.VersionNumber


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """When and why a key stopped being good.

    Attributes:
        at: When it was ended.
        reason: Why; a reader takes any text.
        text: More about it, for customers.
    """

    at: field_forms.Instant
    reason: ListedEndReason
    text: field_forms.Text | None = None


class KeyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One document, log or feed key there ever was (docs/format/trust.md, KeyList).

    Attributes:
        kid: RFC 7638 thumbprint of the key.
        use: What it signs; a reader uses no key whose use it does not know.
        jwk: Public key as RFC 7517 members, without ``alg``.
        pem: SubjectPublicKeyInfo in PEM.
        note_key: C2SP verifier key of a log key, else ``None``.
        first_version: First version this key is good for.
        last_version: Last one; ``None`` means to this day.
        ended: When and why it stopped being good; ``None`` where it has not.
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
    """The list of keys; TUF vouches for the newest, the log for that of each version.

    Attributes:
        register: Name of the register.
        keys: All there ever were.
    """

    format: Literal["sub-processor-register-keys/1"] = "sub-processor-register-keys/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    keys: tuple[KeyRecord, ...]


class RootReference(msgspec.Struct, frozen=True, kw_only=True):
    """The trust root to begin from.

    Attributes:
        version: Its version.
        sha256: SHA-256 of its file, in hex.
    """

    version: field_forms.VersionNumber
    sha256: field_forms.Sha256


class RegisterReference(msgspec.Struct, frozen=True, kw_only=True):
    """Where one register lives, as absolute URLs or relative to this document.

    Attributes:
        register: Its name.
        title: The publisher's name, for people.
        tree_url: Folder that the register's tree lies in.
        register_url: The newest register.
        feed_url: The Atom feed.
        trust_url: Folder of the TUF metadata.
        targets_url: Folder of the TUF targets.
        root: The trust root to begin from.
        previous_names: Names that the register had before.
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
    """``/.well-known/sub-processors.json``: which registers there are (a name not registered at IANA).

    Attributes:
        registers: The registers of this site.
    """

    format: Literal["sub-processor-register-discovery/1"] = "sub-processor-register-discovery/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    registers: tuple[RegisterReference, ...]
