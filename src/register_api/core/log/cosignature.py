"""Cosignatures of witnesses on a checkpoint (C2SP tlog-cosignature, Ed25519, type 0x04).

A witness signs that it saw, at a time, the log at this size as the continuation of all it had seen
before. So two customers who trust one witness cannot be shown two histories.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from register_api.core.keys.ed25519 import SIGNATURE_BYTES
from register_api.core.keys.signature import verify_raw
from register_api.core.log.note import COSIGNATURE, NoteKey, SignatureLine, parse_note
from register_api.errors import Forged, Malformed

_TIME_BYTES = 8
_MAX_TIME = 2**63 - 1


class Cosignature(msgspec.Struct, frozen=True, kw_only=True):
    """One good cosignature.

    Attributes:
        witness: The witness's name.
        at: When it signed, in POSIX seconds (0: not said).
        public: The witness's public key, 32 bytes.
    """

    witness: str
    at: int
    public: bytes


def cosigned_bytes(text: str, at: int) -> bytes:
    """Return what a witness signs.

    Args:
        text: Note text of the checkpoint, with its final newline.
        at: Time of the cosignature in POSIX seconds.
    """
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_line(key: NoteKey, at: int, signature: bytes) -> SignatureLine:
    """Return a witness's line.

    Args:
        key: The witness's key.
        at: Time of the cosignature in POSIX seconds.
        signature: Over ``cosigned_bytes``, 64 bytes.
    """
    stamped = at.to_bytes(_TIME_BYTES, "big") + signature
    return SignatureLine(name=key.name, key_id=key.key_id, signature=stamped)


def verify_cosignatures(data: bytes, witnesses: Sequence[NoteKey]) -> tuple[Cosignature, ...]:
    """Check the lines of known witnesses on a checkpoint; unknown lines are passed over.

    Whether the log itself has signed is not asked here: see ``open_checkpoint``.

    Args:
        data: The signed checkpoint as received.
        witnesses: Keys of type 0x04 that the customer trusts; those of other types count as unknown.

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
