"""What a publisher signed last, kept beside its private keys: ``published.json``, mode 0600.

Anyone who can write to the store can restore an older state of it, but cannot write here, so the publisher
detects the rollback and signs nothing. The file is durable before a publication becomes visible. Until then
it names two heads: after a crash the store has one of them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Literal

import filelock
import msgspec

from register_api.core.notice_period import NoticePolicy
from register_api.core.text import printable
from register_api.errors import Forked, KeyStoreError, RolledBack
from register_api.files import durable
from register_api.files.durable import NewerFormat, refuse_newer
from register_api.publish.signing import key_file

MEMORY_FILE = "published.json"
MAX_MEMORY_BYTES = 4 * 1024 * 1024
"""A few hundred bytes, and a few hundred for each change of the notice promise."""

WAIT_SECONDS = 20.0
"""How long to wait for another process that signs with the same keys."""

_LOCK = ".published.lock"
_RECOVER = "register-api recover --from URL takes over what is public"


FORMAT: Final = "sub-processor-register-published/1"


class SignedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of TUF metadata: its version, and the SHA-256 (hex) of its bytes."""

    version: int
    sha256: str


class SignedHead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of a publication that the next one must continue; TUF metadata by role.

    ``first_live`` is the first version that was not imported; digests are SHA-256 in hex.
    """

    first_root: str
    metadata: dict[str, SignedFile]
    size: int
    root_hash: str
    base_url: str | None
    policies: tuple[NoticePolicy, ...]
    first_live: int | None


class KeyMemory(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest head known to be visible, and an intended one, which may have become visible."""

    format: Literal["sub-processor-register-published/1"] = FORMAT
    shown: SignedHead | None = None
    intended: SignedHead | None = None


NOTHING = KeyMemory()
"""The record of a key folder that has signed nothing yet."""


@contextlib.contextmanager
def held(keys: Path) -> Iterator[KeyMemory]:
    """Lock a key folder against other signing processes, and yield what was signed last."""
    try:
        key_file.make_folder(keys)
        with filelock.UnixFileLock(keys / _LOCK, timeout=WAIT_SECONDS, mode=0o600):
            durable.remove_leftovers(keys)
            yield read_memory(keys)
    except filelock.Timeout as error:
        raise KeyStoreError(f"another process signs with the keys in {keys}") from error


def read_memory(keys: Path) -> KeyMemory:
    """Return what the keys of a folder signed last."""
    path = keys / MEMORY_FILE
    if not key_file.exists(path):
        return NOTHING
    data = key_file.read(path, MAX_MEMORY_BYTES).reveal()
    try:
        refuse_newer(data, FORMAT)
        return msgspec.json.decode(data, type=KeyMemory)
    except NewerFormat as error:
        raise KeyStoreError(f"{path} {error}", hint=error.hint) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KeyStoreError(
            f"{path} is not a record of what was published: {printable(error)}", hint=_RECOVER
        ) from None


def show(keys: Path, memory: KeyMemory, head: SignedHead, switch: Callable[[], None]) -> None:
    """Make a head visible; record it as intended before the switch, and as shown after it.

    The second record is on disk before the switch, so that a disk that fills up in between cannot prevent it.
    """
    path = keys / MEMORY_FILE
    before = msgspec.structs.replace(memory, intended=head)
    with durable.failing_as(KeyStoreError, f"{path} cannot be written"):
        durable.replace(path, msgspec.json.encode(before), secret=True)
        with durable.prepared(path, msgspec.json.encode(KeyMemory(shown=head)), secret=True) as place:
            switch()
            place()


def check_continues(memory: KeyMemory, found: SignedHead, root_at: Callable[[int], str]) -> None:
    """Check that a store contains or continues what was shown last."""
    intended, shown = memory.intended, memory.shown
    if intended is not None:
        if all(getattr(found, name) == getattr(intended, name) for name in ("metadata", "size", "root_hash")):
            return
        _check_log(found, intended, root_at, older_is_good=True)
    if shown is None:
        if intended is not None:
            raise Forked("the store has another first publication than these keys signed", hint=_RECOVER)
        return
    _check_log(found, shown, root_at)
    for role, known in shown.metadata.items():
        there = found.metadata[role]
        if there.version < known.version:
            raise RolledBack(
                f"the store's {role} metadata has version {there.version}, and version {known.version}"
                " was signed: it is older, as from a backup",
                hint=_RECOVER,
            )
        if there.version == known.version and there.sha256 != known.sha256:
            raise Forked(
                f"the store has another version {known.version} of the {role} metadata than the one that was"
                " published",
                hint=_RECOVER,
            )


def _check_log(
    found: SignedHead, known: SignedHead, root_at: Callable[[int], str], *, older_is_good: bool = False
) -> None:
    if found.size < known.size:
        if older_is_good:
            return
        raise RolledBack(
            f"the store holds version {found.size}, and these keys have published version {known.size}:"
            " it is older, as from a backup",
            hint=_RECOVER,
        )
    if root_at(known.size) != known.root_hash:
        raise Forked(
            f"the store has another version {known.size} than the one that these keys have published",
            hint=_RECOVER,
        )
