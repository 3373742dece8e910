"""Asking a time-stamping authority (RFC 3161 section 3.4, time stamp protocol via HTTP).

The authority is a stranger: its answer is read in pieces up to a bound, under one deadline over all
attempts; redirects are not followed, encodings not accepted. What came is kept only if it is a stamp
of these bytes, for this request, at a time that this machine's clock can believe.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import msgspec
import rfc3161_client
import stamina
from cryptography import x509

from register_api import __version__
from register_api.core.log.time_stamp import MAX_TIME_STAMP_BYTES, TimeStamp, open_time_stamp
from register_api.errors import NotStamped, UsageError, VerificationError
from register_api.publish.certificate_order import sort_certificates

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest

_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "Accept-Encoding": "identity",
    "User-Agent": f"register-api/{__version__} publish",
}
_OK = 200
_MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_PORT = 65535

# What failed is told in one line at the end; without this, each attempt would be printed.
stamina.instrumentation.set_on_retry_hooks(())


class TimeAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask, and how long at most; seconds.

    Attributes:
        url: Absolute ``http`` or ``https`` URL that takes time-stamp queries.
        anchors: Root certificates that its stamps have to lead to; ``None``: that is not checked.
        deadline: For everything together.
        read: Between two pieces of an answer.
        attempts: How often it is asked when the failure may pass.
        first_wait: Before the second attempt; doubles from then on.
    """

    url: str
    anchors: tuple[x509.Certificate, ...] | None = None
    deadline: float = 30.0
    read: float = 10.0
    attempts: int = 3
    first_wait: float = 0.5


class _MayPass(Exception):
    """A failure that another attempt may not meet."""


def check_url(text: str) -> str:
    """Return the address of an authority as it was given.

    Raises:
        UsageError: It is no ``http`` or ``https`` URL, or has a fragment.
    """
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise UsageError(f"{text!a} is no URL: {error}") from error
    if url.scheme not in ("http", "https") or not url.host or (url.port or 1) > _MAX_PORT or url.fragment:
        raise UsageError(f"{text!a} is not an address that begins with https:// or http://")
    return text


def ask(authority: TimeAuthority, stamped: bytes) -> tuple[bytes, TimeStamp]:
    """Let an authority stamp bytes with SHA-256, a fresh nonce and its certificates in the answer.

    Args:
        authority: Whom to ask.
        stamped: The bytes; the authority sees their digest only.

    Returns:
        The answer, DER of a TimeStampResp with its certificates in order, and what it says.

    Raises:
        NotStamped: No answer in time, or one that is no good stamp of these bytes for this request.
    """
    algorithm = rfc3161_client.HashAlgorithm.SHA256
    request = rfc3161_client.TimestampRequestBuilder().data(stamped).hash_algorithm(algorithm).build()
    data = sort_certificates(asyncio.run(_within_deadline(authority, request.as_bytes())))
    try:
        return data, _checked(data, stamped, request, authority)
    except VerificationError as error:
        raise NotStamped(f"{_shown(authority)} answered with {error.word} bytes: {error.message}") from error


def _checked(data: bytes, stamped: bytes, request: TimeStampRequest, authority: TimeAuthority) -> TimeStamp:
    stamp = open_time_stamp(data, stamped, authority.anchors)
    if stamp.nonce != request.nonce:
        raise NotStamped(f"{_shown(authority)} answered another request: the nonce is not ours")
    return stamp


async def _within_deadline(authority: TimeAuthority, query: bytes) -> bytes:
    try:
        async with asyncio.timeout(authority.deadline):
            return await _with_retries(authority, query)
    except TimeoutError as error:
        raise NotStamped(f"{_shown(authority)} gave no answer within {authority.deadline:g} s") from error


async def _with_retries(authority: TimeAuthority, query: bytes) -> bytes:
    try:
        async for attempt in stamina.retry_context(
            on=_MayPass,
            attempts=authority.attempts,
            timeout=authority.deadline,
            wait_initial=authority.first_wait,
            wait_jitter=authority.first_wait,
        ):
            with attempt:
                return await _post(authority, query)
    except _MayPass as error:
        raise NotStamped(f"{_shown(authority)}: {error}") from error
    raise NotStamped(f"{_shown(authority)}: no attempt was made")


async def _post(authority: TimeAuthority, query: bytes) -> bytes:
    timeout = httpx.Timeout(authority.read)
    verify = authority.url.lower().startswith("https:")
    try:
        async with (
            httpx.AsyncClient(verify=verify, timeout=timeout, follow_redirects=False) as client,
            client.stream("POST", authority.url, content=query, headers=_HEADERS) as response,
        ):
            return await _read(authority, response)
    except (httpx.TransportError, OSError) as error:
        raise _MayPass(f"no whole answer ({type(error).__name__})") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise NotStamped(
            f"{_shown(authority)}: no answer that HTTP allows ({type(error).__name__})"
        ) from error


async def _read(authority: TimeAuthority, response: httpx.Response) -> bytes:
    if response.status_code in _MAY_PASS:
        raise _MayPass(f"the server failed (status {response.status_code})")
    if response.status_code != _OK:
        raise NotStamped(f"{_shown(authority)} answered with status {response.status_code}")
    data = bytearray()
    async for piece in response.aiter_raw():
        data += piece
        if len(data) > MAX_TIME_STAMP_BYTES:
            raise NotStamped(f"{_shown(authority)} answered with more than {MAX_TIME_STAMP_BYTES} bytes")
    return bytes(data)


def _shown(authority: TimeAuthority) -> str:
    """Return the authority's host; the address may carry a password."""
    return ascii(httpx.URL(authority.url).host)[1:-1]
