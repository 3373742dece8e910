"""The only place where the clock is read (other code receives a time or a clock), and time zones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from register_api.errors import Malformed

Clock = Callable[[], dt.datetime]
"""Returns the current time, aware, in UTC."""


def now() -> dt.datetime:
    """Return the current time in UTC, truncated to whole seconds (docs/format/bytes.md)."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; ``Malformed`` if this machine does not have it."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise Malformed(f"{name[:80]!a} is not a time zone that this machine knows") from error
