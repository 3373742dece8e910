"""HTTP client for untrusted servers, with limits on bytes, time, requests, redirects and retries.

A response is read up to a number of bytes, under one deadline that also covers connection, headers, redirects
and retries. Redirects stay within the origin. Content codings are neither requested nor accepted, so nothing
is decompressed. Errors do not quote the server or its address, which may contain a password.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Any, Self

import httpcore
import httpx
import msgspec
import stamina

from register_api import __version__
from register_api.bounded_http.limits import HttpLimits, Reach
from register_api.core.text import printable
from register_api.errors import Malformed, Unreachable, UsageError


class CheckedTransport(httpx.AsyncHTTPTransport):
    """A transport without proxies that connects only to allowed addresses; ``Host`` and SNI are unchanged."""

    def __init__(self, reach: Reach, *, verify: bool) -> None:
        # httpx cannot configure the network backend; its constructor sets nothing but the pool.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls_context(*map(os.environ.get, _CERTIFICATES)) if verify else None,
            network_backend=_CheckedNetwork(reach),
        )


_CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""Environment variables that replace the trusted root certificates."""


@functools.lru_cache(maxsize=1)
def _tls_context(*_certificates: str | None) -> ssl.SSLContext:
    """Return the TLS context; cached because loading certificates takes longer than many requests."""
    return httpx.create_ssl_context()


class _CheckedNetwork(httpcore.AnyIOBackend):
    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def connect_tcp(self, host: str, port: int, *args: Any, **more: Any) -> httpcore.AsyncNetworkStream:
        *others, last = await self._reach.addresses(host, port)
        for address in others:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await super().connect_tcp(address, port, *args, **more)
        return await super().connect_tcp(last, port, *args, **more)


Url = httpx.URL

OK = 200
_OK = frozenset({OK})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_KEPT = ("etag", "location", "retry-after")
_MAX_HEADER = 1000
_MAX_PORT = 65535
_MAX_CAUSES = 8

_CAUSES = (
    (ssl.SSLCertVerificationError, "its TLS certificate is not trusted"),
    (ssl.SSLError, "the TLS handshake failed"),
    (socket.gaierror, "its host name cannot be resolved"),
    (ConnectionRefusedError, "connection refused"),
)
"""Underlying errors of failed connections, and the text reported for them."""

# By default stamina also logs each retry, with structlog even to standard output, among JSON reports.
stamina.instrumentation.set_on_retry_hooks(())


