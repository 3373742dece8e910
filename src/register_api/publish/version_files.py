"""What is encoded once of a version: register, diff and log entry; and the list of all entries."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from register_api.core.canonical import Encoded, digest, encode, encoded
from register_api.core.diff.changes import Diff
from register_api.core.diff.document import diff_document
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, FileDigest, KeyList, VersionList
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.forms import FORMAT_MINOR
from register_api.core.model import Register
from register_api.core.notice import Promises
from register_api.core.patch import apply_patch
from register_api.errors import StoreError, VerificationError

_FAULT = "nothing was published; this is a fault of the program: please report it"


class VersionFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One version, encoded for ever.

    Attributes:
        register: The register with its bytes.
        diff: What it changed against the version before, with its bytes.
        keys: The list of keys that it goes out with.
        entry_bytes: The log entry's canonical bytes.
    """

    register: Encoded[Register]
    diff: Encoded[Diff]
    keys: Encoded[KeyList]
    entry_bytes: bytes


def make_version_files(
    previous: Encoded[Register] | None, register: Register, promises: Promises, keys: Encoded[KeyList]
) -> VersionFiles:
    """Encode a version, its diff and its log entry, which also names the list of keys."""
    newest = encoded(register)
    diff = encoded(diff_document(previous, newest, promises))
    _check_patch(previous, diff, newest)
    documents = {
        tree.VERSION_REGISTER: newest.data,
        tree.VERSION_DIFF: diff.data,
        tree.VERSION_KEYS: keys.data,
    }
    entry = encode(_entry(register, documents))
    if len(entry) > MAX_ENTRY_BYTES:
        raise StoreError(f"the log entry would have {len(entry)} bytes, more than {MAX_ENTRY_BYTES}")
    return VersionFiles(register=newest, diff=diff, keys=keys, entry_bytes=entry)


def _check_patch(previous: Encoded[Register] | None, diff: Encoded[Diff], newest: Encoded[Register]) -> None:
    """Refuse a diff that a customer could not apply; once it is logged it could never be mended."""
    wrong = f"the diff does not lead to version {newest.document.version}"
    try:
        result = apply_patch(previous.plain() if previous else None, diff.plain()["patch"])
    except VerificationError as error:
        raise StoreError(f"{wrong}: {error.message}", hint=_FAULT) from error
    if encode(result) != newest.data:
        raise StoreError(wrong, hint=_FAULT)


def _entry(register: Register, documents: Mapping[FileKind, bytes]) -> Entry:
    """Name the version's files; each kind of them that the table says is named (``in_entry``)."""
    version = register.version
    named = sorted((kind.path(version), data) for kind, data in documents.items())
    return Entry(
        files=tuple(FileDigest(path=path, sha256=digest(data), size=len(data)) for path, data in named),
        published_at=register.published_at,
        register=register.register,
        version=version,
    )


def versions_document(before: bytes | None, entry: bytes, register: str) -> bytes:
    """Return ``versions.json`` with one more entry; what it says so far stays as it is."""
    listed = msgspec.json.decode(before or encode(VersionList(register=register, versions=())))
    listed["format_minor"] = max(FORMAT_MINOR, listed["format_minor"])
    listed["versions"].append(msgspec.json.decode(entry))
    return encode(listed)
