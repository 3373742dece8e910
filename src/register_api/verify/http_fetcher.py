"""Reading a tree over HTTP from a server that may be hostile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Self

from register_api.bounded_http.client import OK, BoundedClient, Reply, Url, read_url
from register_api.bounded_http.limits import HttpLimits, Reach
from register_api.errors import Malformed, Unreachable, UsageError
from register_api.verify.fetcher import RUN_LIMITS, NotServed, check_path

_NOT_SERVED = frozenset({403, 404, 410})


class HttpFetcher:
    """Gives the files below one base URL; to be closed after use."""

    def __init__(
        self,
        base: str,
        limits: HttpLimits = RUN_LIMITS,
        reach: Reach | None = None,
        *,
        command: str = "verify",
    ) -> None:
        """Begin without a connection.

        Args:
            base: Absolute ``http`` or ``https`` URL of the tree's root.
            limits: Bounds of this run.
            reach: Where requests may go; ``None``: anywhere.
            command: What asks, for ``User-Agent``.

        Raises:
            UsageError: Not such a URL, or one with user info, query or fragment; or this thread already runs
                an event loop, which this would block.
        """
        self.base = read_base(base)
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
        """Return a file, as ``Fetcher.get`` says."""
        reply = self.ask(path, max_bytes)
        if reply.status in _NOT_SERVED:
            raise NotServed(f"{path} is not served (status {reply.status})", path=path)
        if reply.status != OK:
            raise Unreachable(f"{path}: the server answered with status {reply.status}", path=path)
        return reply.body

    def ask(self, path: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Ask for a file with further headers, and return whatever the server answers.

        Raises:
            Unreachable: It does not answer.
            Malformed: More bytes than allowed, or in an encoding that was not asked for.
        """
        check_path(path)
        try:
            return self._runner.run(self._client.get(self.base.join(path), max_bytes, headers))
        except (Unreachable, Malformed) as error:
            raise error.of_file(path) from error


def read_base(text: str) -> Url:
    """Read a base URL; a slash is put behind it."""
    url = read_url(text)
    path = url.raw_path.partition(b"?")[0]  # as it is spelled: %2F is not a slash
    return url.copy_with(raw_path=path.rstrip(b"/") + b"/")
