"""Closes connections that exceed their time limits.

One sweep over all connections twice a second replaces a timer for each: the hot path sets no timer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Protocol

from register_api.serve.http.bounds import MIN_BYTES_PER_SECOND, ServerLimits
from register_api.serve.telemetry.counters import Counters


class Progress:
    """Watches how much a client has left to take, from one look at it to the next.

    While a reply is written, what is left only shrinks, so that little less after a while means a client
    that is too slow. When a further reply was written meanwhile that says nothing, and the while begins
    again; but replies are held back as long as much is left, so a client that takes nothing cannot have
    that go on for ever.
    """

    __slots__ = ("_left", "_replies", "_since")

    def __init__(self) -> None:
        """Begin without having looked."""
        self._left = 0
        self._replies = -1
        self._since = 0.0

    def has_stalled(self, left: int, replies: int, now: float, seconds: float) -> bool:
        """Look once more; tell whether the client is too slow."""
        if replies == self._replies:
            if now - self._since < seconds:
                return False
            if self._left - left < MIN_BYTES_PER_SECOND * seconds:
                return True
        self._left, self._replies, self._since = left, replies, now
        return False


SWEEP_SECONDS = 0.5
"""How often all connections are swept, and so how exactly times are kept."""


class Connection(Protocol):
    """A connection with time limits."""

    def check_timeouts(self, now: float) -> None:
        """End it if it has kept the service waiting for too long."""


class ConnectionReaper:
    """Sweeps the connections of one process, and holds what they have in common.

    Attributes:
        limits: How long and how many.
        counters: Where refusals are counted.
        now: Seconds of a clock that only goes forward, at the last sweep; never 0.
    """

    def __init__(self, limits: ServerLimits, counters: Counters | None = None) -> None:
        """Begin to count the time."""
        self.limits = limits
        self.counters = counters or Counters()
        self.now = time.monotonic()

    def sweep(self, connections: Iterable[Connection]) -> None:
        """Check every connection, if it is time to."""
        now = time.monotonic()
        if now - self.now < min(SWEEP_SECONDS, self.limits.head_seconds, self.limits.send_seconds):
            return
        self.now = now
        for connection in list(connections):
            connection.check_timeouts(now)
