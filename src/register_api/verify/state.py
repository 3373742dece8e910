"""The state that a customer keeps between runs: one folder for each register.

::

    DIR/state.json                trusted metadata of the last run, with a digest over itself
    DIR/lock                      one run at a time
    DIR/evidence/…                documents that contradict each other, kept permanently

The state is replaced atomically. An unreadable state is an error and is never ignored, since it protects
against rollback and rewritten history.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

from register_api.core.key_list import Disowned
from register_api.core.notice_period import NoticePolicy
from register_api.errors import Document, Malformed, StateInUse, UsageError
from register_api.files import durable
from register_api.files.durable import DamagedState, failing_as, read_state, write_state

STATE_FILE = "state.json"
EVIDENCE_FOLDER = "evidence"

Beginning = Literal["file", "digest", "first use", "remembered"]
"""How the initial trust root was chosen."""

VersionRange = tuple[int, int]
"""First and last version."""


class RootOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """The trust root that verification started from.

    Attributes:
        sha256: Digest of its bytes, hex.
        source: File name, or path it was fetched from.
        first_use: Whether the very first root was taken on trust.
    """

    how: Beginning
    version: int
    sha256: str
    source: str
    first_use: bool


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """The state saved by the last successful run: the newest metadata and checkpoint as bytes.

    Attributes:
        origin: The root that the first run started from.
        checkpoint: The whole signed note.
        last_instant: The latest signed time seen, UTC.
        checked_version: Every version up to this one has been checked in full; 0: none.
        kept: Targets by name, so that quick runs need not fetch them again.
        shown: Timestamp, snapshot and targets by role, if an earlier run saw a timestamp of the same version
            that was signed later than ``timestamp``: they show for longer that it was the newest.
        promises: Notice promises of the versions checked in full, oldest first.
        first_live: First of those versions that was not imported.
        disowned: Versions that once verified and have since been disowned by their key.
        acknowledged: Ranges of disowned versions that the customer has acknowledged, in order.
    """

    register: str
    origin: RootOrigin
    root: bytes
    timestamp: bytes
    snapshot: bytes
    targets: bytes
    checkpoint: bytes
    size: int
    root_hash: bytes
    last_instant: dt.datetime
    checked_version: int
    kept: dict[str, bytes] = {}
    shown: dict[str, bytes] = {}
    promises: tuple[NoticePolicy, ...] = ()
    first_live: int | None = None
    disowned: tuple[Disowned, ...] = ()
    acknowledged: tuple[VersionRange, ...] = ()


FORMAT: Final = "sub-processor-register-state/1"
"""The only state format that this program reads and writes."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Lock a state folder against other runs; create it if needed."""
    import filelock  # noqa: PLC0415 - with asyncio, a tenth of this package's import time

    try:
        folder.mkdir(parents=True, exist_ok=True)
        acquired = filelock.FileLock(folder / "lock", timeout=0).acquire()
    except filelock.Timeout as error:
        raise StateInUse(
            f"another run is using the state in {folder}", hint="try again once it has ended"
        ) from error
    except OSError as error:
        raise UsageError(f"the state folder {folder} cannot be used: {error.strerror}") from error
    with acquired:
        yield


def load(folder: Path) -> Remembered | None:
    """Return the saved state, or ``None`` if there is none.

    Raises:
        Malformed: The state is damaged or in another format.
        UsageError: It cannot be read.
    """
    path = folder / STATE_FILE
    try:
        return read_state(path, Remembered, format_name=FORMAT)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except DamagedState as error:
        restore = (
            "bring it back from a backup, or use the program that wrote it; else move it away: the next run "
            "then is a first use again, and cannot tell whether history was rewritten meanwhile"
        )
        raise Malformed(f"the state in {path} {error}", hint=error.hint or restore) from error


def save(folder: Path, remembered: Remembered) -> None:
    """Replace the state atomically and durably."""
    with failing_as(UsageError, f"the state in {folder} cannot be written"):
        write_state(folder / STATE_FILE, remembered, format_name=FORMAT)


def keep_evidence(folder: Path, document: Document) -> Path:
    """Save a signed document that contradicts another, as proof."""
    path = folder / EVIDENCE_FOLDER / document.name
    with failing_as(UsageError, f"evidence cannot be kept in {folder}"):
        path.parent.mkdir(exist_ok=True)
        durable.replace(path, document.data, secret=True)
    return path
