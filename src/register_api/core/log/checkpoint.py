"""Checkpoints: a log's origin, size and root hash, signed (C2SP tlog-checkpoint).

::

    salesynq.com/sub-processors
    7
    <base64 of the root hash>

    — salesynq.com/sub-processors <base64 of key id ‖ Ed25519 signature>

A witness adds a cosignature (C2SP tlog-cosignature, Ed25519, type 0x04): at a given time it saw the log at
this size as a continuation of everything it saw before. So two customers who trust the same witness cannot be
shown different histories.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from register_api.core import strict_base64
from register_api.core.log import merkle
from register_api.core.log.note import COSIGNATURE, NoteKey, SignatureLine, parse_note, verify_note
from register_api.core.signature import SIGNATURE_BYTES, verify_raw
from register_api.errors import Forged, Inconsistent, Malformed

MAX_CHECKPOINT_BYTES = 64 * 2**10
"""A signed checkpoint has a few hundred bytes; this is room for some hundred witnesses."""

_MIN_LINES = 3
_TIME_BYTES = 8
_MAX_TIME = 2**63 - 1

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
"""A decimal without leading zeros, of at most 19 digits."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A log's origin, number of entries, and root hash of 32 bytes.

    Extensions are further lines, which are kept and not interpreted.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the note text of a checkpoint for signing; ``Malformed`` if it could not be read back."""
    root = strict_base64.encode(checkpoint.root)
    lines = (checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions)
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise Malformed("a checkpoint that would not be read back unchanged")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Parse the note text of a checkpoint.

    Raises:
        Malformed: Fewer than three lines, an empty line, no final newline, a size with a leading zero
            or beyond 2^63-1, or a root hash that is not 32 bytes in strict base64.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < _MIN_LINES or not all(lines):
        raise Malformed("not a checkpoint: origin, size and root hash, a line each")
    origin, size, encoded, *extensions = lines
    (root,) = merkle.read_hashes([encoded], 1)
    return Checkpoint(origin=origin, size=parse_number(size), root=root, extensions=tuple(extensions))


def parse_number(text: str) -> int:
    """Parse a size or an index: ASCII decimal without leading zeros, at most 2^63-1."""
    if not _NUMBER.fullmatch(text) or int(text) > merkle.MAX_SIZE:
        raise Malformed("a number that is not a plain decimal of at most 63 bits")
    return int(text)


def peek_size(data: bytes) -> int:
    """Return the unverified size of a checkpoint, to select the key that must have signed it."""
    return parse_checkpoint(parse_note(data).text).size


def open_checkpoint(data: bytes, origin: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Verify a signed checkpoint of the log ``origin`` and return it; keys of other names are ignored.

    Raises:
        Malformed: Not a note, or not a checkpoint.
        Forged: A signature by one of the keys is invalid.
        UntrustedKey: None of the keys has signed.
        Inconsistent: Signed by the log's key, but the checkpoint of another log.
    """
    note = parse_note(data)
    verify_note(note, [key for key in keys if key.name == origin])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise Inconsistent(f"the checkpoint of {checkpoint.origin!r} instead of {origin!r}")
    return checkpoint


class Cosignature(msgspec.Struct, frozen=True, kw_only=True):
    """A verified cosignature: the witness's name and key (32 bytes), and POSIX seconds (0: not stated)."""

    witness: str
    at: int
    public: bytes


def cosigned_bytes(text: str, at: int) -> bytes:
    """Return the bytes that a witness signs: its time in POSIX seconds and the checkpoint's note text."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_line(key: NoteKey, at: int, signature: bytes) -> SignatureLine:
    """Return a witness's signature line: POSIX seconds and the signature over ``cosigned_bytes``."""
    stamped = at.to_bytes(_TIME_BYTES, "big") + signature
    return SignatureLine(name=key.name, key_id=key.key_id, signature=stamped)


def verify_cosignatures(data: bytes, witnesses: Sequence[NoteKey]) -> tuple[Cosignature, ...]:
    """Verify the cosignatures of known witnesses on a checkpoint; unknown lines are skipped.

    The log's own signature is not checked, see ``open_checkpoint``. Keys of other types than 0x04 count as
    unknown.

    Returns:
        The newest cosignature of each witness, in the order of the keys; a key listed under two names
        counts once.

    Raises:
        Malformed: Not a note, or a witness's line of the wrong length or with a time out of range.
        Forged: A cosignature of a known witness is invalid.
    """
    note = parse_note(data)
    found: dict[bytes, Cosignature] = {}
    for key in witnesses:
        for line in note.signatures:
            if key.algorithm == COSIGNATURE and (line.name, line.key_id) == (key.name, key.key_id):
                good = _verify_line(note.text, line, key)
                known = found.setdefault(key.public, good)
                found[key.public] = max(known, good, key=lambda cosignature: cosignature.at)
    return tuple(found.values())


def _verify_line(text: str, line: SignatureLine, key: NoteKey) -> Cosignature:
    at = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    if len(line.signature) != _TIME_BYTES + SIGNATURE_BYTES or at > _MAX_TIME:
        raise Malformed(f"a cosignature of {key.name} of the wrong form")
    try:
        verify_raw(cosigned_bytes(text, at), line.signature[_TIME_BYTES:], key.public)
    except Forged as error:
        raise Forged(f"the cosignature of {key.name} does not fit the checkpoint") from error
    return Cosignature(witness=key.name, at=at, public=key.public)
