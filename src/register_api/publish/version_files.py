"""The fixed files of one version: register, diff and log entry, with their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core import tree
from register_api.core.canonical import digest, encode
from register_api.core.diff.changes import Diff
from register_api.core.diff.document import diff_document
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, FileDigest
from register_api.core.model import Register
from register_api.errors import StoreError
from register_api.publish.signing.document_signature import sign_document

if TYPE_CHECKING:
    from register_api.core.notice import Promises
    from register_api.publish.signing.signer import Ed25519Signer


class VersionFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One version, encoded for ever.

    Attributes:
        register: The register.
        diff: What it changed against the version before.
        register_bytes: The register's canonical bytes.
        entry_bytes: The log entry's canonical bytes.
        files: All of the version's fixed files but the proof, by path, signatures included.
    """

    register: Register
    diff: Diff
    register_bytes: bytes
    entry_bytes: bytes
    files: dict[str, bytes]


def make_version_files(
    previous: Register | None, register: Register, promises: Promises, signer: Ed25519Signer
) -> VersionFiles:
    """Encode a version, its diff and its log entry, and sign the first two.

    Args:
        previous: The version before, if there is one.
        register: The new version.
        promises: All notice promises, the new version's among them.
        signer: The document key.

    Raises:
        StoreError: The log entry would be larger than the format allows.
    """
    version, data = register.version, encode(register)
    before = register.previous.sha256 if register.previous else None
    diff = diff_document(previous, before, register, digest(data), promises)
    documents = {tree.version_register(version): data, tree.version_diff(version): encode(diff)}
    entry = encode(_entry(register, documents))
    if len(entry) > MAX_ENTRY_BYTES:
        raise StoreError(f"the log entry would have {len(entry)} bytes, more than {MAX_ENTRY_BYTES}")
    files = dict(documents)
    for path, document in documents.items():
        files |= sign_document(path, document, signer)
    files[tree.version_entry(version)] = entry
    return VersionFiles(register=register, diff=diff, register_bytes=data, entry_bytes=entry, files=files)


def _entry(register: Register, documents: dict[str, bytes]) -> Entry:
    files = (
        FileDigest(path=path, sha256=digest(data), size=len(data)) for path, data in sorted(documents.items())
    )
    return Entry(
        files=tuple(files),
        published_at=register.published_at,
        register=register.register,
        version=register.version,
    )
