"""Content negotiation (RFC 9110 section 12) and conditional requests (section 13).

Pure functions of header values; they never raise, whatever the bytes. ``acceptable_codings`` is cached,
since clients send few different values.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from functools import lru_cache

CODINGS = ("br", "zstd", "gzip", "identity")
"""Available content codings in order of preference (usually the smallest first)."""

_UNSTATED_IDENTITY = 0.0005
"""Below every valid weight: identity is acceptable unless excluded, but comes last."""

_ELEMENT = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z/-]+)"
    r"((?:[ \t]*;[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+=(?:[^\s;,\"]+|\"[^\"]*\"))*)[ \t]*"
)
_WEIGHT = re.compile(r";[ \t]*q=([^\s;,]+)", re.IGNORECASE)
_QVALUE = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@lru_cache(maxsize=256)
def acceptable_codings(field: bytes | None) -> tuple[str, ...]:
    """Return the codings that ``Accept-Encoding`` allows, best first (RFC 9110 section 12.5.3)."""
    if field is None:
        return ("identity",)
    weights = dict(_weights(field))
    unstated = {"identity": weights.get("*", _UNSTATED_IDENTITY)}
    ranked = {each: weights.get(each, unstated.get(each, weights.get("*", 0.0))) for each in CODINGS}
    return tuple(sorted((each for each in CODINGS if ranked[each] > 0), key=lambda each: -ranked[each]))


def prefers(field: bytes | None, media_type: str) -> bool:
    """Return whether ``Accept`` names a media type and ranks it no lower than JSON (RFC 9110 section 12.5.1).

    ``*/*`` or no header selects JSON; browsers name ``text/html``.
    """
    if field is None or media_type.encode("ascii") not in field.lower():
        return False
    weights = dict(_weights(field))
    wanted = weights.get(media_type, 0.0)
    json = max(weights.get("application/problem+json", 0.0), weights.get("application/json", 0.0))
    return wanted > 0 and wanted >= json


def _weights(field: bytes) -> Iterator[tuple[str, float]]:
    """Yield name and weight of each well-formed list element; malformed ones are skipped."""
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
"""RFC 9110 section 8.8.3; a preceding ``W/`` is ignored in weak comparison."""

_MAYBE_WEAK_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def none_match_fails(field: bytes, etag: bytes) -> bool:
    """Return whether ``If-None-Match`` names the current representation (RFC 9110 section 13.1.2)."""
    if field.strip(b" \t") == b"*":
        return True
    return etag in field and etag in _OPAQUE_TAG.findall(field)


def match_fails(field: bytes, etag: bytes) -> bool:
    """Return whether ``If-Match`` excludes the current representation (RFC 9110 section 13.1.1)."""
    if field.strip(b" \t") == b"*":
        return False
    return (b"", etag) not in _MAYBE_WEAK_TAG.findall(field)


def modified_after(field: bytes, modified: int) -> bool:
    """Return whether ``If-Unmodified-Since`` is older than the representation (section 13.1.4)."""
    since = http_date(field)
    return since is not None and modified > since


def unmodified_since(field: bytes, modified: int) -> bool:
    """Return whether ``If-Modified-Since`` is not older than the representation (section 13.1.3)."""
    since = http_date(field)
    return since is not None and modified <= since


def http_date(field: bytes) -> int | None:
    """Return an HTTP date in seconds since the epoch, or ``None`` if it is not valid."""
    if b"," in field and not field.endswith(b" GMT"):  # valid in email, but not in HTTP
        return None
    try:
        instant = parsedate_to_datetime(field.decode("latin-1"))
        return int(instant.replace(tzinfo=instant.tzinfo or dt.UTC).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
