"""The decision of a witness: signs that a log continues what it has seen of it (C2SP tlog-witness).

The order is what keeps the promise: under the lock the last size is read, the proof is checked, the new
checkpoint is made durable, and only then is anything signed. So a crash at any step leaves a witness that
has signed less than it remembers, never more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from register_api.core.log import merkle
from register_api.core.log.checkpoint import Checkpoint, cosignature_line, cosigned_bytes, parse_checkpoint
from register_api.core.log.note import Note, NoteKey, format_lines, format_note, parse_note, verify_note
from register_api.core.log.proofs import SIZE_TYPE, AddCheckpoint, format_size, parse_request
from register_api.errors import Forged, Malformed, UntrustedKey, WitnessError
from register_api.publish.signing.signer import Ed25519Signer
from register_api.witness.record import Cosigned, Record

_log = logging.getLogger(__name__)

_TEXT = "text/plain; charset=utf-8"

MAX_CLOCK_BEHIND = 60
"""So many seconds the clock may lie before the last cosignature; its time is then used again."""


class WitnessReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a witness answers: an HTTP status, a body and its media type."""

    status: int
    body: bytes
    media_type: str = _TEXT


class Witness:
    """A key, the logs it knows, and a record of what it has signed."""

    def __init__(self, record: Record, key: NoteKey, signer: Ed25519Signer, logs: Iterable[NoteKey]) -> None:
        self._record = record
        self._key = key
        self._signer = signer
        self._logs: dict[str, list[NoteKey]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, body: bytes, now: int) -> WitnessReply:
        """Decide on one request."""
        try:
            request = parse_request(body)
            note = parse_note(request.checkpoint)
            checkpoint = parse_checkpoint(note.text)
        except Malformed as error:
            return _refusal(400, error.message)
        if checkpoint.origin not in self._logs:
            return _refusal(404, "a log that this witness does not know")
        try:
            verify_note(note, self._logs[checkpoint.origin])
        except (Forged, UntrustedKey) as error:
            return _refusal(403, error.message)
        if request.old_size > checkpoint.size:
            return _refusal(400, "an old size that is larger than the checkpoint's")
        with self._record.held():
            return self._decide(request, note, checkpoint, now)

    def _decide(self, request: AddCheckpoint, note: Note, checkpoint: Checkpoint, now: int) -> WitnessReply:
        state = self._record.load()
        last = state.logs.get(checkpoint.origin)
        size, root = (last.size, last.root) if last else (0, merkle.EMPTY_ROOT)
        same_size = checkpoint.size == size
        if last is not None and same_size and checkpoint.root != root:
            self._tell_fork(last, checkpoint, self._own_lines(note))
        if request.old_size != size or (same_size and checkpoint.root != root):
            return WitnessReply(status=409, body=format_size(size), media_type=SIZE_TYPE)
        try:
            _check_proof(request, checkpoint, root)
        except (Malformed, Forged) as error:
            return _refusal(422, error.message)
        at = _time(last, now)
        if last is None or checkpoint.size > size:
            own = self._own_lines(note)
            cosigned = Cosigned(size=checkpoint.size, root=checkpoint.root, at=at, checkpoint=own)
            self._record.remember(state, checkpoint.origin, cosigned)
        else:
            self._record.fsync_state()
        line = cosignature_line(self._key, at, self._signer.sign(cosigned_bytes(note.text, at)))
        return WitnessReply(status=200, body=format_lines([line]))

    def _own_lines(self, note: Note) -> bytes:
        """Return a checkpoint with the lines of the log's known keys alone, whoever else has signed."""
        known = {(key.name, key.key_id) for keys in self._logs.values() for key in keys}
        return format_note(note.text, [one for one in note.signatures if (one.name, one.key_id) in known])

    def _tell_fork(self, last: Cosigned, other: Checkpoint, data: bytes) -> None:
        """Keep the proof that a log has signed two roots for one size, and say so."""
        _log.error("%s has signed two roots for the size %d: kept as evidence", other.origin, other.size)
        kept = {last.root: last.checkpoint, other.root: data}
        self._record.keep_evidence(
            {f"{other.size}-{root.hex()[:16]}": checkpoint for root, checkpoint in kept.items()}
        )


def _check_proof(request: AddCheckpoint, checkpoint: Checkpoint, root: bytes) -> None:
    """Check that the checkpoint continues what was signed before; nothing continues nothing."""
    if request.old_size == 0:
        if request.proof:
            raise Malformed("a consistency proof from size 0, which is empty")
        return
    merkle.verify_consistency(request.old_size, checkpoint.size, request.proof, root, checkpoint.root)


def _time(last: Cosigned | None, now: int) -> int:
    """Return the time to sign with: never before that of the last checkpoint, which was smaller then."""
    if last is None or now >= last.at:
        return now
    if last.at - now > MAX_CLOCK_BEHIND:
        raise WitnessError("this machine's clock lies before the last cosignature", hint="set the clock")
    return last.at


def _refusal(status: int, sentence: str) -> WitnessReply:
    return WitnessReply(status=status, body=f"{sentence}\n".encode())
