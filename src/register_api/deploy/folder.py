"""A folder as a target: each file appears whole, under its name, when it is durable."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from register_api.core.format.paths import max_bytes
from register_api.errors import TargetError
from register_api.files import durable


class Folder:
    """A folder that a web server serves, on this machine or mounted."""

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
            self._lock(held)
            for path in self._folder.rglob(durable.LEFTOVERS):
                path.unlink()
            yield
        finally:
            os.close(held)

    def _lock(self, held: int) -> None:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TargetError(
                f"another process is deploying to {self.name}", hint="wait for it to end, then try again"
            ) from error

    def _place(self, name: str) -> Path:
        """Return where a file goes; the folders that lead there are made, durably."""
        path = self._folder / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.sync_folders({path.parent}, below=self._folder)
        return path
