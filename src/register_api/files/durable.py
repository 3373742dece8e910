"""Files that survive a crash and a loss of power: a temporary file, fsync, its name, fsync of the folder.

What remains possible: a disk that lies about ``fsync``, and a temporary file that a killed process leaves
behind (``remove_leftovers``).
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
"""Pattern of the names of temporary files, which a killed process leaves behind."""

_SECRET, _PUBLIC = 0o600, 0o666


def create(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write a file that must not exist yet, whole or not at all; durable on return.

    A secret one is for its owner alone; others are as the umask says.

    Raises:
        FileExistsError: The file exists; it is left as it is.
        OSError: The disk does not take it, or knows no hard links and the file is secret.
    """
    with _temporary(path, data, secret=secret) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            raise
        except OSError:
            if secret:
                raise
            # FAT has no hard links: not in one step then, but never over another file. Nor has it modes.
            _write(path, data, _PUBLIC)
    _sync_one(path.parent)


def replace(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write a file in the place of another or of none, in one atomic step; durable on return.

    A secret one is for its owner alone; otherwise the mode of the other file is kept.

    Raises:
        OSError: The disk does not take it; the old file or all of the new one is there.
    """
    with prepared(path, data, secret=secret) as place:
        place()


@contextlib.contextmanager
def prepared(path: Path, data: bytes, *, secret: bool = False) -> Iterator[Callable[[], None]]:
    """Write what is to replace a file, as ``replace`` does, and give what puts it in its place.

    That needs no further room on the disk. What is not put in its place is gone at the end.
    """
    with _temporary(path, data, secret=secret) as temporary:
        if not secret and path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))

        def place() -> None:
            temporary.replace(path)
            _sync_one(path.parent)

        yield place


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that were killed; the caller holds the folder's lock."""
    for path in folder.glob(LEFTOVERS):
        path.unlink()


@contextlib.contextmanager
def _temporary(path: Path, data: bytes, *, secret: bool) -> Iterator[Path]:
    """Write and sync a file beside another; it is gone at the end, under this name."""
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
    """Write one of many files that must not exist yet; ``sync`` makes them durable together."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
    if modified is not None:
        os.utime(path, (modified, modified))


def sync(paths: Iterable[Path], *, below: Path) -> None:
    """Make files, and the folders that lead to them from one that is durable already, durable."""
    known = list(paths)
    for path in known:
        _sync_one(path)
    sync_folders({path.parent for path in known}, below=below)


def sync_folders(folders: set[Path], *, below: Path) -> None:
    """Make the names in folders durable, and the names of the folders themselves up to ``below``."""
    chain: set[Path] = set()
    for each in folders:
        folder = each
        while folder not in chain and folder.is_relative_to(below):
            chain.add(folder)
            folder = folder.parent
    for folder in sorted(chain, reverse=True):
        _sync_one(folder)


def switch_link(link: Path, target: str) -> None:
    """Let a symbolic link lead elsewhere, in one atomic step that is durable on return."""
    place_link(link, target, temporary=link.with_name(link.name + _TEMPORARY))
    _sync_one(link.parent)


def place_link(path: Path, target: str, *, temporary: Path) -> None:
    """Put a symbolic link in the place of whatever is at ``path``, by renaming a temporary one over it."""
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, path)  # noqa: PTH105 - that of pathlib takes ``path`` apart anew, for each name


def place_hard_link(path: Path, source: Path, *, temporary: Path) -> None:
    """Put a hard link to the file ``source`` in the place of whatever is at ``path``; as ``place_link``."""
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
    """Say what could not be done, with the system's reason, by an error of ours."""
    try:
        yield
    except OSError as error:
        raise kind(f"{what}: {error.strerror}") from error


def read_bounded(path: Path, most: int, name: str = "") -> bytes:
    """Return a file's bytes; of a larger one one more than the most, so that it is seen to be.

    Raises:
        UsageError: It cannot be read; the message says which by its path, or by another name.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:  # a name may have a NUL, or be no text
        reason = (isinstance(error, OSError) and error.strerror) or printable(error)
        raise UsageError(f"{name or path} cannot be read: {reason}") from error


T = TypeVar("T")


class DamagedState(Exception):
    """The file is not a state of the expected form; the text, such as ``is damaged: …``, says why."""


class NewerFormat(DamagedState):
    """The file names a later number of the same format; likewise."""


UPDATE = "update register-api (docs/upgrading.md)"
"""What to do about ``NewerFormat``."""

_DIGITS = 10


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    format: str


class _File(_Head, frozen=True, kw_only=True):
    sha256: str
    state: msgspec.Raw


def refuse_newer(data: bytes, known: str) -> None:
    """Refuse bytes that name a later number of a known format: everything else is the caller's to judge.

    Raises:
        NewerFormat: A newer release wrote them.
    """
    try:
        found = msgspec.json.decode(data, type=_Head).format
    except (ValueError, RecursionError, msgspec.MsgspecError):
        return
    (name, _, number), (own, _, last) = found.rpartition("/"), known.rpartition("/")
    # Nobody counts formats to ten digits, and a longer text of digits is slow to read as a number.
    if name == own and number.isdecimal() and len(number) < _DIGITS and int(number) > int(last):
        raise NewerFormat(f"was written by a newer release: its format is {found}, this one reads {known}")


def read_state(path: Path, kind: type[T], *, format_name: str) -> T:
    """Read a JSON file in which a program remembers its state, a struct, with a digest over itself.

    The digest tells a disk's error from a state that was written; it is no protection against a person.

    Raises:
        OSError: It cannot be read, or is missing.
        NewerFormat: A newer release wrote it.
        DamagedState: It is damaged, or names another format.
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
    """Replace a state, of mode 0600 and durable on return; on an ``OSError`` the old one is there still."""
    raw = msgspec.Raw(msgspec.json.encode(state, order="sorted"))
    file = _File(format=format_name, sha256=digest(bytes(raw)), state=raw)
    replace(path, msgspec.json.encode(file), secret=True)
