"""What one client may ask of the service: every bound, how it is told of each, and who keeps the time.

Sizes are the same for everyone and stand here (docs/limits.md). Times and the number of connections are
settings. One sweep over all connections twice a second replaces a timer for each: the hot path sets no timer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from register_api.serve.http.problems import Problem
from register_api.serve.logs import Counters
from register_api.serve.settings import Settings

MAX_TARGET_BYTES = 16 * 1024
"""Of the request target; RFC 9110 section 4.1 asks for 8,000 at least."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; nothing here needs more than a few kilobytes."""

MAX_HEADERS = 100
"""Header fields of one request."""

MAX_PIPELINED = 16
"""Requests that wait for their turn on one connection; the last that is taken closes it."""

MIN_BYTES_PER_SECOND = 1024
"""What a client has to take of a reply, on the average over ``send_seconds``."""

SEND_BUFFER_BYTES = 256 * 1024
"""What the operating system keeps for a client that does not read, a connection."""

LINGER_SECONDS = 2.0
"""How long a connection that was given its last reply is still listened to, so that it arrives."""

MAX_WAITING_QUESTIONS = 64
"""Questions that wait to be computed, of all clients together; the one that would be last is refused."""

SPARE_CONNECTIONS = 256
"""Connections above the most that may be which are told so; those above these are just closed."""


NO_REQUEST = Problem("bad-request", "These bytes are not an HTTP/1.1 request.")
NO_HOST = Problem("bad-request", "A request has exactly one Host header.")
TARGET_TOO_LONG = Problem("uri-too-long", f"The request target may have {MAX_TARGET_BYTES} bytes at most.")
HEAD_TOO_LARGE = Problem(
    "head-too-large",
    f"The head of a request may have {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} header fields at most.",
)
TOO_SLOW = Problem("too-slow", "The head of the request was not whole in time.")
TOO_MANY = Problem("too-many-connections", "As many connections are open as may be; try again soon.")


class Progress:
    """Watches how much a client has left to take, from one look at it to the next.

    While a reply is written, what is left only shrinks, so that little less after a while means a client
    that is too slow. When a further reply was written meanwhile that says nothing, and the while begins
    again; but replies are held back as long as much is left, so a client that takes nothing cannot have
    that go on for ever.
    """

    __slots__ = ("_left", "_replies", "_since")

    def __init__(self) -> None:
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


class ConnectionReaper:
    """Sweeps the connections of one process, and holds what they have in common.

    ``now`` are seconds of a clock that only goes forward, at the last sweep; never 0.
    """

    def __init__(self, settings: Settings, counters: Counters | None = None) -> None:
        self.settings = settings
        self.counters = counters or Counters()
        self.now = time.monotonic()

    def sweep(self, connections: Iterable[Any]) -> None:
        """Check every connection, if it is time to."""
        now = time.monotonic()
        if now - self.now < min(0.5, self.settings.head_seconds, self.settings.send_seconds):
            return
        self.now = now
        for connection in list(connections):
            connection.check_timeouts(now)
