"""Files that are encoded once for a version: register, diff and log entry; and the list of all entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from register_api.core.canonical import Encoded, digest, encode, encoded
from register_api.core.changes import Diff
from register_api.core.diff.document import diff_document
from register_api.core.documents import MAX_ENTRY_BYTES, Entry, FileDigest, HeadFiles, KeyList, VersionList
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import kind_of
from register_api.core.log import tiles
from register_api.core.log.checkpoint import Checkpoint, format_checkpoint
from register_api.core.log.note import SignatureLine, format_note, make_note_key
from register_api.core.log.proofs import TlogProof, format_proof
from register_api.core.log.tiles import ReadTile, inclusion_proof, root
from register_api.core.model import Register
from register_api.core.notice_period import Promises
from register_api.core.patch import apply_patch
from register_api.errors import Forged, StoreError, VerificationError
from register_api.publish.signing.signer import Ed25519Signer

_FAULT = "nothing was published; this is a fault of the program: please report it"


class VersionFiles(msgspec.Struct, frozen=True, kw_only=True):
    """One version in its permanent encoding."""

    register: Encoded[Register]
    diff: Encoded[Diff]
    keys: Encoded[KeyList]
    entry_bytes: bytes


def make_version_files(
    previous: Encoded[Register] | None, register: Register, promises: Promises, keys: Encoded[KeyList]
) -> VersionFiles:
    """Encode a version, its diff and its log entry, which also covers the key list."""
    newest = encoded(register)
    diff = encoded(diff_document(previous, newest, promises))
    # Refuse a diff that customers could not apply: once logged, it could never be corrected.
    wrong = f"the diff does not lead to version {register.version}"
    try:
        result = apply_patch(previous.plain() if previous else None, diff.plain()["patch"])
    except VerificationError as error:
        raise StoreError(f"{wrong}: {error.message}", hint=_FAULT) from error
    if encode(result) != newest.data:
        raise StoreError(wrong, hint=_FAULT)
    documents = {
        tree.VERSION_REGISTER: newest.data,
        tree.VERSION_DIFF: diff.data,
        tree.VERSION_KEYS: keys.data,
    }
    named = sorted((kind.path(register.version), data) for kind, data in documents.items())
    entry = encode(
        Entry(
            files=tuple(FileDigest(path=path, sha256=digest(data), size=len(data)) for path, data in named),
            published_at=register.published_at,
            register=register.register,
            version=register.version,
        )
    )
    if len(entry) > MAX_ENTRY_BYTES:
        raise StoreError(f"the log entry would have {len(entry)} bytes, more than {MAX_ENTRY_BYTES}")
    return VersionFiles(register=newest, diff=diff, keys=keys, entry_bytes=entry)


def versions_document(before: bytes | None, entry: bytes, register: str) -> bytes:
    """Return ``versions.json`` with one more entry, preserving its other content."""
    listed = msgspec.json.decode(before or encode(VersionList(register=register, versions=())))
    listed["format_minor"] = max(FORMAT_MINOR, listed["format_minor"])
    listed["versions"].append(msgspec.json.decode(entry))
    return encode(listed)


def logged_file(entry: Entry, kind: FileKind, read: ReadTile) -> bytes:
    """Return a file of a version, checked against its log entry."""
    path = kind.path(entry.version)
    data = read(path)
    if digest(data) not in {file.sha256 for file in entry.files if file.path == path}:
        raise Forged(f"{path} is not the file that the log names", path=path)
    return data


def digests_of(heads: HeadFiles | None) -> dict[str, str]:
    """Return the SHA-256 (hex) of each listed file by path; empty without a list."""
    return {file.path: file.sha256 for file in heads.files} if heads else {}


def check_listed(path: str, data: bytes, digests: Mapping[str, str]) -> None:
    """Check a file against the signed list."""
    if digests.get(path) != digest(data):
        raise Forged(f"{path} is not the file that {tree.HEADS.path()} lists", path=path)


def head_files(
    before: HeadFiles | None, made: Mapping[str, bytes], gone: Collection[str], register: Register
) -> bytes:
    """Return ``heads.json``: digests of new files, and of those listed before, which are not read again."""
    files = {file.path: file for file in before.files if file.path not in gone} if before else {}
    for path, data in made.items():
        if kind_of(path).listed:
            files[path] = FileDigest(path=path, sha256=digest(data), size=len(data))
    return encode(
        HeadFiles(
            files=tuple(file for _, file in sorted(files.items())),
            format_minor=max(FORMAT_MINOR, before.format_minor if before else 0),
            register=register.register,
            version=register.version,
        )
    )


_PARTIAL = ".p/"


class LogFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a new entry adds to the log; the proof (C2SP tlog-proof) contains the signed checkpoint."""

    root_hash: bytes
    tiles: dict[str, bytes]
    checkpoint: bytes
    proof: bytes


def append_entry(origin: str, entry: bytes, size: int, read: ReadTile, signer: Ed25519Signer) -> LogFiles:
    """Append an entry to the log and sign the new checkpoint."""
    new = tiles.append(size, [entry], read)

    def read_all(path: str) -> bytes:
        return new[path] if path in new else read(path)

    root_hash = root(size + 1, read_all)
    checkpoint = sign_checkpoint(Checkpoint(origin=origin, size=size + 1, root=root_hash), signer)
    hashes = tuple(inclusion_proof(size, size + 1, read_all))
    proof = format_proof(TlogProof(index=size, hashes=hashes, checkpoint=checkpoint))
    return LogFiles(root_hash=root_hash, tiles=new, checkpoint=checkpoint, proof=proof)


def sign_checkpoint(checkpoint: Checkpoint, signer: Ed25519Signer) -> bytes:
    """Return a checkpoint as a signed note (C2SP signed-note); the key name is the origin."""
    text = format_checkpoint(checkpoint)
    key = make_note_key(checkpoint.origin, signer.public)
    line = SignatureLine(name=key.name, key_id=key.key_id, signature=signer.sign(text.encode()))
    return format_note(text, [line])


def outgrown_tiles(new: Iterable[str], stored: Iterable[str]) -> list[str]:
    """Return stored partial tiles whose full tile is among the new ones (C2SP tlog-tiles, Partial Tiles)."""
    full = {path for path in new if _PARTIAL not in path}
    return [path for path in stored if _PARTIAL in path and path.partition(_PARTIAL)[0] in full]