class Reply(msgspec.Struct, frozen=True):
    """A server's response: the body if it was read, and some headers, with lower-case names."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


class OtherOrigin(Unreachable):
    """A redirect to another origin, which is not followed; ``address`` is escaped for terminals."""

    address = ""


class _TransientFailure(Exception):
    """A failure worth retrying, with the reply if there was one."""

    def __init__(self, reason: str, reply: Reply | None = None) -> None:
        super().__init__(reason)
        self.reply = reply


class BoundedClient:
    """Sends requests within limits; must be closed after use, in the same event loop."""

    def __init__(self, limits: HttpLimits, *, command: str, reach: Reach | None = None) -> None:
        """Start the time limit of the run; no connection is made yet.

        ``command`` is part of ``User-Agent``. With ``reach``, only its addresses are contacted, without
        proxies; else any address, through proxies from the environment.
        """
        self._limits = limits
        self._reach = reach
        self._agent = user_agent(command)
        self._end = time.monotonic() + limits.run
        self._requests = 0
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def get(self, url: Url, max_bytes: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Send a GET request with ``Cache-Control: no-cache``; the body is read if the status is 200."""
        asked = {"Cache-Control": "no-cache", **(headers or {})}
        return await self._send(httpx.Request("GET", url, headers=asked), max_bytes)

    async def post(
        self,
        url: Url,
        max_bytes: int,
        *,
        content: bytes,
        headers: Mapping[str, str],
        body_of: frozenset[int] = _OK,
    ) -> Reply:
        """Send a POST request; the response body is read if the status is in ``body_of``.

        Raises:
            Unreachable: No complete response in time, or not valid HTTP.
            Malformed: More bytes than allowed, or an unrequested content coding.
        """
        request = httpx.Request("POST", url, content=content, headers=headers)
        return await self._send(request, max_bytes, body_of)

    async def _send(self, request: httpx.Request, max_bytes: int, body_of: frozenset[int] = _OK) -> Reply:
        request.headers.update({"Accept-Encoding": "identity", "User-Agent": self._agent})
        seconds = min(self._limits.exchange, self._end - time.monotonic())
        if seconds <= 0:
            raise Unreachable(f"the time for the whole run, {self._limits.run:g} s, is used up")
        retries = stamina.retry_context(
            on=_TransientFailure,
            attempts=self._limits.attempts,
            timeout=self._limits.exchange,
            wait_initial=self._limits.first_wait,
            wait_jitter=self._limits.first_wait,
        )
        try:
            async with asyncio.timeout(seconds):
                async for attempt in retries:
                    with attempt:
                        return await self._follow(request, max_bytes, body_of)
        except TimeoutError as error:
            raise Unreachable(f"too slow: no complete response within {seconds:.2g} s") from error
        except _TransientFailure as error:
            if error.reply is not None:
                return error.reply
            raise Unreachable(str(error)) from error
        raise Unreachable("no attempt was made")

    async def _follow(self, request: httpx.Request, max_bytes: int, body_of: frozenset[int]) -> Reply:
        url = request.url
        for _ in range(self._limits.redirects + 1):
            asked = httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
            reply = await self._ask(asked, max_bytes, body_of)
            if isinstance(reply, Reply):
                return reply
            url = reply
        raise Unreachable(f"more than {self._limits.redirects} redirects")

    async def _ask(self, request: httpx.Request, max_bytes: int, body_of: frozenset[int]) -> Reply | Url:
        """Send one request; return its reply, or the target of a redirect."""
        self._requests += 1
        if self._requests > self._limits.requests:
            raise Unreachable(f"more than {self._limits.requests} requests in one run")
        try:
            response = await self._client_for(request.url).send(request, stream=True)
            async with contextlib.aclosing(response):
                return await self._read(response, max_bytes, body_of)
        except (httpx.TransportError, OSError) as error:
            raise _TransientFailure(_reason(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise Unreachable(f"not a valid HTTP response ({type(error).__name__})") from error

    async def _read(self, response: httpx.Response, max_bytes: int, body_of: frozenset[int]) -> Reply | Url:
        status = response.status_code
        if status in _REDIRECTS and self._limits.redirects:
            return _target(response)
        headers = {name: response.headers[name][:_MAX_HEADER] for name in _KEPT if name in response.headers}
        if status in _RETRIED:
            raise _TransientFailure(f"the server failed (status {status})", Reply(status, headers=headers))
        return Reply(status, await _body(response, max_bytes) if status in body_of else b"", headers)

    def _client_for(self, url: Url) -> httpx.AsyncClient:
        """Return a client, created in the running event loop; TLS is set up only if needed."""
        secure = url.scheme == "https"
        if secure not in self._clients:
            self._clients[secure] = httpx.AsyncClient(
                verify=secure,
                transport=CheckedTransport(self._reach, verify=secure) if self._reach else None,
                trust_env=self._reach is None,
                timeout=httpx.Timeout(self._limits.read, connect=self._limits.connect),
                follow_redirects=False,
            )
        return self._clients[secure]


def user_agent(command: str) -> str:
    """Return the ``User-Agent``: product and command (RFC 9110 section 10.1.5)."""
    return f"register-api/{__version__} {command}"


def read_url(text: str, *, plain: bool = True) -> Url:
    """Parse an absolute ``http`` or ``https`` URL; a plain one has neither user info nor a query.

    Raises:
        UsageError: It is not such a URL, has a fragment, or is not plain.
    """
    try:
        url = Url(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise UsageError(f"{text!a} is not a valid URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > _MAX_PORT:
        raise UsageError(f"{text!a} is not an address that begins with https:// or http://")
    if url.fragment or (plain and (url.userinfo or url.query)):
        raise UsageError(f"{text!a} has a user, a query or a fragment; give the plain address")
    return url


def read_tree_url(text: str) -> Url:
    """Parse a base URL and end it with a slash."""
    url = read_url(text)
    path = url.raw_path.partition(b"?")[0]  # raw: %2F is not a slash
    return url.copy_with(raw_path=path.rstrip(b"/") + b"/")


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    """Read a body without decoding, up to the limit."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise Malformed(f"sent in the encoding {encoding[:40]!a}, which was not requested")
    declared = response.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise Malformed(f"more than {max_bytes} bytes")
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > max_bytes:
            raise Malformed(f"more than {max_bytes} bytes")
    return bytes(data)


def _target(response: httpx.Response) -> Url:
    """Return the target of a redirect within the origin."""
    url = response.request.url
    try:
        target = url.join(response.headers.get("location", ""))
    except (httpx.InvalidURL, ValueError) as error:
        raise Unreachable("redirected to an invalid address") from error
    if _origin(target) != _origin(url) or target.userinfo:
        site = printable(f"{target.scheme}://{target.host}", 120)
        found = OtherOrigin(
            f"redirected to another origin, {site}",
            hint="if that is where the register now lives, give that address",
        )
        found.address = printable(target.copy_with(userinfo=b"", query=None, fragment=None), 500)
        raise found
    return target


def _origin(url: Url) -> tuple[str, str, int | None]:
    """Return the origin (RFC 6454 section 4), with the scheme's default port."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _reason(error: Exception) -> str:
    """Return why a connection failed, without quoting the server."""
    causes: list[BaseException] = [error]
    while len(causes) < _MAX_CAUSES and (cause := causes[-1].__cause__ or causes[-1].__context__):
        causes.append(cause)
    for kind, words in _CAUSES:
        if any(isinstance(cause, kind) for cause in causes):
            return f"cannot be reached: {words}"
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return f"cannot be reached ({type(error).__name__})"
    return f"no complete response ({type(error).__name__})"
