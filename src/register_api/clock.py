"""The one place where the clock is read; everything else is handed an instant, or a clock. And time zones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from register_api.errors import Malformed

Clock = Callable[[], dt.datetime]
"""Returns the present instant, aware, in UTC."""


def now() -> dt.datetime:
    """Return the present instant in UTC, cut to whole seconds (docs/format/bytes.md)."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name, as this machine has it; ``Malformed`` where it has none."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise Malformed(f"{name[:80]!a} is not a time zone that this machine knows") from error
