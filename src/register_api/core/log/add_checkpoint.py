"""What a log sends to a witness (C2SP tlog-witness, add-checkpoint).

::

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
from register_api.core.log.checkpoint import parse_number
from register_api.core.log.note import MAX_NOTE_BYTES
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
