"""Looks at all connections now and then, and ends those that keep the service waiting.

One glance at every connection twice a second replaces a timer for each: the hot path sets no timer.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from register_api.serve.telemetry.counters import Counters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from register_api.serve.http.bounds import Limits

GLANCE_SECONDS = 0.5
"""How often all connections are looked at, and so how exactly times are kept."""


class Connection(Protocol):
    """What is looked at."""

    def judge(self, now: float) -> None:
        """End it if it has kept the service waiting for too long."""


class Guard:
    """What the connections of one process have in common.

    Attributes:
        limits: How long and how many.
        counters: Where refusals are counted.
        now: Seconds of a clock that only goes forward, at the last glance; never 0.
    """

    def __init__(self, limits: Limits, counters: Counters | None = None) -> None:
        """Begin to count the time."""
        self.limits = limits
        self.counters = counters or Counters()
        self.now = time.monotonic()

    def glance(self, connections: Iterable[Connection]) -> None:
        """Look at every connection, if it is time to.

        Args:
            connections: All that are open; looking may close some of them.
        """
        now = time.monotonic()
        if now - self.now < min(GLANCE_SECONDS, self.limits.head_seconds, self.limits.send_seconds):
            return
        self.now = now
        for connection in list(connections):
            connection.judge(now)
