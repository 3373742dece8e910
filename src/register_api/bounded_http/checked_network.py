"""Connections of httpx that are made only to addresses which may be reached."""

from __future__ import annotations

import contextlib
import functools
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from register_api.bounded_http.reach import Reach


class CheckedTransport(httpx.AsyncHTTPTransport):
    """A transport without proxies; ``Host`` and the name that TLS checks stay those of the URL."""

    def __init__(self, reach: Reach, *, verify: bool) -> None:
        """Begin without a connection."""
        # httpx has no setting for where connections are made; the pool is all that its own constructor sets.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_trusted(verify), network_backend=_CheckedNetwork(reach)
        )


@functools.cache
def _trusted(verify: bool) -> ssl.SSLContext:  # noqa: FBT001 - of httpx's own function
    """Return what certificates are checked with; reading them takes longer than many a request."""
    return httpx.create_ssl_context(verify=verify)


class _CheckedNetwork(httpcore.AnyIOBackend):
    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        *others, last = await self._reach.addresses(host, port)
        more = (port, timeout, local_address, socket_options)
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await super().connect_tcp(address, *more)
        return await super().connect_tcp(last, *more)
