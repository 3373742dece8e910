"""Judgements on bytes: what came against what its headers say, and against what came before."""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator

import brotli
import zstandard

from register_api.conformance.exchange_context import ExchangeContext
from register_api.core.format import tree

_WORTH_IT = 1024
"""From this many bytes on, a file that compresses has ready forms."""

_PART = 206
_UNSATISFIABLE = 416
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)/(\d+)|\*/(\d+))")

_AS_GET = (
    "content-type",
    "content-length",
    "content-encoding",
    "etag",
    "last-modified",
    "cache-control",
    "repr-digest",
    "link",
)


def whole(context: ExchangeContext) -> Iterator[str]:
    """The body has the length that was announced, and is not empty (RFC 9110 section 8.6)."""
    announced = context.header("content-length")
    if announced and announced != str(len(context.answer.body)):
        yield f"Content-Length says {announced[:20]}, {len(context.answer.body)} bytes came"
    if not context.answer.body:
        yield "the body is empty"


def same(context: ExchangeContext) -> Iterator[str]:
    """The body is that of the first exchange."""
    if context.answer.body != context.first.body:
        yield "other bytes than at the first request"


def as_get(context: ExchangeContext) -> Iterator[str]:
    """The headers are those that GET had (RFC 9110 section 9.3.2)."""
    for name in _AS_GET:
        value, expected = context.header(name), context.first.headers.get(name, "")
        if value != expected and (value or name != "content-length"):
            yield f"{name} is {value[:80]!r}, GET had {expected[:80]!r}"


def digest_of_the_body(context: ExchangeContext) -> Iterator[str]:
    """``Repr-Digest`` is the SHA-256 of the bytes that came (RFC 9530 section 3)."""
    field = context.header("repr-digest")
    match = _DIGEST.search(field)
    if match is None:
        yield f"Repr-Digest is {field[:80]!r}, no SHA-256" if field else "Repr-Digest is missing"
    elif base64.b64decode(match[1]) != hashlib.sha256(context.answer.body).digest():
        yield "Repr-Digest is not the SHA-256 of the bytes that came"


def coding(context: ExchangeContext) -> Iterator[str]:
    """A ready form comes where one is worth it: other bytes, other tag, decoded the same file."""
    wanted, came = context.exchange.with_["Accept-Encoding"], context.header("content-encoding")
    if came == "":
        yield from _no_coding(context, wanted)
        return
    if came != wanted:
        yield f"Content-Encoding is {came[:40]!r}, only {wanted} was acceptable"
        return
    if _decoded(came, context.answer.body, len(context.first.body) + 1) != context.first.body:
        yield f"decoded from {came} it is not the file"
    if context.header("etag") == context.first.headers.get("etag", "") != "":
        yield f"the {came} form has the ETag of the plain form"


def _no_coding(context: ExchangeContext, wanted: str) -> Iterator[str]:
    compresses = context.place is None or context.place.kind.media.compress
    if compresses and len(context.first.body) >= _WORTH_IT:
        yield f"there is no {wanted} form of {len(context.first.body)} bytes"
    yield from same(context)


def _decoded(name: str, data: bytes, most: int) -> bytes | None:
    """Return a decoded body, but no more of it than is asked for: a host may send a bomb."""
    decoders: dict[str, Callable[[], bytes]] = {
        "gzip": lambda: gzip.GzipFile(fileobj=io.BytesIO(data)).read(most),
        "br": lambda: brotli.Decompressor().process(data, output_buffer_limit=most),
        "zstd": lambda: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read(most),
    }
    try:
        return decoders[name]()
    except (KeyError, OSError, EOFError, ValueError, zlib.error, brotli.error, zstandard.ZstdError):
        return None


def ranges(context: ExchangeContext) -> Iterator[str]:
    """The whole comes, or exactly the part that ``Content-Range`` names (RFC 9110 section 14)."""
    plain, answer = context.first.body, context.answer
    if answer.status not in (_PART, _UNSATISFIABLE):
        yield from same(context)
        return
    match = _CONTENT_RANGE.fullmatch(context.header("content-range"))
    if answer.status == _UNSATISFIABLE:
        if match is not None and match[4] is not None and int(match[4][:20]) != len(plain):
            yield "Content-Range gives another length than the file has"
        return
    if match is None or match[1] is None:
        yield "206 without a Content-Range that names one part"
        return
    start, end, size = (int(match[number][:20]) for number in (1, 2, 3))
    if size != len(plain) or answer.body != plain[start : end + 1] or not answer.body:
        yield "the bytes are not the part that Content-Range names"


def register_digest(context: ExchangeContext) -> Iterator[str]:
    """``Register-Digest`` is that of the version that ``Register-Version`` names."""
    version = context.header("register-version")
    if not version.isascii() or not version.isdigit():
        yield f"Register-Version is {version[:40]!r}"
        return
    register = context.peek(tree.VERSION_REGISTER.path(int(version[:9]))).body
    match = _DIGEST.fullmatch(context.header("register-digest"))
    try:
        told = base64.b64decode(match[1], validate=True) if match else b""
    except binascii.Error:
        told = b""
    if told != hashlib.sha256(register).digest():
        yield f"Register-Digest is not the SHA-256 of version {version[:9]}"
