"""Requests to a time-stamping authority (RFC 3161 section 3.4, time stamp protocol via HTTP).

Responses are stored in strict DER. CMS allows BER, and openssl writes certificates in any order, but DER
sorts the elements of a set (X.690 section 11.6), and strict parsers reject other orders. No signature covers
that set, and sorting changes no length.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec
import rfc3161_client
from cryptography import x509

from register_api.bounded_http.client import OK, BoundedClient, read_url
from register_api.bounded_http.limits import HttpLimits
from register_api.core.log.time_stamp import (
    MAX_TIME_STAMP_BYTES,
    TimeStamp,
    open_time_stamp,
)
from register_api.core.text import printable
from register_api.errors import NotStamped, VerificationError

_CERTIFICATES, _LONG_LENGTH = 0xA0, 0x80


class _Element(NamedTuple):
    """A DER element: its tag, its content, and its whole encoding."""

    tag: int
    content: bytes
    whole: bytes


def sort_certificates(answer: bytes) -> bytes:
    """Return a TimeStampResp with its certificates in DER order; other data is returned unchanged."""
    try:
        (response,) = _elements(answer)
        _, token = _elements(response.content)
        (signed,) = _elements(_elements(token.content)[-1].content)
        # Version, digest algorithms and content precede the certificates (RFC 5652 section 5.1).
        found = _elements(signed.content)[3]
        ordered = sorted(each.whole for each in _elements(found.content))
    except (ValueError, IndexError):
        return answer
    if found.tag != _CERTIFICATES or answer.count(found.content) != 1:
        return answer
    return answer.replace(found.content, b"".join(ordered))


def _elements(data: bytes) -> list[_Element]:
    found, at = [], 0
    while at < len(data):
        tag, length = data[at : at + 2]
        begin = at + 2
        if length >= _LONG_LENGTH:
            size = data[begin : begin + length - _LONG_LENGTH]
            if not size or len(size) < length - _LONG_LENGTH:
                raise ValueError("a length that is not stated")
            length, begin = int.from_bytes(size, "big"), begin + len(size)
        end = begin + length
        if end > len(data):
            raise ValueError("an element that goes on behind its parent")
        found.append(_Element(tag, data[begin:end], data[at:end]))
        at = end
    return found


LIMITS = HttpLimits(exchange=30.0, first_wait=0.5)
"""Limits of one request for a timestamp."""

_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


class TimeAuthority(msgspec.Struct, frozen=True, kw_only=True):
    """An authority by ``http`` or ``https`` URL; without anchors its certificate chain is not checked."""

    url: str
    anchors: tuple[x509.Certificate, ...] | None = None
    limits: HttpLimits = LIMITS


def check_url(text: str) -> str:
    """Return the URL of an authority unchanged if it is valid; it may contain a user and a query."""
    read_url(text, plain=False)
    return text


def ask(authority: TimeAuthority, stamped: bytes) -> tuple[bytes, TimeStamp]:
    """Request a timestamp over bytes, with SHA-256, a fresh nonce and certificates in the response."""
    algorithm = rfc3161_client.HashAlgorithm.SHA256
    request = rfc3161_client.TimestampRequestBuilder().data(stamped).hash_algorithm(algorithm).build()
    data = sort_certificates(asyncio.run(_post(authority, request.as_bytes())))
    try:
        stamp = open_time_stamp(data, stamped, authority.anchors)
    except VerificationError as error:
        raise NotStamped(f"{_host(authority)} answered with {error.word} bytes: {error.message}") from error
    if stamp.nonce != request.nonce:
        raise NotStamped(f"{_host(authority)} answered another request: the nonce is not ours")
    return data, stamp


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
    """Return the authority's host only, because its URL may contain a password."""
    return printable(read_url(authority.url, plain=False).host)
