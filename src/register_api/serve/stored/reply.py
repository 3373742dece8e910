"""Finished replies: bytes and headers of every form of a resource, made once when it is loaded.

Words as in RFC 9110 section 3: a *resource* is what a URL names; a *representation* is one form of
it, here one content coding, with its own entity tag.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from email.utils import format_datetime
from typing import Generic, TypeVar

import msgspec

from register_api.core import headers, strict_base64
from register_api.core.format.kind import CacheClass, FileKind
from register_api.serve.http.asgi import Body, Header, Message, body_messages, start_message


def as_headers(headers: Mapping[str, str]) -> tuple[Header, ...]:
    """Return headers as ASGI has them: bytes, names in lower case."""
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())


CORS = as_headers(headers.CORS)
NOSNIFF = as_headers(headers.NOSNIFF)
CACHE_CONTROL = {cache: value.encode("ascii") for cache, value in headers.CACHE_CONTROL.items()}


class CommonHeaders(msgspec.Struct, frozen=True, kw_only=True):
    """What the headers of all forms of a resource have in common.

    Attributes:
        media_type: Value of ``Content-Type``.
        cache: Cache class, a key of ``CACHE_CONTROL``.
        modified: When the bytes were published; ``None`` for a computed answer.
        more: Further headers of a 200.
        vary: Request headers that the form depends on.
    """

    media_type: str
    cache: CacheClass
    modified: dt.datetime | None = None
    more: tuple[Header, ...] = ()
    vary: bytes = b"Accept-Encoding"


class Representation(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a resource, ready to send.

    Attributes:
        etag: Strong entity tag, with its quotes.
        start: Opens a 200.
        unchanged: Opens a 304 (RFC 9110 section 15.4.5 says which headers it has).
        body: The body of a 200; ``None`` if it is read when asked for.
    """

    coding: str
    etag: bytes
    start: Message
    unchanged: Message
    body: Body | None


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """What one URL names.

    Attributes:
        path: Path in the tree; empty for a computed answer.
        representations: By content coding; ``identity`` is always there.
        last_modified: Value of ``Last-Modified``, or ``None``.
        modified: The same in seconds since the epoch.
    """

    path: str
    representations: dict[str, Representation]
    last_modified: bytes | None
    modified: int


def make_resource(
    path: str,
    facts: CommonHeaders,
    forms: Mapping[str, tuple[str, int]],
    bodies: Mapping[str, bytes],
) -> Resource:
    """Build a resource with all its headers."""
    modified = facts.modified
    return Resource(
        path=path,
        representations={
            coding: _representation(facts, coding, *form, bodies.get(coding))
            for coding, form in forms.items()
        },
        last_modified=None if modified is None else _http_date(modified),
        modified=0 if modified is None else int(modified.timestamp()),
    )


def structured_digest(sha256: str) -> bytes:
    """Return a SHA-256 as RFC 9530 writes it: a dictionary with one byte sequence."""
    return b"sha-256=:" + base64.b64encode(bytes.fromhex(sha256)) + b":"


def _representation(
    facts: CommonHeaders, coding: str, sha256: str, size: int, body: bytes | None
) -> Representation:
    etag = f'"{sha256[:32]}"'.encode("ascii")
    shared = (
        (b"etag", etag),
        (b"cache-control", CACHE_CONTROL[facts.cache]),
        (b"vary", facts.vary),
        *CORS,
    )
    return Representation(
        coding=coding,
        etag=etag,
        start=start_message(200, (*_content_headers(facts, coding, sha256, size), *shared, *facts.more)),
        unchanged=start_message(304, shared),
        body=None if body is None else body_messages(body),
    )


def _content_headers(facts: CommonHeaders, coding: str, sha256: str, size: int) -> Iterable[Header]:
    yield b"content-type", facts.media_type.encode("ascii")
    yield b"content-length", str(size).encode("ascii")
    if coding != "identity":
        yield b"content-encoding", coding.encode("ascii")
    yield b"repr-digest", structured_digest(sha256)
    if facts.modified is not None:
        yield b"last-modified", _http_date(facts.modified)
    yield from NOSNIFF


def _http_date(instant: dt.datetime) -> bytes:
    return format_datetime(instant, usegmt=True).encode("ascii")


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
    return " ".join(f"'sha256-{_sha256(text)}'" for text in element.findall(page)) or "'none'"


def _sha256(text: bytes) -> str:
    return strict_base64.encode(hashlib.sha256(text).digest())


Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Least-recently-used cache, bounded by the sum of its values' costs.

    Attributes:
        limit: Largest sum of costs, e.g. bytes.
        cost: Sum of the costs of what is held.
    """

    def __init__(self, limit: int, cost_of: Callable[[Value], int] = lambda _: 1) -> None:
        """Make an empty cache."""
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
