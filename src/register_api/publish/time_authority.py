"""Asking a time-stamping authority (RFC 3161 section 3.4, time stamp protocol via HTTP).

Redirects are not followed. What came is kept only if it is a stamp of these bytes, for this request, at a
time that this machine's clock can believe.

It is kept in strict DER: CMS is BER on the wire, and openssl writes the certificates of an answer as they
come, while in DER the elements of a set stand in ascending order (X.690 section 11.6), and strict readers
refuse others. No signature covers that set, and sorting changes no length.
"""

from __future__ import annotations

import asyncio

import msgspec
import rfc3161_client
from cryptography import x509
from rfc3161_client import TimeStampRequest

from register_api.bounded_http.client import OK, BoundedClient, read_url
from register_api.bounded_http.limits import HttpLimits
from register_api.core.log.time_stamp import MAX_TIME_STAMP_BYTES, TimeStamp, open_time_stamp
from register_api.core.printable import printable
from register_api.errors import NotStamped, VerificationError

_CERTIFICATES = 0xA0
_LONG_LENGTH = 0x80
_MAX_LENGTH_BYTES = 4

_STATUS_THEN_TOKEN = 2
_SIGNED_DATA_HEAD = 3
"""Version, digest algorithms and content stand before the certificates (RFC 5652 section 5.1)."""


class _Element(msgspec.Struct, frozen=True):
    """One DER element: its tag, where it begins, where its content begins, and where it ends."""

    tag: int
    start: int
    content: int
    end: int


def sort_certificates(answer: bytes) -> bytes:
    """Return a TimeStampResp with its certificates in the order of DER; what is none comes back as it is."""
    try:
        found = _certificates(answer)
        if found is None:
            return answer
        elements = _children(answer, found)
    except ValueError:
        return answer
    ordered = sorted(answer[one.start : one.end] for one in elements)
    return answer[: found.content] + b"".join(ordered) + answer[found.end :]


def _certificates(answer: bytes) -> _Element | None:
    """Return the set of certificates: response, token, its content, signed data (RFC 3161, RFC 5652)."""
    response = _element(answer, 0, len(answer))
    parts = _children(answer, response)
    if len(parts) != _STATUS_THEN_TOKEN:
        return None
    content = _children(answer, parts[1])[-1]
    (signed,) = _children(answer, content)
    candidates = _children(answer, signed)[_SIGNED_DATA_HEAD:][:1]
    return next((one for one in candidates if one.tag == _CERTIFICATES), None)


def _children(data: bytes, parent: _Element) -> list[_Element]:
    """Return the elements within one."""
    found, at = [], parent.content
    while at < parent.end:
        found.append(_element(data, at, parent.end))
        at = found[-1].end
    if not found:
        raise ValueError
    return found


def _element(data: bytes, start: int, end: int) -> _Element:
    """Return the element that begins at a place."""
    content = start + 2
    if content > end:
        raise ValueError
    tag, length = data[start:content]
    if length >= _LONG_LENGTH:
        size = length - _LONG_LENGTH
        if not 0 < size <= _MAX_LENGTH_BYTES:
            raise ValueError
        length, content = int.from_bytes(data[content : content + size], "big"), content + size
    if content + length > end:
        raise ValueError
    return _Element(tag, start, content, content + length)


LIMITS = HttpLimits(exchange=30.0, first_wait=0.5)
"""For one stamp."""

_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class TimeAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask.

    Attributes:
        url: Absolute ``http`` or ``https`` URL that takes time-stamp queries.
        anchors: Root certificates that its stamps have to lead to; ``None``: that is not checked.
        limits: Bounds on asking.
    """

    url: str
    anchors: tuple[x509.Certificate, ...] | None = None
    limits: HttpLimits = LIMITS


def check_url(text: str) -> str:
    """Return the address of an authority as it was given; it may have a user and a query."""
    read_url(text, plain=False)
    return text


def ask(authority: TimeAuthority, stamped: bytes) -> tuple[bytes, TimeStamp]:
    """Let an authority stamp bytes with SHA-256, a fresh nonce and its certificates in the answer."""
    algorithm = rfc3161_client.HashAlgorithm.SHA256
    request = rfc3161_client.TimestampRequestBuilder().data(stamped).hash_algorithm(algorithm).build()
    data = sort_certificates(asyncio.run(_post(authority, request.as_bytes())))
    try:
        return data, _checked(data, stamped, request, authority)
    except VerificationError as error:
        raise NotStamped(f"{_host(authority)} answered with {error.word} bytes: {error.message}") from error


def _checked(data: bytes, stamped: bytes, request: TimeStampRequest, authority: TimeAuthority) -> TimeStamp:
    stamp = open_time_stamp(data, stamped, authority.anchors)
    if stamp.nonce != request.nonce:
        raise NotStamped(f"{_host(authority)} answered another request: the nonce is not ours")
    return stamp


async def _post(authority: TimeAuthority, query: bytes) -> bytes:
    url = read_url(authority.url, plain=False)
    try:
        async with BoundedClient(authority.limits, command="publish") as client:
            reply = await client.post(url, MAX_TIME_STAMP_BYTES, content=query, headers=_HEADERS)
    except VerificationError as error:
        raise NotStamped(f"{_host(authority)}: {error.message}") from error
    if reply.status != OK:
        raise NotStamped(f"{_host(authority)} answered with status {reply.status}")
    return reply.body


def _host(authority: TimeAuthority) -> str:
    """Return the authority's host; the address may carry a password."""
    return printable(read_url(authority.url, plain=False).host)
