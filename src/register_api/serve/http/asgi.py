"""Names for the four parts of ASGI that the service touches itself (ASGI specification 3.0)."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
"""What is known of a request: method, path, headers as pairs of bytes with lower-case names."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Header = tuple[bytes, bytes]
Headers = Iterable[Header]


def start_message(status: int, headers: Iterable[Header]) -> Message:
    """Return the message that opens a reply; its headers are a tuple, so nobody can add to them."""
    return {"type": "http.response.start", "status": status, "headers": tuple(headers)}


def body_message(body: bytes, *, more_body: bool = False) -> Message:
    """Return the message that carries the body of a reply, or a piece of it."""
    return {"type": "http.response.body", "body": body, "more_body": more_body}


NO_BODY = body_message(b"")
"""Closes a reply to HEAD, a 204 and a 304."""

PIECE_BYTES = 64 * 1024
"""What is written of a body in one go; while more of it waits, it is other clients' turn."""

Body = tuple[Message, ...]
"""A whole body: one message, or one for each piece."""


def body_messages(body: bytes) -> Body:
    """Return the messages that carry a body, in pieces; an empty one has one that is empty."""
    starts = range(0, len(body) or 1, PIECE_BYTES)
    return tuple(
        body_message(body[start : start + PIECE_BYTES], more_body=start != starts[-1]) for start in starts
    )


async def send_body(body: Body, send: Send) -> None:
    """Send a body; after each piece of a long one it is other clients' turn.

    However fast a client reads, the others wait for a piece, and what is kept for one that does not read
    is a few of them.
    """
    *first, last = body
    for piece in first:
        await send(piece)
        await asyncio.sleep(0)
    await send(last)


def header(headers: Headers, wanted: bytes) -> bytes | None:
    """Return a request header, repeated fields joined by commas (RFC 9110 section 5.3), or ``None``."""
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values) if values else None


def network_of(scope: Scope, bits: Mapping[int, int]) -> str:
    """Return the network of a client, so many bits of its address by version of IP; of a proxy the proxy's.

    Headers that claim another address are not believed.
    """
    client = scope.get("client")
    try:
        address = ipaddress.ip_address("" if client is None else client[0].partition("%")[0])
    except ValueError:  # a Unix socket has no addresses
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, bits[address.version]), strict=False))
