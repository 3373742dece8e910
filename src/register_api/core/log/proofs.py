"""Transport formats of log proofs, each with the signed checkpoint it leads to.

Inclusion of an entry, in one file that verifies offline (C2SP tlog-proof)::

    c2sp.org/tlog-proof@v1
    index 6
    <base64 of a hash, one a line: RFC 6962 inclusion proof>

    <signed checkpoint, whole>

Consistency with an older checkpoint, as sent to a witness (C2SP tlog-witness, add-checkpoint)::

    old 5
    <base64 of a hash, one a line: RFC 6962 consistency proof from size 5>

    <signed checkpoint, whole>

The witness answers with its signature lines; or, if the size it last signed differs from ``old``, with
status 409 and that size on a line.
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
"""Path of the request below the witness's submission prefix."""

SIZE_TYPE = "text/x.tlog.size"
"""Media type of an answer with the size last signed."""

_MAX_REQUEST_HEAD = 4 * 2**10
"""Room for the old size and 63 hashes of 44 characters."""

MAX_REQUEST_BYTES = _MAX_REQUEST_HEAD + MAX_NOTE_BYTES

_HEADER = "c2sp.org/tlog-proof@v1"

_MAX_PROOF_HEAD = 16 * 2**10
"""Room for 63 hashes, and extra data of other programs."""


class AddCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed, unverified request to a witness.

    It proves that the signed checkpoint, in its exact bytes, continues the log of ``old_size``, the size that
    the witness last signed as far as the log knows.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def format_request(request: AddCheckpoint) -> bytes:
    """Return the body of a request."""
    return _joined([f"old {request.old_size}"], request.proof, request.checkpoint)


def parse_request(data: bytes) -> AddCheckpoint:
    """Parse the body of a request, without its checkpoint.

    Raises:
        Malformed: Too large, not the lines above, more than 63 hashes, or hashes of the wrong form.
    """
    (first, *lines), checkpoint = _parts(data, _MAX_REQUEST_HEAD)
    size = parse_number(_value_of("old", first))
    return AddCheckpoint(
        old_size=size, proof=merkle.read_hashes(lines, merkle.MAX_PROOF_HASHES), checkpoint=checkpoint
    )


def format_size(size: int) -> bytes:
    """Return the answer with the size last signed."""
    return f"{size}\n".encode()


def parse_size(data: bytes) -> int:
    """Parse the answer with the size last signed.

    Raises:
        Malformed: It is not one decimal on a line.
    """
    text = data.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise Malformed("not a size on a line")
    return parse_number(text.removesuffix("\n"))


class TlogProof(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed proof, unverified before ``verify_proof``; ``hashes`` begin with the leaf's neighbour.

    The checkpoint is in its exact bytes. ``extra`` is not authenticated; this program writes none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def format_proof(proof: TlogProof) -> bytes:
    """Return the file of a proof; ``Malformed`` if it could not be read back."""
    extra = [] if proof.extra is None else [f"extra {strict_base64.encode(proof.extra)}"]
    data = _joined([_HEADER, *extra, f"index {proof.index}"], proof.hashes, proof.checkpoint)
    parse_proof(data)
    return data


def parse_proof(data: bytes) -> TlogProof:
    """Parse a proof, without its checkpoint.

    Raises:
        Malformed: Too large, not the lines above, too many hashes, or hashes of the wrong form.
    """
    (header, *lines), checkpoint = _parts(data, _MAX_PROOF_HEAD)
    extra = _value_of("extra", lines.pop(0)) if lines and lines[0].startswith("extra ") else None
    if header != _HEADER or not lines:
        raise Malformed(f"not a proof of inclusion as {_HEADER} has it")
    return TlogProof(
        index=parse_number(_value_of("index", lines[0])),
        hashes=merkle.read_hashes(lines[1:], merkle.MAX_PROOF_HASHES),
        checkpoint=checkpoint,
        extra=None if extra is None else strict_base64.decode(extra),
    )


def verify_proof(entry: bytes, proof: TlogProof, origin: str, keys: Sequence[NoteKey]) -> Checkpoint:
    """Verify that the log named ``origin`` contains an entry, given in exact bytes, at ``proof.index``.

    Raises:
        Malformed: The checkpoint or the inclusion proof has a wrong form.
        Forged: The log's signature is invalid, or the entry is not at this index.
        UntrustedKey: None of the keys has signed the checkpoint.
        Inconsistent: It is the checkpoint of another log.
    """
    checkpoint = open_checkpoint(proof.checkpoint, origin, keys)
    leaf = merkle.leaf_hash(entry)
    merkle.verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    return checkpoint


def _joined(lines: Sequence[str], hashes: Sequence[bytes], checkpoint: bytes) -> bytes:
    return "\n".join((*lines, *map(strict_base64.encode, hashes))).encode() + b"\n\n" + checkpoint


def _parts(data: bytes, most: int) -> tuple[list[str], bytes]:
    """Return the ASCII lines before the checkpoint, of at most ``most`` bytes, and the checkpoint."""
    head, blank, checkpoint = data[: most + MAX_NOTE_BYTES].partition(b"\n\n")
    if len(data) > most + MAX_NOTE_BYTES or len(head) > most or not blank or not head.isascii():
        raise Malformed("not lines of ASCII, one blank line and a checkpoint, or too large")
    return head.decode("ascii").split("\n"), checkpoint


def _value_of(name: str, line: str) -> str:
    if not line.startswith(f"{name} "):
        raise Malformed(f"a proof without a line {name!r}")
    return line.removeprefix(f"{name} ")
