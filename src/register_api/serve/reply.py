"""Replies as ASGI has them: bytes and headers of every form of a resource, made once when it is loaded.

Words as in RFC 9110 section 3: a *resource* is what a URL names; a *representation* is one form of
it, here one content coding, with its own entity tag.
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
"""What is written of a body in one go: after each piece of a long one it is other clients' turn.

However fast a client reads, the others wait for a piece, and what is kept for one that does not read is few.
"""

Body = tuple[Message, ...]
"""A whole body: one message for each piece, at least one."""


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


def as_headers(headers: Mapping[str, str]) -> tuple[Header, ...]:
    """Return headers as ASGI has them: bytes, names in lower case."""
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())


CORS = as_headers(headers.CORS)
NOSNIFF = as_headers(headers.NOSNIFF)
CACHE_CONTROL = {cache: value.encode("ascii") for cache, value in headers.CACHE_CONTROL.items()}


class Representation(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a resource: its strong entity tag with the quotes, what opens a 200, and its body.

    ``unchanged`` opens a 304 (RFC 9110 section 15.4.5 says which headers it has).
    """

    etag: bytes
    start: Message
    unchanged: Message
    body: Body


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What one URL names: its forms by content coding, of which ``identity`` is always there.

    ``modified`` is ``last_modified`` (the header's value) in seconds since the epoch.
    """

    representations: dict[str, Representation]
    last_modified: bytes | None
    modified: int

    @property
    def size(self) -> int:
        """Bytes of all bodies together."""
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
    """Build a resource with all its headers, of its SHA-256 and bytes by content coding.

    ``modified`` is when the bytes were published, ``None`` for a computed answer; ``more`` has further
    headers of a 200, ``vary`` those of a request that the form depends on.
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
    """Return a SHA-256 as RFC 9530 writes it: a dictionary with one byte sequence."""
    return b"sha-256=:" + base64.b64encode(bytes.fromhex(sha256)) + b":"


_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_SCRIPT = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def page_headers(page: bytes, kind: FileKind | None = None) -> tuple[Header, ...]:
    """Return the security headers of an HTML page.

    The page's own ``style`` elements are allowed by their SHA-256 (Content Security Policy Level 3
    section 2.3.1); everything else is refused: scripts, frames, forms, other sites.
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
    """Least-recently-used cache, bounded by the sum of its values' costs, e.g. bytes."""

    def __init__(self, limit: int, cost_of: Callable[[Value], int] = lambda _: 1) -> None:
        self.limit = limit
        self.cost = 0
        self._cost_of = cost_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: Hashable) -> Value | None:
        """Return a value, now the most recently used, or ``None``."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: Hashable, value: Value) -> None:
        """Keep a value and drop what was used longest ago until all fits."""
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
