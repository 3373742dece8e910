"""An authority's answer in strict DER: the set of its certificates put in order.

CMS is BER on the wire, and openssl writes the certificates of an answer as they come. In DER the
elements of a set stand in ascending order (X.690 section 11.6), and strict readers refuse others. No
signature covers that set, and sorting changes no length: so it is put right once, before it is kept.
"""

from __future__ import annotations

import msgspec

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
    """Return a TimeStampResp with its certificates in the order of DER; what is none comes back as it is.

    Args:
        answer: An authority's answer, or any other bytes: whether it is good is judged elsewhere.
    """
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
