"""How long a server asks to be left alone (RFC 9110 section 10.2.3)."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

LONGEST = 86_400
"""Seconds; what asks for more is taken for that much."""

_DIGITS = len(str(LONGEST))


def seconds_asked(retry_after: str, now: dt.datetime) -> int:
    """Return the seconds that a ``Retry-After`` asks for; what cannot be read asks for none.

    Args:
        retry_after: Value of the header, seconds or a date.
        now: The present instant, UTC.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        digits = text.lstrip("0")
        return min(int(digits or "0"), LONGEST) if len(digits) <= _DIGITS else LONGEST
    try:
        seconds = (parsedate_to_datetime(text) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return 0
    return min(max(0, round(seconds)), LONGEST)
