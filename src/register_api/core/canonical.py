"""Canonical JSON: encoding of structs as RFC 8785 (JCS), and strict decoding.

A document has exactly one encoding: names sorted by UTF-16 code units (RFC 8785 section 3.2.3), no white
space, no floats, integers within ±(2^53-1). Decoding refuses everything else, so that no two programs can
read different documents from the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections import Counter
from typing import Any, Generic, TypeVar

import msgspec

from register_api.core.text import printable
from register_api.errors import Malformed

MAX_DEPTH = 32
"""Maximum nesting of arrays and objects."""

MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON parser represents exactly (RFC 8785 section 3.2.2.3)."""

T = TypeVar("T")

_encoder = msgspec.json.Encoder(order="sorted")

_DIGEST = re.compile(r"[0-9a-f]{64}")

_BEYOND_BASIC_PLANE = (b"\xf0", b"\xf1", b"\xf2", b"\xf3", b"\xf4")
"""First bytes of characters beyond U+FFFF: only with such names does the order of code points, by which
msgspec sorts, differ from that of UTF-16 code units. Searching for each is faster than a pattern.
"""

_ODD_INSTANT = re.compile(rb'"[0-9]{4}-[0-9]{2}-[0-9]{2}(?!"|T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")')
"""Matches strings that begin like a date and are neither a date nor a timestamp in the form used here."""


class Encoded(msgspec.Struct, Generic[T], frozen=True):
    """A document with its canonical bytes, as signed, stored and served.

    ``document`` has what this release reads from the bytes; other releases may read more.
    """

    document: T
    data: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return digest(self.data)

    def plain(self) -> Any:
        """Return the bytes decoded to builtins, including fields unknown to this release."""
        return _plain_decoder.decode(self.data)


def _refuse_float(text: str) -> float:
    raise ValueError(text)


_decoder = msgspec.json.Decoder(float_hook=_refuse_float)
_plain_decoder = msgspec.json.Decoder()


def encode(document: object) -> bytes:
    """Return the RFC 8785 bytes of a struct or of builtins without floats: UTF-8, no final newline.

    Raises ``Malformed`` for a lone surrogate or another value that JSON cannot represent.
    """
    try:
        data = _encoder.encode(document)
        if not any(first in data for first in _BEYOND_BASIC_PLANE):
            return data
        return _encode_sorted(msgspec.to_builtins(document))
    except (UnicodeEncodeError, TypeError, ValueError, RecursionError) as error:
        raise Malformed(f"this document has no canonical form: {printable(error)}") from error


def encoded(document: T) -> Encoded[T]:
    """Return a document with its encoded bytes."""
    return Encoded(document, encode(document))


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Return whether a text has the form returned by ``digest``."""
    return _DIGEST.fullmatch(text) is not None


def parse(data: bytes, *, max_bytes: int = 16 * 2**20) -> Any:
    """Decode a document into builtins; its bytes must be in RFC 8785 form.

    Raises:
        Malformed: Too large or deep, not UTF-8, not JSON, duplicate names, floats, integers out of
            range, or bytes that are not canonical.
    """
    if len(data) > max_bytes:
        raise Malformed(f"{len(data)} bytes where at most {max_bytes} are allowed")
    try:
        data.decode("utf-8", "strict")
        document = _decoder.decode(data)
        _check_values(document, MAX_DEPTH)
    except RecursionError as error:
        raise Malformed(f"nested deeper than {MAX_DEPTH} levels") from error
    except (ValueError, msgspec.MsgspecError) as error:
        raise Malformed(f"not a JSON document as this format requires: {printable(error)}") from error
    if encode(document) != data:
        raise Malformed(_why_not_canonical(data))
    return document


def decodable(kind: type[T]) -> type[T]:
    """Class decorator for structs that are read: have msgspec describe the struct before it is used.

    msgspec does so on first use, and the process crashes if two threads do so at once (0.22).
    """
    msgspec.json.Decoder(kind)
    return kind


def decode(data: bytes, kind: type[T], *, max_bytes: int = 16 * 2**20) -> T:
    """Decode a document strictly (``parse``) into a struct; unknown fields are ignored.

    Raises:
        Malformed: As ``parse``, the document lacks its format name, a field is missing or of the wrong
            type, or a timestamp is not spelled as required.
    """
    document = parse(data, max_bytes=max_bytes)
    named = {"format", "format_minor"} & set(getattr(kind, "__struct_fields__", ()))
    if not isinstance(document, dict) or named - document.keys():
        raise Malformed(f"not a {kind.__name__} document: it does not name its format")
    try:
        found = msgspec.convert(document, kind)
    except (msgspec.ValidationError, ValueError) as error:
        raise Malformed(f"not a {kind.__name__} document: {printable(error)}") from error
    # msgspec accepts several spellings of timestamps; most documents contain none that needs the check.
    if _ODD_INSTANT.search(data):
        _check_spelling(document, msgspec.to_builtins(found, builtin_types=(dt.datetime,)))
    return found


def _check_spelling(written: Any, read: Any) -> None:
    """Raise ``Malformed`` for a timestamp not written like ``2026-05-10T09:00:00Z``."""
    if isinstance(read, dt.datetime):
        if written != f"{read.replace(tzinfo=None).isoformat(timespec='seconds')}Z":
            raise Malformed(f"the instant {ascii(written)[:40]} is not spelled like 2026-05-10T09:00:00Z")
    elif isinstance(read, dict):
        for name in read.keys() & written.keys():
            _check_spelling(written[name], read[name])
    elif isinstance(read, list | tuple):
        for pair in zip(written, read, strict=True):
            _check_spelling(*pair)


def _check_values(value: object, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
        for item in value.values() if isinstance(value, dict) else value:
            _check_values(item, depth - 1)
    elif type(value) is int and abs(value) > MAX_SAFE_INTEGER:
        raise ValueError("an integer beyond 2^53-1")


def _encode_sorted(value: object) -> bytes:
    """Encode with names sorted by UTF-16 code units (RFC 8785 section 3.2.3)."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        members = (_encoder.encode(name) + b":" + _encode_sorted(value[name]) for name in names)
        return b"{" + b",".join(members) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(_encode_sorted(item) for item in value) + b"]"
    return _encoder.encode(value)


def _why_not_canonical(data: bytes) -> str:
    duplicates: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            duplicates.append(Counter(name for name, _ in pairs).most_common(1)[0][0])
        return found

    json.loads(data, object_pairs_hook=collect)
    if duplicates:
        return f"the name {duplicates[0]!r} appears twice in one object"
    return "these bytes are not the RFC 8785 form of their content"
