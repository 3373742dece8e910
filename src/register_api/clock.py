"""The one place where the clock is read; everything else is handed an instant, or a clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the present instant, aware, in UTC."""


def now() -> dt.datetime:
    """Return the present instant in UTC, cut to whole seconds (docs/format.md, Bytes)."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
