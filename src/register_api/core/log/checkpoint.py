"""The log's head at one size: origin, size, root hash, signed (C2SP tlog-checkpoint).

::

    salesynq.com/sub-processors
    7
    <base64 of the root hash>

    — salesynq.com/sub-processors <base64 of key id ‖ Ed25519 signature>

A witness signs, too (C2SP tlog-cosignature, Ed25519, type 0x04): that it saw, at a time, the log at this
size as the continuation of all it had seen before. So two customers who trust one witness cannot be shown
two histories.
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
"""A signed checkpoint is a few hundred bytes; this is room for some hundred witnesses."""

_LEAST_LINES = 3
_TIME_BYTES = 8
_MAX_TIME = 2**63 - 1

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
"""A decimal without leading zeros, short enough to be a 64-bit number."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a log says of itself at one size: its name, number of entries, and root hash of 32 bytes.

    Extensions are further lines, kept and never looked at.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the note text of a checkpoint, ready to be signed; ``Malformed`` if no reader would take it."""
    root = strict_base64.encode(checkpoint.root)
    lines = (checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions)
    text = "".join(f"{line}\n" for line in lines)
    if parse_checkpoint(text) != checkpoint:
        raise Malformed("a checkpoint that would not be read as it was meant")
    return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the note text of a checkpoint.

    Raises:
        Malformed: Fewer than three lines, an empty line, no final newline, a size with a leading zero
            or beyond 2^63-1, or a root hash that is not 32 bytes in strict base64.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < _LEAST_LINES or not all(lines):
        raise Malformed("not a checkpoint: origin, size and root hash, a line each")
    origin, size, encoded, *extensions = lines
    (root,) = merkle.read_hashes([encoded], 1)
    return Checkpoint(origin=origin, size=parse_number(size), root=root, extensions=tuple(extensions))


def parse_number(text: str) -> int:
    """Read a size or an index: ASCII decimal without leading zeros, at most 2^63-1."""
    if not _NUMBER.fullmatch(text) or int(text) > merkle.MAX_SIZE:
        raise Malformed("a number that is not a plain decimal of at most 63 bits")
    return int(text)


def peek_size(data: bytes) -> int:
    """Return the size that a checkpoint claims, unverified: to choose the key that must have signed it."""
    return parse_checkpoint(parse_note(data).text).size


def open_checkpoint(data: bytes, origin: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Verify a signed checkpoint of the log that was asked for, and read it; only keys of this name count.

    Raises:
        Malformed: Not a note, or not a checkpoint.
        Forged: A line of one of the keys does not fit.
        UntrustedKey: None of the keys has signed.
        Inconsistent: Signed by the log's key, but the checkpoint of another log.
    """
    note = parse_note(data)
    verify_note(note, [key for key in keys if key.name == origin])
    checkpoint = parse_checkpoint(note.text)
    if checkpoint.origin != origin:
        raise Inconsistent(f"the checkpoint of {checkpoint.origin!r} where {origin!r} was asked for")
    return checkpoint


class Cosignature(msgspec.Struct, frozen=True, kw_only=True):
    """One good cosignature: the witness's name and key (32 bytes), and its POSIX seconds (0: not said)."""

    witness: str
    at: int
    public: bytes


def cosigned_bytes(text: str, at: int) -> bytes:
    """Return what a witness signs: the checkpoint's note text, and its own time in POSIX seconds."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_line(key: NoteKey, at: int, signature: bytes) -> SignatureLine:
    """Return a witness's line: its time in POSIX seconds, and its signature over ``cosigned_bytes``."""
    stamped = at.to_bytes(_TIME_BYTES, "big") + signature
    return SignatureLine(name=key.name, key_id=key.key_id, signature=stamped)


def verify_cosignatures(data: bytes, witnesses: Sequence[NoteKey]) -> tuple[Cosignature, ...]:
    """Check the lines of known witnesses on a checkpoint; unknown lines are passed over.

    Whether the log itself has signed is not asked here: see ``open_checkpoint``. Keys of other types than
    0x04 count as unknown.

    Returns:
        The newest cosignature of each witness, ordered as the keys are; a key listed under two names
        counts once.

    Raises:
        Malformed: Not a note, or a witness's line of the wrong length or with a time out of range.
        Forged: A line of a known witness does not fit.
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
