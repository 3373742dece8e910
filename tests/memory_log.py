"""A transparency log in memory for tests: the project's own tiles, signed by a fixed key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from register_api.core.log import merkle, tiles
from register_api.core.log.checkpoint import Checkpoint, cosigned_bytes, format_checkpoint
from register_api.core.log.note import COSIGNATURE, SignatureLine, format_note, make_note_key, parse_note
from register_api.core.log.proofs import TlogProof, format_proof
from register_api.core.log.tiles import inclusion_proof, root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.core.log.note import NoteKey

ORIGIN = "register.example/sub-processors"


def private_key(number: int) -> Ed25519PrivateKey:
    """Return the same throw-away key for the same number."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


class MemoryLog:
    """Log entries and all tile files ever written for them."""

    def __init__(self, *, origin: str = ORIGIN, key: Ed25519PrivateKey | None = None) -> None:
        self.origin = origin
        self.key = key or private_key(1)
        self.entries: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.reads: list[str] = []

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def note_key(self) -> NoteKey:
        return make_note_key(self.origin, self.key.public_key().public_bytes_raw())

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return self.files[path]

    def append(self, *entries: bytes) -> dict[str, bytes]:
        """Append entries in one step; return the files written."""
        written = tiles.append(self.size, entries, self.read)
        self.files |= written
        self.entries += entries
        return written

    def grow(self, count: int) -> MemoryLog:
        """Append numbered entries one by one."""
        for _ in range(count):
            self.append(f"entry {self.size}".encode())
        return self

    def reference_root(self, size: int | None = None) -> bytes:
        """Return the root by RFC 6962's recursion, without any tile."""
        return merkle.root_hash([merkle.leaf_hash(entry) for entry in self.entries[:size]])

    def checkpoint(self) -> bytes:
        """Return the signed checkpoint of the log as it is now."""
        text = format_checkpoint(
            Checkpoint(origin=self.origin, size=self.size, root=root(self.size, self.read))
        )
        return sign(text, [(self.note_key, self.key)])

    def proof(self, index: int) -> bytes:
        """Return the tlog-proof of an entry in the log as it is now."""
        hashes = tuple(inclusion_proof(index, self.size, self.read))
        return format_proof(TlogProof(index=index, hashes=hashes, checkpoint=self.checkpoint()))


def sign(text: str, signers: Iterable[tuple[NoteKey, Ed25519PrivateKey]]) -> bytes:
    """Return a note with signatures in this order."""
    lines = [
        SignatureLine(name=key.name, key_id=key.key_id, signature=private.sign(text.encode()))
        for key, private in signers
    ]
    return format_note(text, lines)


def witness_key(name: str, key: Ed25519PrivateKey) -> NoteKey:
    """Return the verifier key of a witness."""
    return make_note_key(name, key.public_key().public_bytes_raw(), COSIGNATURE)


def cosign(data: bytes, name: str, key: Ed25519PrivateKey, at: int) -> bytes:
    """Return a checkpoint with a witness's cosignature appended."""
    note = parse_note(data)
    signature = at.to_bytes(8, "big") + key.sign(cosigned_bytes(note.text, at))
    line = SignatureLine(name=name, key_id=witness_key(name, key).key_id, signature=signature)
    return format_note(note.text, [*note.signatures, line])
