"""Whether the client already has what it asks for (RFC 9110 section 13).

Pure functions of header values; they read any bytes without raising.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

_OPAQUE_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
"""RFC 9110 section 8.8.3; what stands before it (``W/``) does not count in a weak comparison."""

_MAYBE_WEAK_TAG = re.compile(rb'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_MONTH = r"(?P<month>[A-Z][a-z]{2})"
_TIME = r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})"
_DATES = (
    re.compile(rf"[A-Z][a-z]{{2}}, (?P<day>\d{{2}}) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT", re.ASCII),
    re.compile(rf"[A-Z][a-z]{{5,8}}, (?P<day>\d{{2}})-{_MONTH}-(?P<year>\d{{2}}) {_TIME} GMT", re.ASCII),
    re.compile(rf"[A-Z][a-z]{{2}} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})", re.ASCII),
)
"""IMF-fixdate, and the two forms that are obsolete but must be read (RFC 9110 section 5.6.7)."""

_CENTURY_PIVOT = 70
"""A year of two digits from here on lies in the twentieth century."""


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
    text = field.decode("latin-1")
    match = next((found for form in _DATES if (found := form.fullmatch(text))), None)
    if match is None or match["month"] not in _MONTHS:
        return None
    day, hour, minute, second = (int(match[name]) for name in ("day", "hour", "minute", "second"))
    try:
        instant = dt.datetime(
            _year(match["year"]), _MONTHS[match["month"]], day, hour, minute, second, tzinfo=dt.UTC
        )
    except ValueError:
        return None
    return int(instant.timestamp())


def _year(text: str) -> int:
    """Return a year; of two digits it is the one near ours (RFC 9110 section 5.6.7)."""
    if len(text) > len("70"):
        return int(text)
    return int(text) + (1900 if int(text) >= _CENTURY_PIVOT else 2000)
