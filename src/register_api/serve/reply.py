"""Replies as ASGI messages: bytes and headers of every representation, prepared when it is loaded.

Terms as in RFC 9110 section 3: a URL identifies a *resource*; a *representation* is one form of it, here
one content coding, with its own entity tag.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, MutableMapping
from email.utils import format_datetime
from typing import Any, Generic, TypeVar

import msgspec

from register_api.core import headers, strict_base64
from register_api.core.format.kind import CacheClass, FileKind

Scope = MutableMapping[str, Any]
"""ASGI scope: method, path, headers as pairs of bytes with lower-case names."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Header = tuple[bytes, bytes]
Headers = Iterable[Header]


def start_message(status: int, headers: Iterable[Header]) -> Message:
    """Return the message that starts a reply; the headers are an immutable tuple."""
    return {"type": "http.response.start", "status": status, "headers": tuple(headers)}


def body_message(body: bytes, *, more_body: bool = False) -> Message:
    """Return a message with the body of a reply, or with a piece of it."""
    return {"type": "http.response.body", "body": body, "more_body": more_body}


NO_BODY = body_message(b"")
"""Ends a reply to HEAD, a 204 and a 304."""

PIECE_BYTES = 64 * 1024
"""Bytes of a body written at once, which bounds the delay for other clients and the memory for slow ones."""

Body = tuple[Message, ...]
"""A complete body: one message for each piece, at least one."""


def header(headers: Headers, wanted: bytes) -> bytes | None:
    """Return a request header, with repeated fields joined by commas (RFC 9110 section 5.3), or ``None``."""
    values = [value for name, value in headers if name == wanted]
    return b", ".join(values) if values else None


def network_of(scope: Scope, bits: Mapping[int, int]) -> str:
    """Return the network of a client, or of its proxy; ``bits`` is the prefix length by IP version."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address("" if client is None else client[0].partition("%")[0])
    except ValueError:  # a Unix socket has no address
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ipaddress.ip_network((address, bits[address.version]), strict=False))


def as_headers(headers: Mapping[str, str]) -> tuple[Header, ...]:
    """Return headers for ASGI: bytes, with names in lower case."""
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())


CORS = as_headers(headers.CORS)
NOSNIFF = as_headers(headers.NOSNIFF)
CACHE_CONTROL = {cache: value.encode("ascii") for cache, value in headers.CACHE_CONTROL.items()}


class Representation(msgspec.Struct, frozen=True, kw_only=True):
    """One representation: strong entity tag (quoted), start message of a 200, and body.

    ``unchanged`` starts a 304 (RFC 9110 section 15.4.5 lists its headers).
    """

    etag: bytes
    start: Message
    unchanged: Message
    body: Body


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource: its representations by content coding, ``identity`` always among them.

    ``modified`` is ``last_modified`` (the header value) in seconds since the epoch.
    """

    representations: dict[str, Representation]
    last_modified: bytes | None
    modified: int

    @property
    def size(self) -> int:
        """Total size of all bodies in bytes."""
        return sum(len(piece["body"]) for form in self.representations.values() for piece in form.body)


def make_resource(
    forms: Mapping[str, tuple[str, bytes]],
    *,
    media_type: str,
    cache: CacheClass = "mutable",
    modified: dt.datetime | None = None,
    more: tuple[Header, ...] = (),
    vary: bytes = b"Accept-Encoding",
) -> Resource:
    """Build a resource with all headers from SHA-256 and bytes by content coding.

    ``modified`` is when the bytes were published, ``None`` for a computed answer; ``more`` are further
    headers of a 200; ``vary`` lists the request headers that select the representation.
    """
    last_modified = None if modified is None else format_datetime(modified, usegmt=True).encode("ascii")
    dated = () if last_modified is None else ((b"last-modified", last_modified),)
    usual = ((b"cache-control", CACHE_CONTROL[cache]), (b"vary", vary), *CORS)
    representations = {}
    for coding, (sha256, body) in forms.items():
        etag = f'"{sha256[:32]}"'.encode("ascii")
        starts = range(0, len(body) or 1, PIECE_BYTES)
        start = (
            (b"content-type", media_type.encode("ascii")),
            (b"content-length", str(len(body)).encode("ascii")),
            *(() if coding == "identity" else ((b"content-encoding", coding.encode("ascii")),)),
            (b"repr-digest", structured_digest(sha256)),
            *dated,
            *NOSNIFF,
            (b"etag", etag),
            *usual,
            *more,
        )
        representations[coding] = Representation(
            etag=etag,
            start=start_message(200, start),
            unchanged=start_message(304, ((b"etag", etag), *usual)),
            body=tuple(
                body_message(body[at : at + PIECE_BYTES], more_body=at != starts[-1]) for at in starts
            ),
        )
    seconds = 0 if modified is None else int(modified.timestamp())
    return Resource(representations=representations, last_modified=last_modified, modified=seconds)


def structured_digest(sha256: str) -> bytes:
    """Return a SHA-256 digest as in RFC 9530: a dictionary with one byte sequence."""
    return b"sha-256=:" + base64.b64encode(bytes.fromhex(sha256)) + b":"


_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_SCRIPT = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def page_headers(page: bytes, kind: FileKind | None = None) -> tuple[Header, ...]:
    """Return the security headers of an HTML page.

    The page's own ``style`` elements are allowed by their SHA-256 (CSP Level 3 section 2.3.1); scripts,
    frames, forms and other origins are not.
    """
    styles = _sources(_STYLE, page)
    if kind is not None and kind.runs:
        policy = headers.program_policy(styles, _sources(_SCRIPT, page))
    else:
        policy = headers.page_policy(styles, loads=kind is not None and kind.loads)
    return as_headers({"Content-Security-Policy": policy, **headers.PAGE})


def _sources(element: re.Pattern[bytes], page: bytes) -> str:
    digests = (strict_base64.encode(hashlib.sha256(text).digest()) for text in element.findall(page))
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Least-recently-used cache, limited by the total cost of its values, e.g. in bytes."""

    def __init__(self, limit: int, cost_of: Callable[[Value], int] = lambda _: 1) -> None:
        self.limit = limit
        self.cost = 0
        self._cost_of = cost_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """Return a value and mark it as most recently used, or ``None``."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Add a value and evict the least recently used until all fit."""
        old = self._values.pop(key, None)
        if old is not None:
            self.cost -= self._cost_of(old)
        cost = self._cost_of(value)
        if cost > self.limit:
            return
        self._values[key] = value
        self.cost += cost
        while self.cost > self.limit:
            _, dropped = self._values.popitem(last=False)
            self.cost -= self._cost_of(dropped)
