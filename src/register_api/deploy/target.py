"""Where a tree is brought to: what a place for files has to be able to do, and whether it does; a folder."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from register_api.core.format.paths import max_bytes
from register_api.errors import TargetError, UsageError
from register_api.files import durable


class DeployTarget(Protocol):
    """A folder or a bucket; names are paths of the tree, of its compressed forms with their ending.

    Every method raises ``TargetError``, or ``OSError`` for a folder, where the place does not do it.
    """

    name: str
    """What people know it by; holds no secret."""

    takes_forms: bool
    """Whether a web server may find ready compressed forms beside the files."""

    def get(self, name: str) -> bytes | None:
        """Return a file, or ``None`` where there is none."""

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        """Write a file that is not there yet, whole or not at all; tell whether it was not there."""

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Write a file in the place of another or of none, whole or not at all."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def writing(self) -> AbstractContextManager[None]:
        """Prepare for writing, and finish it."""


def probe(target: DeployTarget) -> None:
    """Make sure that a place keeps the first of two files that are created under one name.

    A publication is locked by a file that only one publisher can create. A store that ignores the condition
    answers the second one like the first. What is written is removed again.
    """
    name = f"deploy-probe-{secrets.token_hex(8)}"
    with target.writing():
        try:
            taken = [target.create(name, data, {}) for data in (b"first", b"second")]
            kept = target.get(name)
        finally:
            target.remove(name)
    if taken != [True, False] or kept != b"first":
        raise TargetError(
            f"{target.name} writes over a file that is to be created, or does not keep it:"
            " two publishers could not be told apart there",
            hint="use a store that knows conditional writes (If-None-Match: *)",
        )


class Folder:
    """A folder that a web server serves, on this machine or mounted: each file appears whole."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when something is written."""
        self.name, self.takes_forms = str(folder), True
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        """Return a file, as ``DeployTarget.get`` says."""
        limit = max_bytes(name)
        try:
            with (self._folder / name).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if len(data) > limit:
            raise TargetError(f"{self.name}: {name} has more than {limit} bytes, and is not a file of a tree")
        return data

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:  # noqa: ARG002  (as the protocol has it)
        """Write a new file, as ``DeployTarget.create`` says."""
        try:
            durable.create(self._place(name), data)
        except FileExistsError:
            return False
        return True

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002  (as the protocol has it)
        """Write a file, as ``DeployTarget.put`` says."""
        durable.replace(self._place(name), data)

    def remove(self, name: str) -> None:
        """Remove a file, as ``DeployTarget.remove`` says."""
        with contextlib.suppress(NotADirectoryError):
            (self._folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the folder: one process at a time writes there, and clears what a killed one left behind."""
        self._folder.mkdir(parents=True, exist_ok=True)
        held = os.open(self._folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                hint = "wait for it to end, then try again"
                raise TargetError(f"another process is deploying to {self.name}", hint=hint) from error
            for path in self._folder.rglob(durable.LEFTOVERS):
                path.unlink()
            yield
        finally:
            os.close(held)

    def _place(self, name: str) -> Path:
        """Return where a file goes; the folders that lead there are made, durably."""
        path = self._folder / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.sync_folders({path.parent}, below=self._folder)
        return path


def open_target(address: str, endpoint: str | None, store: Path) -> DeployTarget:
    """Open a folder, by path or ``file:`` URL, or a bucket; the store is no target. Nothing is asked yet."""
    if re.match(r"(?!file:)[a-z][a-z0-9+.-]*:", address):
        # Loaded here: a folder needs nothing of the extra `deploy`.
        from register_api.deploy.bucket import open_bucket  # noqa: PLC0415

        return open_bucket(address, endpoint)
    if endpoint is not None or "\0" in address or re.match(r"file://[^/]", address):
        raise UsageError("a folder has no --endpoint, and file: names no host: file:///srv/www/trust")
    path = re.sub(r"file:(//)?", "", address, count=1)
    folder = Path(path if path == address else unquote(path)).resolve()
    kept = store.resolve()
    if folder.is_relative_to(kept) or kept.is_relative_to(folder):
        raise UsageError(f"{folder} and the store {store} lie in each other", hint="deploy to another folder")
    return Folder(folder)
