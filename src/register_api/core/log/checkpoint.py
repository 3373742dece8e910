"""The log's head at one size: origin, size, root hash, signed (C2SP tlog-checkpoint).

::

    salesynq.com/sub-processors
    7
    <base64 of the root hash>

    — salesynq.com/sub-processors <base64 of key id ‖ Ed25519 signature>
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from register_api.core import strict_base64
from register_api.core.log import merkle
from register_api.core.log.note import NoteKey, parse_note, verify_note
from register_api.errors import Inconsistent, Malformed

MAX_CHECKPOINT_BYTES = 64 * 2**10
"""A signed checkpoint is a few hundred bytes; this is room for some hundred witnesses."""

_LEAST_LINES = 3

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
"""A decimal without leading zeros, short enough to be a 64-bit number."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a log says of itself at one size.

    Attributes:
        origin: Name of the log.
        size: Number of entries.
        root: Root hash, 32 bytes.
        extensions: Further lines, kept and never looked at.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """Return the note text of a checkpoint, ready to be signed.

    Raises:
        Malformed: No reader would take this text back.
    """
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
    root = strict_base64.decode(encoded)
    if len(root) != merkle.HASH_BYTES:
        raise Malformed("a checkpoint whose root hash is not 32 bytes long")
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
    """Verify a signed checkpoint and read it.

    Args:
        data: The signed note as received.
        origin: Name of the log that was asked for; only keys of this name count.
        keys: Log keys that may have signed it.

    Returns:
        The checkpoint, vouched for by at least one of the keys.

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
