"""Compare responses with the script: status, headers, body and further conditions."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli
import msgspec
import zstandard

from register_api.core.format import tree
from register_api.core.text import quoted
from register_api.hosting.documents import (
    catalog_link,
    discovery,
    lasting_links,
    linkset,
    neighbours,
    nothing_outside_the_tree,
    policy,
    redirects_to_the_folder,
    schema,
    service_links,
)
from register_api.hosting.script import MAX_QUOTE, ExchangeContext, filled, pattern

_MIN_COMPRESSIBLE_BYTES = 1024
"""Size in bytes from which a compressible file must be available compressed."""
_PART = 206
_UNSATISFIABLE = 416
_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)/(\d+)|\*/(\d+))")
_AS_GET = (
    "content-type", "content-length", "content-encoding", "etag", "last-modified", "cache-control",
    "repr-digest", "link",
)  # fmt: skip


def whole(context: ExchangeContext) -> Iterator[str]:
    """Check that the body is not empty and has the length in ``Content-Length`` (RFC 9110 section 8.6)."""
    announced = context.header("content-length")
    if announced and announced != str(len(context.answer.body)):
        yield f"Content-Length says {announced[:20]}, {len(context.answer.body)} bytes came"
    if not context.answer.body:
        yield "the body is empty"


def same(context: ExchangeContext) -> Iterator[str]:
    """Check that the body equals that of the first exchange."""
    if context.answer.body != context.first.body:
        yield "other bytes than at the first request"


def as_get(context: ExchangeContext) -> Iterator[str]:
    """Check that the headers equal those of GET (RFC 9110 section 9.3.2)."""
    for name in _AS_GET:
        value, expected = context.header(name), context.first.headers.get(name, "")
        if value != expected and (value or name != "content-length"):
            yield f"{name} is {value[:80]!r}, GET had {expected[:80]!r}"


def digest_of_the_body(context: ExchangeContext) -> Iterator[str]:
    """Check that ``Repr-Digest`` is the SHA-256 of the received body (RFC 9530 section 3)."""
    field = context.header("repr-digest")
    match = _DIGEST.search(field)
    if match is None:
        yield f"Repr-Digest is {field[:80]!r}, no SHA-256" if field else "Repr-Digest is missing"
    elif base64.b64decode(match[1]) != hashlib.sha256(context.answer.body).digest():
        yield "Repr-Digest is not the SHA-256 of the bytes that came"


def coding(context: ExchangeContext) -> Iterator[str]:
    """Check that a large file is sent compressed, with its own ETag, and decodes to the plain file."""
    wanted, given = context.exchange.with_["Accept-Encoding"], context.header("content-encoding")
    if given == "":
        compresses = context.place is None or context.place.kind.media.compress
        if compresses and len(context.first.body) >= _MIN_COMPRESSIBLE_BYTES:
            yield f"there is no {wanted} form of {len(context.first.body)} bytes"
        yield from same(context)
        return
    if given != wanted:
        yield f"Content-Encoding is {given[:40]!r}, only {wanted} was acceptable"
        return
    if _decoded(given, context.answer.body, len(context.first.body) + 1) != context.first.body:
        yield f"decoded from {given} it is not the file"
    if context.header("etag") == context.first.headers.get("etag", "") != "":
        yield f"the {given} form has the ETag of the plain form"


def _decoded(name: str, data: bytes, most: int) -> bytes | None:
    """Return at most ``most`` bytes of a decoded body, because a host may send a decompression bomb."""
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
    """Check that the body is the whole file, or the part in ``Content-Range`` (RFC 9110 section 14)."""
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
    """Check that ``Register-Digest`` is the digest of the version in ``Register-Version``."""
    version = context.header("register-version")
    if not version.isascii() or not version.isdigit():
        yield f"Register-Version is {version[:40]!r}"
        return
    register = context.peek(tree.VERSION_REGISTER.path(int(version[:9]))).body
    match = _DIGEST.fullmatch(context.header("register-digest"))
    if match is None or base64.b64decode(match[1]) != hashlib.sha256(register).digest():
        yield f"Register-Digest is not the SHA-256 of version {version[:9]}"


_MEMBERS = {"type": str, "title": str, "status": int, "detail": str}
_LEAKS = (
    (re.compile(rb"(?<![\w.-])(?!HTTP/)[A-Za-z][A-Za-z-]{2,}/\d+\.\d+"), "a program and its version"),
    (re.compile(rb"Traceback|\bat line \d+|\.py\b|File &quot;|File \""), "its stack"),
    (re.compile(rb"(?<![\w.:/-])/(?:srv|usr|home|root|etc|opt|var/(?:lib|www))/"), "its files"),
)
"""Patterns of information that helps an attacker, and what each reveals."""
_HEADERS = ("server", "x-powered-by", "x-aspnet-version", "x-generator")


def problem(context: ExchangeContext) -> Iterator[str]:
    """Check that the body is a problem document that matches its response (RFC 9457 section 3)."""
    if context.header("content-type") != "application/problem+json":
        yield "Content-Type is not application/problem+json"
    try:
        members: Any = msgspec.json.decode(context.answer.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        members = None
    if not isinstance(members, dict):
        yield "the body is not a JSON object"
        return
    for name, kind in _MEMBERS.items():
        if not isinstance(members.get(name), kind) or members[name] == "":
            yield f"the member {name} is missing"
    if members.get("status") != context.answer.status:
        yield f"the member status is {members.get('status')!a}, the answer's is {context.answer.status}"
    instance = members.get("instance", "")  # may be missing if the request could not be parsed
    asked = context.exchange.send.partition(" ")[2].partition("?")[0]
    fits = isinstance(instance, str) and ("$" in asked or instance.endswith(asked))
    if instance != "" and not fits:
        yield f"the member instance is {str(instance)[:80]!a}, asked was {asked[:80]}"


def silent(context: ExchangeContext) -> Iterator[str]:
    """Check that body and headers do not reveal file paths, stack traces or software versions."""
    headers = "\n".join(context.header(name) for name in _HEADERS).encode("latin-1", "replace")
    for leak, what in _LEAKS:
        found = leak.search(headers) or leak.search(context.answer.body)
        if found is not None:
            yield f"it tells of {what}: {found[0].decode('latin-1')!a}"


JUDGEMENTS: dict[str, Callable[[ExchangeContext], Iterable[str]]] = {
    "whole": whole,
    "same": same,
    "as-get": as_get,
    "digest": digest_of_the_body,
    "coding": coding,
    "range": ranges,
    "register-digest": register_digest,
    "links": lasting_links,
    "neighbours": neighbours,
    "folder": redirects_to_the_folder,
    "catalog-link": catalog_link,
    "policy": policy,
    "discovery": discovery,
    "linkset": linkset,
    "service-links": service_links,
    "schema": schema,
    "no-catch-all": nothing_outside_the_tree,
    "problem": problem,
    "silent": silent,
}
"""Name in the script to the function that yields what is wrong with an exchange."""


def complaints(context: ExchangeContext) -> list[str]:
    """Return descriptions of all that is wrong with a response."""
    exchange, answer, names = context.exchange, context.answer, context.names
    if answer.status not in exchange.allowed:
        return [f"expected status {' or '.join(map(str, exchange.allowed))}"]
    found = []
    for name, text in exchange.headers.items():
        value = context.header(name)
        if not re.fullmatch(pattern(text, names), value):
            wrong = f"does not fit {filled(text, names)}" if text else "must not be there"
            found.append(f"{name}: {quoted(value, MAX_QUOTE)} {wrong}" if value else f"{name} is missing")
    wanted, body = exchange.body, answer.body.decode("utf-8", "replace")
    if wanted == "" and body:
        found.append("a body came where there must be none")
    elif wanted and not re.search(pattern(wanted, names), body, re.DOTALL):
        found.append(f"the body does not fit {filled(wanted, names)}: {quoted(body, MAX_QUOTE)}")
    for name in exchange.holds:
        found += JUDGEMENTS[name](context)
    return found
