"""Reading a tree over HTTP from a server that may be hostile.

Nothing is taken on the server's word: an answer is read in pieces up to a bound on bytes, under one
deadline that also covers connection, headers, redirects and retries; redirects stay within the
origin; encodings are neither asked for nor accepted, so nothing is ever decompressed.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Self

import httpx
import stamina

from register_api import __version__
from register_api.errors import Malformed, Unreachable, UsageError
from register_api.verify.fetch.limits import Limits
from register_api.verify.fetch.protocol import NotServed, check_path

if TYPE_CHECKING:
    from types import TracebackType

USER_AGENT = f"register-api/{__version__} verify"

_HEADERS = {"Accept-Encoding": "identity", "Cache-Control": "no-cache", "User-Agent": USER_AGENT}
_NOT_SERVED = frozenset({403, 404, 410})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
_OK = 200
_MAX_PORT = 65535

# Retries are told by the report. By default each would also be logged, where structlog is installed on
# standard output, in the midst of a report for machines.
stamina.instrumentation.set_on_retry_hooks(())


class _MayPass(Exception):
    """A failure that another attempt may not meet."""


class HttpFetcher:
    """Gives the files below one base URL; to be closed after use."""

    def __init__(self, base: str, limits: Limits | None = None) -> None:
        """Begin without a connection.

        Args:
            base: Absolute ``http`` or ``https`` URL of the tree's root.
            limits: Bounds of this run.

        Raises:
            UsageError: No such URL, or one with user info, query or fragment.
        """
        self.base = read_base(base)
        self._limits = limits or Limits()
        self._end = time.monotonic() + self._limits.run
        self._requests = 0
        self._runner = asyncio.Runner()
        self._client: httpx.AsyncClient | None = None

    def __enter__(self) -> Self:
        """Return the fetcher."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        self.close()

    def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            self._runner.run(self._client.aclose())
            self._client = None
        self._runner.close()

    def get(self, path: str, max_bytes: int) -> bytes:
        """Return a file, as ``Fetcher.get`` says."""
        check_path(path)
        return self._runner.run(self._within_deadline(path, max_bytes))

    async def _within_deadline(self, path: str, max_bytes: int) -> bytes:
        seconds = min(self._limits.file, self._end - time.monotonic())
        if seconds <= 0:
            raise Unreachable(f"{path}: the time for the whole run, {self._limits.run:g} s, is used up")
        try:
            async with asyncio.timeout(seconds):
                return await self._with_retries(path, max_bytes)
        except TimeoutError as error:
            raise Unreachable(f"{path}: too slow, not complete within {seconds:.0f} s") from error

    async def _with_retries(self, path: str, max_bytes: int) -> bytes:
        try:
            async for attempt in stamina.retry_context(
                on=_MayPass,
                attempts=self._limits.attempts,
                timeout=self._limits.file,
                wait_initial=self._limits.first_wait,
                wait_jitter=self._limits.first_wait,
            ):
                with attempt:
                    return await self._follow(path, max_bytes)
        except _MayPass as error:
            raise Unreachable(f"{path}: {error}") from error
        raise Unreachable(f"{path}: no attempt was made")

    async def _follow(self, path: str, max_bytes: int) -> bytes:
        """Ask for a file, through redirects within the origin."""
        url = self.base.join(path)
        for _ in range(self._limits.redirects + 1):
            answer = await self._ask(path, url, max_bytes)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise Unreachable(f"{path}: more than {self._limits.redirects} redirects")

    async def _ask(self, path: str, url: httpx.URL, max_bytes: int) -> bytes | httpx.URL:
        """Make one request: the bytes, or where else to ask."""
        self._requests += 1
        if self._requests > self._limits.requests:
            raise Unreachable(f"{path}: more than {self._limits.requests} requests in one run")
        try:
            async with self._opened().stream("GET", url, headers=_HEADERS) as response:
                if response.status_code in _REDIRECTS:
                    return self._target(path, url, response)
                _check_status(path, response)
                return await _read(path, response, max_bytes)
        except (httpx.TransportError, OSError) as error:
            raise _MayPass(f"no whole answer ({_reason(error)})") from error
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
            raise Unreachable(f"{path}: no answer that HTTP allows ({_reason(error)})") from error

    def _opened(self) -> httpx.AsyncClient:
        """Return the client, made within the loop that it belongs to; TLS is set up only if needed."""
        if self._client is None:
            self._client = httpx.AsyncClient(
                verify=self.base.scheme == "https",
                timeout=httpx.Timeout(self._limits.read, connect=self._limits.connect),
                follow_redirects=False,
            )
        return self._client

    def _target(self, path: str, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        try:
            target = url.join(response.headers.get("location", ""))
        except (httpx.InvalidURL, ValueError) as error:
            raise Unreachable(f"{path}: redirected to what is no address") from error
        if _origin(target) != _origin(self.base) or target.userinfo:
            raise Unreachable(
                f"{path}: redirected to another origin, {_shown(target)}",
                hint="if that is where the register now lives, give that address",
            )
        return target


def read_base(text: str) -> httpx.URL:
    """Read a base URL; a slash is put behind it.

    Raises:
        UsageError: Not an absolute ``http`` or ``https`` URL, or one with user info, query or fragment.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise UsageError(f"{text!a} is no URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > _MAX_PORT:
        raise UsageError(f"{text!a} is not an address that begins with https:// or http://")
    if url.userinfo or url.query or url.fragment:
        raise UsageError(f"{text!a} has a user, a query or a fragment; give the plain address")
    return url.copy_with(path=url.path.rstrip("/") + "/")


def _check_status(path: str, response: httpx.Response) -> None:
    status = response.status_code
    if status in _NOT_SERVED:
        raise NotServed(f"{path} is not served (status {status})")
    if status in _MAY_PASS:
        raise _MayPass(f"the server failed (status {status})")
    if status != _OK:
        raise Unreachable(f"{path}: the server answered with status {status}")


async def _read(path: str, response: httpx.Response, max_bytes: int) -> bytes:
    """Read a body as it is sent, up to the bound."""
    encoding = response.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise Malformed(f"{path}: sent in the encoding {encoding[:40]!a}, which was not asked for")
    declared = response.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > max_bytes:
        raise Malformed(f"{path} has more than {max_bytes} bytes")
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > max_bytes:
            raise Malformed(f"{path} has more than {max_bytes} bytes")
    return bytes(data)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    """Return the origin (RFC 6454 section 4), with the port that the scheme implies."""
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _shown(url: httpx.URL) -> str:
    return ascii(f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"[:120])[1:-1]


def _reason(error: Exception) -> str:
    """Say what happened, without the server's own words."""
    return type(error).__name__
