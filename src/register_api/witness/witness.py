"""The decision of a witness: signs that a log continues what it has seen of it (C2SP tlog-witness).

The order is what keeps the promise: under the lock the last size is read, the proof is checked, the new
checkpoint is made durable, and only then is anything signed. So a crash at any step leaves a witness that
has signed less than it remembers, never more.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import filelock
import msgspec

from register_api.core.log import merkle
from register_api.core.log.checkpoint import Checkpoint, cosignature_line, cosigned_bytes, parse_checkpoint
from register_api.core.log.note import Note, NoteKey, format_lines, format_note, parse_note, verify_note
from register_api.core.log.proofs import SIZE_TYPE, AddCheckpoint, format_size, parse_request
from register_api.errors import Forged, Malformed, UntrustedKey, WitnessError
from register_api.files import durable
from register_api.files.durable import UPDATE, DamagedState, NewerFormat, failing_as, read_state, write_state
from register_api.publish.signing.signer import Ed25519Signer

STATE_FILE = "state.json"
EVIDENCE_FOLDER = "evidence"
LOCK_FILE = "lock"
FORMAT: Final = "sub-processor-register-witness/1"

WAIT_SECONDS = 10.0
"""How long a decision waits for others."""

MAX_EVIDENCE = 100
"""So many contradicting checkpoints are kept; two of one size are proof already."""


class Cosigned(msgspec.Struct, frozen=True, kw_only=True):
    """The largest checkpoint of one log that was signed, or was about to be: with the log's own lines alone.

    ``at`` is the time of the first cosignature on it, in POSIX seconds.
    """

    size: int
    root: bytes
    at: int
    checkpoint: bytes


class WitnessState(msgspec.Struct, frozen=True, kw_only=True):
    """What one witness must not forget: its own verifier key, and by origin what was signed last."""

    verifier_key: str
    logs: dict[str, Cosigned]


@dataclass(frozen=True)
class Record:
    """A witness's folder: what it has signed last for every log, replaced in one step before it signs.

    ::

        DIR/state.json    for each log the checkpoint signed last, and whose state this is, with a digest
        DIR/lock          one decision at a time, also between processes
        DIR/evidence/…    checkpoints of one size with different roots, kept for ever

    A state that is missing or damaged is never replaced by an empty one: a witness that forgets what it
    signed may sign a second history. What remains possible: an old state brought back from a backup, and a
    disk that lies about ``fsync``.
    """

    folder: Path

    @property
    def file(self) -> Path:
        """Where the state is."""
        return self.folder / STATE_FILE

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other decision out, of this process and of others, for the time of a block."""
        lock = filelock.UnixFileLock(self.folder / LOCK_FILE, timeout=WAIT_SECONDS, mode=0o600)
        try:
            acquired = lock.acquire()
        except (filelock.Timeout, OSError) as error:
            raise WitnessError(f"the state in {self.folder} is not to be had at this moment") from error
        with acquired:
            yield

    def initialise(self, verifier_key: str) -> None:
        """Write the state of a witness that has signed nothing yet."""
        with failing_as(WitnessError, f"{self.folder} cannot be made"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.locked():
            if self.file.exists():
                raise WitnessError(f"{self.file} exists already; it is never replaced")
            self._save(WitnessState(verifier_key=verifier_key, logs={}))

    def load(self) -> WitnessState:
        """Read the state.

        Raises:
            WitnessError: It is missing, cannot be read or is damaged.
        """
        path = self.file
        try:
            return read_state(path, WitnessState, format_name=FORMAT)
        except FileNotFoundError:
            raise WitnessError(
                f"there is no {path}",
                hint="register-api witness init makes one; a witness that has signed needs its own back",
            ) from None
        except OSError as error:
            raise WitnessError(f"{path} cannot be read: {error.strerror}") from error
        except DamagedState as error:
            raise WitnessError(
                f"the state in {path} {error}",
                hint=UPDATE
                if isinstance(error, NewerFormat)
                else "bring it back from a copy of today; else make a new witness with a new key",
            ) from error

    def save(self, state: WitnessState, origin: str, cosigned: Cosigned) -> None:
        """Replace the state loaded under the same hold by one that knows what will be signed; durable."""
        self._save(msgspec.structs.replace(state, logs={**state.logs, origin: cosigned}))

    def fsync_state(self) -> None:
        """Make durable what is there: a process that died may have renamed the state and no more."""
        with failing_as(WitnessError, f"the state in {self.folder} cannot be kept"):
            durable.sync([self.file], below=self.folder)

    def keep_evidence(self, checkpoints: Mapping[str, bytes]) -> None:
        """Keep checkpoints that contradict each other, by the root that each names."""
        folder = self.folder / EVIDENCE_FOLDER
        with failing_as(WitnessError, f"evidence cannot be kept in {folder}"):
            folder.mkdir(mode=0o700, exist_ok=True)
            for name, data in checkpoints.items():
                path = folder / f"{name}.checkpoint"
                if not path.exists() and len(list(folder.iterdir())) < MAX_EVIDENCE:
                    durable.replace(path, data, secret=True)

    def _save(self, state: WitnessState) -> None:
        with failing_as(WitnessError, f"the state in {self.folder} cannot be written"):
            durable.remove_leftovers(self.folder)
            write_state(self.file, state, format_name=FORMAT)


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
        with self._record.locked():
            return self._decide(request, note, checkpoint, now)

    def _decide(self, request: AddCheckpoint, note: Note, checkpoint: Checkpoint, now: int) -> WitnessReply:
        state = self._record.load()
        last = state.logs.get(checkpoint.origin)
        size, root = (last.size, last.root) if last else (0, merkle.EMPTY_ROOT)
        same_size = checkpoint.size == size
        if last is not None and same_size and checkpoint.root != root:
            # The log has signed two roots for one size: the proof is kept.
            _log.error(
                "%s has signed two roots for the size %d: kept as evidence",
                checkpoint.origin,
                checkpoint.size,
            )
            kept = {last.root: last.checkpoint, checkpoint.root: self._own_lines(note)}
            self._record.keep_evidence({f"{size}-{one.hex()[:16]}": data for one, data in kept.items()})
        if request.old_size != size or (same_size and checkpoint.root != root):
            return WitnessReply(status=409, body=format_size(size), media_type=SIZE_TYPE)
        try:
            _check_proof(request, checkpoint, root)
        except (Malformed, Forged) as error:
            return _refusal(422, error.message)
        at = _cosigning_time(last, now)
        if last is None or checkpoint.size > size:
            own = self._own_lines(note)
            cosigned = Cosigned(size=checkpoint.size, root=checkpoint.root, at=at, checkpoint=own)
            self._record.save(state, checkpoint.origin, cosigned)
        else:
            self._record.fsync_state()
        line = cosignature_line(self._key, at, self._signer.sign(cosigned_bytes(note.text, at)))
        return WitnessReply(status=200, body=format_lines([line]))

    def _own_lines(self, note: Note) -> bytes:
        """Return a checkpoint with the lines of the log's known keys alone, whoever else has signed."""
        known = {(key.name, key.key_id) for keys in self._logs.values() for key in keys}
        return format_note(note.text, [one for one in note.signatures if (one.name, one.key_id) in known])


def _check_proof(request: AddCheckpoint, checkpoint: Checkpoint, root: bytes) -> None:
    """Check that the checkpoint continues what was signed before; nothing continues nothing."""
    if request.old_size == 0:
        if request.proof:
            raise Malformed("a consistency proof from size 0, which is empty")
        return
    merkle.verify_consistency(request.old_size, checkpoint.size, request.proof, root, checkpoint.root)


def _cosigning_time(last: Cosigned | None, now: int) -> int:
    """Return the time to sign with: never before that of the last checkpoint, which was smaller then."""
    if last is None or now >= last.at:
        return now
    if last.at - now > MAX_CLOCK_BEHIND:
        raise WitnessError("this machine's clock lies before the last cosignature", hint="set the clock")
    return last.at


def _refusal(status: int, sentence: str) -> WitnessReply:
    return WitnessReply(status=status, body=f"{sentence}\n".encode())
