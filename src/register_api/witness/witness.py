"""A witness's decision: cosigns a checkpoint that is consistent with the last one (C2SP tlog-witness).

Under the lock, the last checkpoint is read, the proof is checked, the new checkpoint is made durable, and
only then is it signed. So after a crash at any step the witness has never signed more than it remembers.
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
from register_api.files.durable import DamagedState, failing_as, read_state, write_state
from register_api.publish.signing.signer import Ed25519Signer

STATE_FILE = "state.json"
EVIDENCE_FOLDER = "evidence"
LOCK_FILE = "lock"
FORMAT: Final = "sub-processor-register-witness/1"

WAIT_SECONDS = 10.0
"""Maximum time to wait for the lock, in seconds."""

MAX_EVIDENCE = 100
"""Maximum number of contradicting checkpoints kept; two of one size are already proof."""


class Cosigned(msgspec.Struct, frozen=True, kw_only=True):
    """The largest checkpoint of a log that was signed, or about to be, with only the log's own signatures.

    ``at`` is the time of the first cosignature on it, in POSIX seconds.
    """

    size: int
    root: bytes
    at: int
    checkpoint: bytes


class WitnessState(msgspec.Struct, frozen=True, kw_only=True):
    """A witness's durable state: its own verifier key, and the last signed checkpoint by origin."""

    verifier_key: str
    logs: dict[str, Cosigned]


@dataclass(frozen=True)
class Record:
    """A witness's folder: the last signed checkpoint of every log, replaced atomically before signing.

    ::

        DIR/state.json    the last signed checkpoint of each log and the witness's key, with a digest
        DIR/lock          one decision at a time, also between processes
        DIR/evidence/…    checkpoints of one size with different roots, kept permanently

    A missing or damaged state is never replaced by an empty one: a witness without its state could sign a
    second history. An old state restored from a backup, or a disk that ignores ``fsync``, is not detected.
    """

    folder: Path

    @property
    def file(self) -> Path:
        """Path of the state."""
        return self.folder / STATE_FILE

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock during a block, against this and other processes."""
        lock = filelock.UnixFileLock(self.folder / LOCK_FILE, timeout=WAIT_SECONDS, mode=0o600)
        try:
            acquired = lock.acquire()
        except (filelock.Timeout, OSError) as error:
            raise WitnessError(f"the state in {self.folder} cannot be locked at the moment") from error
        with acquired:
            yield

    def initialise(self, verifier_key: str) -> None:
        """Write the initial state of a witness."""
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
                f"{path} not found",
                hint="register-api witness init makes one; a witness that has signed needs its own state",
            ) from None
        except OSError as error:
            raise WitnessError(f"{path} cannot be read: {error.strerror}") from error
        except DamagedState as error:
            restore = "bring it back from a copy of today; else make a new witness with a new key"
            raise WitnessError(f"the state in {path} {error}", hint=error.hint or restore) from error

    def save(self, state: WitnessState, origin: str, cosigned: Cosigned) -> None:
        """Durably record a checkpoint before it is signed; ``state`` was loaded under the same lock."""
        self._save(msgspec.structs.replace(state, logs={**state.logs, origin: cosigned}))

    def fsync_state(self) -> None:
        """Sync the state to disk; a process that crashed may have renamed it without syncing."""
        with failing_as(WitnessError, f"the state in {self.folder} cannot be kept"):
            durable.sync([self.file], below=self.folder)

    def keep_evidence(self, checkpoints: Mapping[str, bytes]) -> None:
        """Keep contradicting checkpoints as files, by name."""
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
"""Maximum seconds the clock may be behind the last cosignature, whose time is then reused."""


class WitnessReply(msgspec.Struct, frozen=True, kw_only=True):
    """A witness's HTTP response: status, body and media type."""

    status: int
    body: bytes
    media_type: str = _TEXT


class Witness:
    """A witness: its key, the logs it knows, and the record of what it has signed."""

    def __init__(self, record: Record, key: NoteKey, signer: Ed25519Signer, logs: Iterable[NoteKey]) -> None:
        self._record = record
        self._key = key
        self._signer = signer
        self._logs: dict[str, list[NoteKey]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, body: bytes, now: int) -> WitnessReply:
        """Answer one add-checkpoint request; ``now`` is in POSIX seconds."""
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
            # The log has signed two roots for one size: keep the proof.
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
        """Return a checkpoint with the signatures of known log keys only."""
        known = {(key.name, key.key_id) for keys in self._logs.values() for key in keys}
        return format_note(note.text, [one for one in note.signatures if (one.name, one.key_id) in known])


def _check_proof(request: AddCheckpoint, checkpoint: Checkpoint, root: bytes) -> None:
    """Check that a checkpoint is consistent with the last one; size 0 needs no proof."""
    if request.old_size == 0:
        if request.proof:
            raise Malformed("a consistency proof from size 0, which is empty")
        return
    merkle.verify_consistency(request.old_size, checkpoint.size, request.proof, root, checkpoint.root)


def _cosigning_time(last: Cosigned | None, now: int) -> int:
    """Return the cosignature's timestamp, which is never earlier than that of the last cosignature."""
    if last is None or now >= last.at:
        return now
    if last.at - now > MAX_CLOCK_BEHIND:
        raise WitnessError("this machine's clock is behind the last cosignature", hint="set the clock")
    return last.at


def _refusal(status: int, sentence: str) -> WitnessReply:
    return WitnessReply(status=status, body=f"{sentence}\n".encode())
