"""Proofs about a log as they travel, each with the signed checkpoint that they lead to.

That a log holds an entry, in one file that verifies offline (C2SP tlog-proof)::

    c2sp.org/tlog-proof@v1
    index 6
    <base64 of a hash, one a line: RFC 6962 inclusion proof>

    <signed checkpoint, whole>

That it continues an older one, as a witness is asked (C2SP tlog-witness, add-checkpoint)::

    old 5
    <base64 of a hash, one a line: RFC 6962 consistency proof from size 5>

    <signed checkpoint, whole>

The witness answers with its signature lines; or, when it has last signed another size than ``old`` says,
with status 409 and that size on a line.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from register_api.core import strict_base64
from register_api.core.log import merkle
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, parse_number
from register_api.core.log.note import MAX_NOTE_BYTES, NoteKey
from register_api.errors import Malformed

PATH = "add-checkpoint"
"""Where a witness takes it, below its submission prefix."""

SIZE_TYPE = "text/x.tlog.size"
"""Media type of an answer that gives the size last signed."""

MAX_PROOF_LINES = 63

_MAX_HEAD_BYTES = 4 * 2**10
"""Room for the old size and 63 hashes of 44 characters."""

MAX_REQUEST_BYTES = _MAX_HEAD_BYTES + MAX_NOTE_BYTES


class AddCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A request taken apart; nothing in it is believed yet.

    Attributes:
        old_size: Size that the witness has signed last, as far as the log knows.
        proof: Consistency proof from that size, 32 bytes each.
        checkpoint: The signed checkpoint, its exact bytes.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def format_request(request: AddCheckpoint) -> bytes:
    """Return the body of a request."""
    lines = (f"old {request.old_size}", *map(strict_base64.encode, request.proof))
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + request.checkpoint


def parse_request(data: bytes) -> AddCheckpoint:
    """Take the body of a request apart; the checkpoint in it is not looked into.

    Raises:
        Malformed: Too large, not the lines above, more than 63 hashes, or hashes of the wrong form.
    """
    head, blank, checkpoint = data[:MAX_REQUEST_BYTES].partition(b"\n\n")
    if len(data) > MAX_REQUEST_BYTES or len(head) > _MAX_HEAD_BYTES or not blank or not head.isascii():
        raise Malformed("not an old size, hashes, one blank line and a checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    if not first.startswith("old ") or len(lines) > MAX_PROOF_LINES:
        raise Malformed(f"no line with the old size, or more than {MAX_PROOF_LINES} hashes below it")
    size = parse_number(first.removeprefix("old "))
    return AddCheckpoint(old_size=size, proof=_hashes(lines), checkpoint=checkpoint)


def format_size(size: int) -> bytes:
    """Return the answer that gives the size last signed."""
    return f"{size}\n".encode()


def parse_size(data: bytes) -> int:
    """Read the answer that gives the size last signed.

    Raises:
        Malformed: It is not one decimal on a line.
    """
    text = data.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise Malformed("not a size on a line")
    return parse_number(text.removesuffix("\n"))


def _hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = tuple(strict_base64.decode(line) for line in lines)
    if any(len(found) != merkle.HASH_BYTES for found in hashes):
        raise Malformed("a consistency proof with a hash not of 32 bytes")
    return hashes


HEADER = "c2sp.org/tlog-proof@v1"

MAX_HEAD_BYTES = 16 * 2**10
"""Room for what stands before the checkpoint: 63 hashes, and extra data of other programs."""

MAX_PROOF_BYTES = MAX_HEAD_BYTES + MAX_NOTE_BYTES


class TlogProof(msgspec.Struct, frozen=True, kw_only=True):
    """A proof taken apart; nothing in it is believed before ``verify_proof``.

    Attributes:
        index: Place of the entry in the log, from 0.
        hashes: Inclusion proof, the leaf's neighbour first, 32 bytes each.
        checkpoint: The signed checkpoint, its exact bytes.
        extra: Further data that nothing vouches for; ours has none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: TlogProof) -> bytes:
    """Return the file of a proof.

    Raises:
        Malformed: No reader would take this proof back.
    """
    extra = [] if proof.extra is None else [f"extra {strict_base64.encode(proof.extra)}"]
    hashes = [strict_base64.encode(found) for found in proof.hashes]
    head = "\n".join((HEADER, *extra, f"index {proof.index}", *hashes))
    data = head.encode() + b"\n\n" + proof.checkpoint
    parse_proof(data)  # refuses what no reader would take
    return data


def parse_proof(data: bytes) -> TlogProof:
    """Take a proof apart; the checkpoint in it is not looked into.

    Raises:
        Malformed: Too large, not the lines above, too many hashes, or hashes of the wrong form.
    """
    head, blank, checkpoint = data[:MAX_PROOF_BYTES].partition(b"\n\n")
    if len(data) > MAX_PROOF_BYTES or len(head) > MAX_HEAD_BYTES or not blank:
        raise Malformed("not a proof of inclusion: lines, one blank line, checkpoint")
    if not head.isascii():
        raise Malformed("a proof of inclusion with other characters than ASCII")
    header, *lines = head.decode("ascii").split("\n")
    extra = _value_of("extra", lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if header != HEADER or not lines:
        raise Malformed(f"not a proof of inclusion as {HEADER} has it")
    return TlogProof(
        index=parse_number(_value_of("index", lines[0])),
        hashes=_proof_hashes(lines[1:]),
        checkpoint=checkpoint,
        extra=None if extra is None else strict_base64.decode(extra),
    )


def verify_proof(entry: bytes, proof: TlogProof, origin: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Check that a log holds an entry.

    Args:
        entry: The entry's exact bytes.
        proof: The proof taken apart.
        origin: Name of the log that was asked for.
        keys: Log keys that may have signed its checkpoint.

    Returns:
        The proof's checkpoint; the entry is number ``proof.index`` of this log.

    Raises:
        Malformed: The checkpoint or the inclusion proof has a wrong form.
        Forged: The log's signature does not fit, or the entry is not where the proof says.
        UntrustedKey: None of the keys has signed the checkpoint.
        Inconsistent: The checkpoint of another log.
    """
    checkpoint = open_checkpoint(proof.checkpoint, origin, keys)
    leaf = merkle.leaf_hash(entry)
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint


def _value_of(name: str, line: str) -> str:
    if not line.startswith(f"{name} "):
        raise Malformed(f"a proof of inclusion without a line {name!r}")
    return line.removeprefix(f"{name} ")


def _proof_hashes(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = tuple(strict_base64.decode(line) for line in lines)
    if len(hashes) > merkle.MAX_PROOF_HASHES or any(len(found) != merkle.HASH_BYTES for found in hashes):
        raise Malformed("a proof of inclusion with too many hashes or hashes not of 32 bytes")
    return hashes
