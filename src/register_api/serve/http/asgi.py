"""Names for the four parts of ASGI that the service touches itself (ASGI specification 3.0)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
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


def body_message(body: bytes) -> Message:
    """Return the message that carries the whole body of a reply."""
    return {"type": "http.response.body", "body": body}


NO_BODY = body_message(b"")
"""Closes a reply to HEAD, a 204 and a 304."""


def header(headers: Headers, wanted: bytes) -> bytes | None:
    """Return a request header, repeated fields joined by commas (RFC 9110 section 5.3), or ``None``."""
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values) if values else None
