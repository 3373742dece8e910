"""The fixed files of one version: register, diff and log entry, with their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.canonical import Encoded, digest, encode, encoded
from register_api.core.diff.changes import Diff
from register_api.core.diff.document import diff_document
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, FileDigest
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.patch.write import apply_patch
from register_api.errors import StoreError, VerificationError
from register_api.publish.signing.document_signature import sign_document

if TYPE_CHECKING:
    from register_api.core.notice import Promises
    from register_api.publish.signing.signer import Ed25519Signer


_FAULT = "nothing was published; this is a fault of the program: please report it"


class VersionFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One version, encoded for ever.

    Attributes:
        register: The register with its bytes.
        diff: What it changed against the version before.
        entry_bytes: The log entry's canonical bytes.
        files: All of the version's fixed files but the proof, by path, signatures included.
    """

    register: Encoded[Register]
    diff: Diff
    entry_bytes: bytes
    files: dict[str, bytes]


def make_version_files(
    previous: Encoded[Register] | None, register: Register, promises: Promises, signer: Ed25519Signer
) -> VersionFiles:
    """Encode a version, its diff and its log entry, and sign the first two.

    Args:
        previous: The version before as it is stored, if there is one.
        register: The new version.
        promises: All notice promises, the new version's among them.
        signer: The document key.

    Raises:
        StoreError: The log entry would be larger than the format allows, or the diff does not lead to
            the new version.
    """
    version, newest = register.version, encoded(register)
    diff = encoded(diff_document(previous, newest, promises))
    _check_patch(previous, diff, newest)
    documents = {tree.VERSION_REGISTER.path(version): newest.data, tree.VERSION_DIFF.path(version): diff.data}
    entry = encode(_entry(register, documents))
    if len(entry) > MAX_ENTRY_BYTES:
        raise StoreError(f"the log entry would have {len(entry)} bytes, more than {MAX_ENTRY_BYTES}")
    files = dict(documents)
    for path, document in documents.items():
        files |= sign_document(path, document, signer)
    files[tree.VERSION_ENTRY.path(version)] = entry
    return VersionFiles(register=newest, diff=diff.document, entry_bytes=entry, files=files)


def _check_patch(previous: Encoded[Register] | None, diff: Encoded[Diff], newest: Encoded[Register]) -> None:
    """Refuse a diff that a customer could not apply; once it is logged it could never be mended.

    Raises:
        StoreError: Its patch does not turn the stored bytes into the new ones.
    """
    wrong = f"the diff does not lead to version {newest.document.version}"
    try:
        result = apply_patch(previous.plain() if previous else None, diff.plain()["patch"])
    except VerificationError as error:
        raise StoreError(f"{wrong}: {error.message}", hint=_FAULT) from error
    if encode(result) != newest.data:
        raise StoreError(wrong, hint=_FAULT)


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
