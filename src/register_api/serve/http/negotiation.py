"""Which form of a reply a client wants (RFC 9110 section 12), and whether it has it already (section 13).

Pure functions of header values, which read any bytes without raising. ``acceptable_codings`` keeps its
answers, since clients send few different values.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache

CODINGS = ("br", "zstd", "gzip", "identity")
"""Content codings we have, the one we would rather send first (usually the smallest)."""

_UNSTATED_IDENTITY = 0.0005
"""Below every weight that can be written: identity is acceptable unless excluded, but wanted last."""

_ELEMENT = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z/-]+)"
    r"((?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[^\s;,\"]+|\"[^\"]*\"))*)[ \t]*"
)
_WEIGHT = re.compile(r";[ \t]*q=([^\s;,]+)", re.IGNORECASE)
_QVALUE = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@lru_cache(maxsize=256)
def acceptable_codings(field: bytes | None) -> tuple[str, ...]:
    """Return the codings that an ``Accept-Encoding`` accepts, best first (RFC 9110 section 12.5.3)."""
    if field is None:
        return ("identity",)
    weights = dict(_weights(field))
    unstated = {"identity": weights.get("*", _UNSTATED_IDENTITY)}
    ranked = {each: weights.get(each, unstated.get(each, weights.get("*", 0.0))) for each in CODINGS}
    return tuple(sorted((each for each in CODINGS if ranked[each] > 0), key=lambda each: -ranked[each]))


def prefers(field: bytes | None, media_type: str) -> bool:
    """Tell whether an ``Accept`` names a media type, and not less than JSON (RFC 9110 section 12.5.1).

    A program that sends ``*/*`` or nothing gets JSON; a browser names ``text/html``.
    """
    if field is None or media_type.encode("ascii") not in field.lower():
        return False
    weights = dict(_weights(field))
    wanted = weights.get(media_type, 0.0)
    json = max(weights.get("application/problem+json", 0.0), weights.get("application/json", 0.0))
    return wanted > 0 and wanted >= json


def _weights(field: bytes) -> Iterator[tuple[str, float]]:
    """Yield name and weight of each well-formed element of a list; others are passed over."""
    for element in field.decode("latin-1").split(","):
        match = _ELEMENT.fullmatch(element)
        if match is None:
            continue
        name = match[1].lower()
        weight = _WEIGHT.search(match[2])
        value = weight[1] if weight else "1"
        if _QVALUE.fullmatch(value):
            yield ("gzip" if name == "x-gzip" else name), float(value)  # section 8.4.1.3


_OPAQUE_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
"""RFC 9110 section 8.8.3; what stands before it (``W/``) does not count in a weak comparison."""

_MAYBE_WEAK_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def none_match_fails(field: bytes, etag: bytes) -> bool:
    """Tell whether ``If-None-Match`` names the current representation (RFC 9110 section 13.1.2)."""
    if field.strip(b" \t") == b"*":
        return True
    return etag in field and etag in _OPAQUE_TAG.findall(field)


def match_fails(field: bytes, etag: bytes) -> bool:
    """Tell whether ``If-Match`` does not name the current representation (RFC 9110 section 13.1.1)."""
    if field.strip(b" \t") == b"*":
        return False
    return (b"", etag) not in _MAYBE_WEAK_TAG.findall(field)


def modified_after(field: bytes, modified: int) -> bool:
    """Tell whether ``If-Unmodified-Since`` is older than the representation (section 13.1.4)."""
    since = http_date(field)
    return since is not None and modified > since


def unmodified_since(field: bytes, modified: int) -> bool:
    """Tell whether ``If-Modified-Since`` is not older than the representation (section 13.1.3)."""
    since = http_date(field)
    return since is not None and modified <= since


def http_date(field: bytes) -> int | None:
    """Return the instant of an HTTP date in seconds since the epoch, or ``None`` if it is none."""
    if b"," in field and not field.endswith(b" GMT"):  # what mail has besides is no date of HTTP
        return None
    try:
        instant = parsedate_to_datetime(field.decode("latin-1"))
        return int(instant.replace(tzinfo=instant.tzinfo or dt.UTC).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
