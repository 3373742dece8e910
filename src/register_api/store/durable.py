"""Writes that survive a loss of power: data first, then the folders that name it.

What remains possible: a disk that lies about ``fsync``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_new(path: Path, data: bytes, *, modified: float | None = None) -> None:
    """Write a file that must not exist yet; ``sync`` makes it durable.

    Args:
        path: Where to write; parents are made.
        data: The content.
        modified: Modification time to set, in seconds since the epoch.

    Raises:
        OSError: The file exists or cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
    if modified is not None:
        os.utime(path, (modified, modified))


def write_over(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in the place of another or of none, atomically and durable on return.

    Raises:
        OSError: The disk does not take it; there lies what was there, or all of the new file.
    """
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    _sync_one(path.parent)


def sync(paths: Iterable[Path], *, below: Path) -> None:
    """Make files, and the folders that lead to them, durable.

    Args:
        paths: Files or folders.
        below: The folder that is known to be durable already; it is synced as the last.

    Raises:
        OSError: A file or folder cannot be opened or synced.
    """
    known = list(paths)
    for path in known:
        _sync_one(path)
    sync_folders({path.parent for path in known}, below=below)


def sync_folders(folders: set[Path], *, below: Path) -> None:
    """Make the names in folders durable, and the names of the folders themselves up to ``below``.

    Raises:
        OSError: A folder cannot be opened or synced.
    """
    chain = {parent for folder in folders for parent in (folder, *folder.parents)}
    for folder in sorted(chain, reverse=True):
        if folder.is_relative_to(below):
            _sync_one(folder)


def switch_link(link: Path, target: str) -> None:
    """Let a symbolic link lead elsewhere, in one atomic step that is durable on return.

    Raises:
        OSError: The link cannot be made or renamed.
    """
    place_link(link, target, by=link.with_name(link.name + ".new"))
    _sync_one(link.parent)


def place_link(path: Path, target: str, *, by: Path) -> None:
    """Put a symbolic link in the place of whatever is at ``path``, atomically.

    Args:
        path: Where the link is to be.
        target: Where it leads.
        by: A name on the same disk, of no meaning, by which it gets there.

    Raises:
        OSError: The link cannot be made or renamed.
    """
    by.unlink(missing_ok=True)
    by.symlink_to(target)
    by.replace(path)


def place_hard_link(path: Path, source: Path, *, by: Path) -> None:
    """Put a hard link to ``source`` in the place of whatever is at ``path``, atomically.

    Args:
        path: Where the link is to be.
        source: The file.
        by: A name on the same disk, of no meaning, by which it gets there.

    Raises:
        OSError: The link cannot be made or renamed.
    """
    by.unlink(missing_ok=True)
    by.hardlink_to(source)
    by.replace(path)


def _sync_one(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
