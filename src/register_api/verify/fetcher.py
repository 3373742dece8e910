"""Fetchers of a published tree: a protocol, and implementations for memory, a folder and HTTP.

A fetcher returns bytes or raises; it does not verify them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from register_api.bounded_http.limits import HttpLimits, Reach
from register_api.errors import Malformed, Unreachable, UsageError

if TYPE_CHECKING:
    from register_api.bounded_http.client import Reply

RUN_LIMITS = HttpLimits(redirects=3)
"""Limits of one run; enough for the whole history of a thousand versions."""

MAX_ROOT_ROTATIONS = 64
"""Limit on the roots followed in one run."""

MAX_DAMAGED_VERSIONS = 20
"""The history check stops after this many versions with findings."""


_SAFE_PATH = re.compile(r"(?=.{1,500}\Z)(\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)(/\.?[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class NotServed(Unreachable):
    """The server answered that it does not have the file: 404, 403 or 410."""


class Fetcher(Protocol):
    """Reads the files of one published tree."""

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return the whole file at a path of the tree.

        Args:
            path: Path without leading slash, e.g. ``v1/register.json``.
            max_bytes: Largest size accepted.

        Raises:
            NotServed: File not found.
            Unreachable: No response, too slow, another origin, or a server error.
            Malformed: More bytes than allowed, or a content coding that was not requested.
        """
        ...


def check_path(path: str) -> None:
    """Refuse a path that could lead out of the tree.

    Raises:
        Malformed: The path is not names of ASCII letters, digits, ``.``, ``_``, ``-``, joined by ``/``, or is
            longer than 500 characters.
    """
    if not _SAFE_PATH.fullmatch(path):
        raise Malformed(f"not a path of a tree: {path[:200]!a}", path=path)


@dataclass
class MemoryFetcher:
    """A tree in memory, by path; every requested path is recorded in ``asked``."""

    files: Mapping[str, bytes]
    asked: list[str] = field(default_factory=list)

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file; see ``Fetcher.get``."""
        check_path(path)
        self.asked.append(path)
        if path not in self.files:
            raise NotServed(f"{path} not found", path=path)
        return _bounded(path, self.files[path], max_bytes)


@dataclass
class KeepingFetcher:
    """Reads each file of another fetcher once and keeps it, by path."""

    fetcher: Fetcher
    files: dict[str, bytes] = field(default_factory=dict)

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file, the same bytes each time; see ``Fetcher.get``."""
        if path not in self.files:
            self.files[path] = self.fetcher.get(path, max_bytes)
        return self.files[path]


@dataclass(frozen=True)
class FolderFetcher:
    """A tree on disk, e.g. a mirror or ``public``: the folder that contains ``v1`` and ``trust``."""

    folder: Path

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file; see ``Fetcher.get``."""
        check_path(path)
        try:
            with (self.folder / path).open("rb") as file:
                data = file.read(max_bytes + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotServed(f"{path} not found", path=path) from error
        except OSError as error:
            raise Unreachable(f"{path} cannot be read: {error.strerror}", path=path) from error
        return _bounded(path, data, max_bytes)


def _bounded(path: str, data: bytes, max_bytes: int) -> bytes:
    if len(data) > max_bytes:
        raise Malformed(f"{path} has more than {max_bytes} bytes", path=path)
    return data


_OK, _NOT_SERVED = 200, frozenset({403, 404, 410})


class HttpFetcher:
    """Reads files below a base URL over HTTP; close it after use."""

    def __init__(
        self,
        base: str,
        limits: HttpLimits = RUN_LIMITS,
        reach: Reach | None = None,
        *,
        command: str = "verify",
    ) -> None:
        """Create the client; nothing is connected yet.

        Args:
            base: Absolute ``http`` or ``https`` URL of the tree's root.
            limits: Limits of this run.
            reach: Addresses that requests may go to; ``None``: any.
            command: Name of the command, for ``User-Agent``.

        Raises:
            UsageError: The URL is not valid or has user info, query or fragment; or this thread runs an event
                loop, which this would block.
        """
        # httpx and asyncio are a third of this package's import time.
        import asyncio  # noqa: PLC0415

        from register_api.bounded_http.client import BoundedClient, read_tree_url  # noqa: PLC0415

        self.base = read_tree_url(base)
        with contextlib.suppress(RuntimeError):
            asyncio.get_running_loop()
            raise UsageError(
                "this call blocks, and an event loop is running in this thread",
                hint="await asyncio.to_thread(verify, …)",
            )
        self._runner = asyncio.Runner()
        self._client = BoundedClient(limits, command=command, reach=reach)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._runner.run(self._client.close())
        self._runner.close()

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file; see ``Fetcher.get``."""
        reply = self.ask(path, max_bytes)
        if reply.status in _NOT_SERVED:
            raise NotServed(f"{path} is not served (status {reply.status})", path=path)
        if reply.status != _OK:
            raise Unreachable(f"{path}: the server answered with status {reply.status}", path=path)
        return reply.body

    def ask(self, path: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Request a file, with optional headers, and return the reply whatever its status.

        Raises:
            Unreachable: No response.
            Malformed: More bytes than allowed, or a content coding that was not requested.
        """
        check_path(path)
        try:
            return self._runner.run(self._client.get(self.base.join(path), max_bytes, headers))
        except (Unreachable, Malformed) as error:
            raise error.of_file(path) from error
