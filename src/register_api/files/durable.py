"""Crash-safe writing: a temporary file, fsync, rename, fsync of the folder.

Not covered: a disk that ignores ``fsync``, and temporary files left by a killed process
(``remove_leftovers``).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from register_api.core.canonical import digest
from register_api.core.text import printable, quoted
from register_api.errors import RegisterError, UsageError

_TEMPORARY = ".new"
LEFTOVERS = f".*.{'[0-9a-f]' * 16}{_TEMPORARY}"
"""Name pattern of temporary files, which a killed process may leave behind."""

_SECRET, _PUBLIC = 0o600, 0o666


def create(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Create a file atomically; durable on return.

    A secret file is readable by its owner alone (mode 0600); otherwise the umask applies.

    Raises:
        FileExistsError: The file exists; it is left unchanged.
        OSError: Writing failed, or the file is secret and the file system does not support hard links.
    """
    with _temporary(path, data, secret=secret) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:
            if secret:
                raise
            # FAT has neither hard links nor modes: not atomic then, but never over another file.
            _write(path, data, _PUBLIC)
    _sync_one(path.parent)


def replace(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Create or replace a file atomically; durable on return.

    A secret file gets mode 0600; otherwise the mode of the replaced file is kept.

    Raises:
        OSError: Writing failed; either the old or the complete new file exists.
    """
    with prepared(path, data, secret=secret) as place:
        place()


@contextlib.contextmanager
def prepared(path: Path, data: bytes, *, secret: bool = False) -> Iterator[Callable[[], None]]:
    """Write a temporary file and yield a function that moves it into place, as ``replace`` does.

    The move needs no further disk space. A file that was not moved is removed at the end.
    """
    with _temporary(path, data, secret=secret) as temporary:
        if not secret and path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))

        def place() -> None:
            temporary.replace(path)
            _sync_one(path.parent)

        yield place


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of killed processes; the caller must hold the folder's lock."""
    for path in folder.glob(LEFTOVERS):
        path.unlink()


@contextlib.contextmanager
def _temporary(path: Path, data: bytes, *, secret: bool) -> Iterator[Path]:
    """Write and sync a temporary file beside ``path``; its name is removed at the end."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_TEMPORARY}")
    try:
        _write(temporary, data, _SECRET if secret else _PUBLIC)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def write_unsynced(path: Path, data: bytes, *, modified: float | None = None) -> None:
    """Create one of many files; ``sync`` makes them durable together."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
    if modified is not None:
        os.utime(path, (modified, modified))


def sync(paths: Iterable[Path], *, below: Path) -> None:
    """Fsync files and their parent folders up to ``below``, which is already durable."""
    known = list(paths)
    for path in known:
        _sync_one(path)
    sync_folders({path.parent for path in known}, below=below)


def sync_folders(folders: set[Path], *, below: Path) -> None:
    """Fsync folders and their parents up to ``below``."""
    chain: set[Path] = set()
    for each in folders:
        folder = each
        while folder not in chain and folder.is_relative_to(below):
            chain.add(folder)
            folder = folder.parent
    for folder in sorted(chain, reverse=True):
        _sync_one(folder)


def switch_link(link: Path, target: str) -> None:
    """Replace a symbolic link atomically; durable on return."""
    place_link(link, target, temporary=link.with_name(link.name + _TEMPORARY))
    _sync_one(link.parent)


def place_link(path: Path, target: str, *, temporary: Path) -> None:
    """Place a symbolic link at ``path`` by renaming a temporary link over it."""
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, path)  # noqa: PTH105 - pathlib would parse ``path`` again for each name


def place_hard_link(path: Path, source: Path, *, temporary: Path) -> None:
    """Place a hard link to ``source`` at ``path`` by renaming a temporary link over it."""
    temporary.unlink(missing_ok=True)
    temporary.hardlink_to(source)
    os.replace(temporary, path)  # noqa: PTH105 - as above


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def failing_as(kind: type[RegisterError], what: str) -> Iterator[None]:
    """Convert an OSError to ``kind``, with ``what`` before the system's reason."""
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror}") from error


def read_bounded(path: Path, most: int, name: str = "") -> bytes:
    """Return up to ``most + 1`` bytes of a file, so that the caller can recognise a larger one.

    Raises:
        UsageError: The file cannot be read; the message has its path, or ``name`` if given.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:  # the name may contain NUL or undecodable bytes
        reason = (isinstance(error, OSError) and error.strerror) or printable(error)
        raise UsageError(f"{name or path} cannot be read: {reason}") from error


T = TypeVar("T")


class DamagedState(Exception):
    """The file is not a valid state; the message, e.g. ``is damaged: …``, continues a file's name."""

    hint = ""


class NewerFormat(DamagedState):
    """The file is in a later version of the format."""

    hint = "update register-api (docs/upgrading.md)"


_DIGITS = 10


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: str


class _File(_Head, frozen=True, kw_only=True):
    sha256: str
    state: msgspec.Raw


def refuse_newer(data: bytes, known: str) -> None:
    """Refuse data in a later version of a known format; anything else is left to the caller.

    Raises:
        NewerFormat: A newer release wrote the data.
    """
    try:
        found = msgspec.json.decode(data, type=_Head).format
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return
    (name, _, number), (own, _, last) = found.rpartition("/"), known.rpartition("/")
    # Format versions have few digits, and very long numbers are slow to parse.
    if name == own and number.isdecimal() and len(number) < _DIGITS and int(number) > int(last):
        raise NewerFormat(f"was written by a newer release: its format is {found}, this one reads {known}")


def read_state(path: Path, kind: type[T], *, format_name: str) -> T:
    """Read a struct from a JSON state file that contains its own digest.

    The digest detects disk errors; it does not protect against tampering.

    Raises:
        OSError: The file is missing or cannot be read.
        NewerFormat: A newer release wrote it.
        DamagedState: The file is damaged or in another format.
    """
    data = path.read_bytes()
    refuse_newer(data, format_name)
    try:
        found = msgspec.json.decode(data, type=_Head).format
        if found != format_name:
            raise DamagedState(f"has the form {quoted(found, 80)}; this program reads {format_name}")
        file = msgspec.json.decode(data, type=_File)
        state = msgspec.json.decode(file.state, type=kind)
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise DamagedState(f"is damaged: {printable(error)}") from error
    if digest(bytes(file.state)) != file.sha256:
        raise DamagedState("is damaged: its digest does not fit")
    return state


def write_state(path: Path, state: msgspec.Struct, *, format_name: str) -> None:
    """Replace a state file (mode 0600) atomically and durably; on ``OSError`` the old one remains."""
    raw = msgspec.Raw(msgspec.json.encode(state, order="sorted"))
    file = _File(format=format_name, sha256=digest(bytes(raw)), state=raw)
    replace(path, msgspec.json.encode(file), secret=True)
