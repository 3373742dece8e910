"""What a witness has signed last, for every log: one file, replaced in one step before anything is signed.

::

    DIR/state.json    for each log the checkpoint signed last, and whose state this is, with a digest
    DIR/lock          one decision at a time, also between processes
    DIR/evidence/…    checkpoints of one size with different roots, kept for ever

A state that is missing or damaged is never replaced by an empty one: a witness that forgets what it signed
may sign a second history. What remains possible: an old state brought back from a backup, and a disk that
lies about ``fsync``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import filelock
import msgspec

from register_api.errors import WitnessError
from register_api.files import durable
from register_api.files.state_file import UPDATE, DamagedState, NewerFormat, read_state, write_state

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


class Record:
    """A witness's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other decision out, of this process and of others, for the time of a block."""
        lock = filelock.UnixFileLock(self.folder / LOCK_FILE, timeout=WAIT_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except (filelock.Timeout, OSError) as error:
            raise WitnessError(f"the state in {self.folder} is not to be had at this moment") from error
        try:
            yield
        finally:
            lock.release()

    def exists(self) -> bool:
        """Tell whether there is a state, of whatever form."""
        return (self.folder / STATE_FILE).exists()

    def begin(self, verifier_key: str) -> None:
        """Write the state of a witness that has signed nothing yet."""
        with _as_ours(f"{self.folder} cannot be made"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.held():
            if self.exists():
                raise WitnessError(f"{self.folder / STATE_FILE} exists already; it is never replaced")
            self._save(WitnessState(verifier_key=verifier_key, logs={}))

    def load(self) -> WitnessState:
        """Read the state.

        Raises:
            WitnessError: It is missing, cannot be read or is damaged.
        """
        path = self.folder / STATE_FILE
        try:
            return read_state(path, WitnessState, format_name=FORMAT)
        except FileNotFoundError:
            raise WitnessError(
                f"there is no {path}",
                hint="register-api witness init makes one; a witness that has signed needs its own back",
            ) from None
        except OSError as error:
            raise WitnessError(f"{path} cannot be read: {error.strerror}") from error
        except NewerFormat as error:
            raise WitnessError(f"{path} {error}", hint=UPDATE) from error
        except DamagedState as error:
            raise WitnessError(
                f"the state in {path} is damaged: {error}",
                hint="bring it back from a copy of today; else make a new witness with a new key",
            ) from error

    def remember(self, state: WitnessState, origin: str, cosigned: Cosigned) -> None:
        """Replace the state loaded under the same hold by one that knows what will be signed; durable."""
        self._save(msgspec.structs.replace(state, logs={**state.logs, origin: cosigned}))

    def fsync_state(self) -> None:
        """Make durable what is there: a process that died may have renamed the state and no more."""
        with _as_ours(f"the state in {self.folder} cannot be kept"):
            durable.sync([self.folder / STATE_FILE], below=self.folder)

    def keep_evidence(self, checkpoints: Mapping[str, bytes]) -> None:
        """Keep checkpoints that contradict each other, by the root that each names."""
        folder = self.folder / EVIDENCE_FOLDER
        with _as_ours(f"evidence cannot be kept in {folder}"):
            folder.mkdir(mode=0o700, exist_ok=True)
            for name, data in checkpoints.items():
                path = folder / f"{name}.checkpoint"
                if not path.exists() and len(list(folder.iterdir())) < MAX_EVIDENCE:
                    durable.replace(path, data, secret=True)

    def _save(self, state: WitnessState) -> None:
        with _as_ours(f"the state in {self.folder} cannot be written"):
            durable.remove_leftovers(self.folder)
            write_state(self.folder / STATE_FILE, state, format_name=FORMAT)


@contextlib.contextmanager
def _as_ours(what: str) -> Iterator[None]:
    """Say what could not be done, with the system's reason: nothing may be signed then."""
    try:
        yield
    except OSError as error:
        raise WitnessError(f"{what}: {error.strerror}") from error
