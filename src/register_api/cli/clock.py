"""The one place where the clock is read."""

from __future__ import annotations

import datetime as dt


def now() -> dt.datetime:
    """Return the present instant in UTC, cut to whole seconds (docs/format.md, Bytes)."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
