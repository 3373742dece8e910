"""The one spelling of instants and days in documents and messages (RFC 3339, in UTC, whole seconds)."""

from __future__ import annotations

import datetime as dt
import re

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def format_instant(instant: dt.datetime) -> str:
    """Return an aware instant as ``2026-05-10T09:00:00Z``; fractions of a second are cut off.

    Raises:
        ValueError: It has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return f"{instant.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_instant(text: str) -> dt.datetime:
    """Read an instant that is spelled like ``2026-05-10T09:00:00Z``.

    Raises:
        ValueError: It is spelled in another way, or there is no such instant.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError("not an instant like 2026-05-10T09:00:00Z")
    return dt.datetime.fromisoformat(text)


def instant_of(seconds: int) -> dt.datetime:
    """Return the instant of a Unix time, UTC."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def parse_day(text: str) -> dt.date:
    """Read a day of the calendar that is spelled like ``2026-05-10``.

    Raises:
        ValueError: It is spelled in another way, or there is no such day.
    """
    if not _DAY.fullmatch(text):
        raise ValueError("not a day like 2026-05-10")
    return dt.date.fromisoformat(text)
