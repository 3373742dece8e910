"""The interface of deployment targets, a test for atomic creation, and folders as targets."""

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
    """A folder or a bucket; names are paths in the tree, with a suffix for compressed forms.

    Every method raises ``TargetError``, or for a folder ``OSError``, if it fails.
    """

    name: str
    """Name in messages; contains no secret."""

    takes_forms: bool
    """Whether to store precompressed forms beside the files for a web server."""

    def get(self, name: str) -> bytes | None:
        """Return a file, or ``None`` if there is none."""

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        """Atomically create a file unless it exists; tell whether it was created."""

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Atomically create or replace a file."""

    def remove(self, name: str) -> None:
        """Remove a file, if it exists."""

    def writing(self) -> AbstractContextManager[None]:
        """Prepare for writing, and finish it."""


def probe(target: DeployTarget) -> None:
    """Check that a target rejects the creation of a file that already exists; the test file is removed again.

    Publishing uses such a file as a lock. Some object stores ignore the condition and overwrite the file.
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
            " two publishers could not be distinguished there",
            hint="use a store that knows conditional writes (If-None-Match: *)",
        )


class Folder:
    """A local or mounted folder that a web server serves; files are replaced atomically."""

    def __init__(self, folder: Path) -> None:
        """Set the folder, which is created on first write."""
        self.name, self.takes_forms = str(folder), True
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        """Implement ``DeployTarget.get``."""
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
        """Implement ``DeployTarget.create``."""
        try:
            durable.create(self._place(name), data)
        except FileExistsError:
            return False
        return True

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:  # noqa: ARG002  (as the protocol has it)
        """Implement ``DeployTarget.put``."""
        durable.replace(self._place(name), data)

    def remove(self, name: str) -> None:
        """Implement ``DeployTarget.remove``."""
        with contextlib.suppress(NotADirectoryError):
            (self._folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Lock the folder against other processes, and delete temporary files of a killed one."""
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
        """Return a file's path, after durably creating its parent folders."""
        path = self._folder / name
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.sync_folders({path.parent}, below=self._folder)
        return path


def open_target(address: str, endpoint: str | None, store: Path) -> DeployTarget:
    """Open a folder (path or ``file:`` URL) outside the store, or a bucket, without accessing it yet."""
    if re.match(r"(?!file:)[a-z][a-z0-9+.-]*:", address):
        # Imported here: folders do not need the extra `deploy`.
        from register_api.deploy.bucket import open_bucket  # noqa: PLC0415

        return open_bucket(address, endpoint)
    if endpoint is not None or "\0" in address or re.match(r"file://[^/]", address):
        raise UsageError("a folder has no --endpoint, and file: names no host: file:///srv/www/trust")
    path = re.sub(r"file:(//)?", "", address, count=1)
    folder = Path(path if path == address else unquote(path)).resolve()
    kept = store.resolve()
    if folder.is_relative_to(kept) or kept.is_relative_to(folder):
        raise UsageError(
            f"{folder} and the store {store} contain one another", hint="deploy to another folder"
        )
    return Folder(folder)
