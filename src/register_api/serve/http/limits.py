"""Limits on clients, the responses sent when they are exceeded, and the timeout sweep.

Sizes are fixed (docs/limits.md); times and the number of connections are settings. One sweep over all
connections twice a second replaces a timer per connection, so the hot path sets no timer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from register_api.serve.http.problems import Problem
from register_api.serve.logs import Counters
from register_api.serve.settings import Settings

MAX_TARGET_BYTES = 16 * 1024
"""Maximum length of the request target; RFC 9110 section 4.1 recommends at least 8,000."""

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together."""

MAX_HEADERS = 100
"""Header fields per request."""

MAX_PIPELINED = 16
"""Pipelined requests waiting on one connection; the connection closes after the last of them."""

MIN_BYTES_PER_SECOND = 1024
"""Minimum rate at which a client must read a reply, averaged over ``send_seconds``."""

SEND_BUFFER_BYTES = 256 * 1024
"""Kernel send buffer per connection."""

LINGER_SECONDS = 2.0
"""Time for which a connection is still read after its last reply, so that the reply arrives."""

MAX_WAITING_QUESTIONS = 64
"""Requests waiting to be computed, over all clients; beyond this, the one due last is refused."""

SPARE_CONNECTIONS = 256
"""Connections above ``max_connections`` that still get an error response; further ones are only closed."""


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
    """Detects a client that reads a reply too slowly, by comparing the unsent bytes at intervals.

    Within one reply the unsent bytes only shrink, so too small a decrease means a slow client. If another
    reply was written in between, the measurement restarts. A client that reads nothing cannot restart it
    indefinitely, because new replies are held back while much is unsent.
    """

    __slots__ = ("_left", "_replies", "_since")

    def __init__(self) -> None:
        self._left = 0
        self._replies = -1
        self._since = 0.0

    def has_stalled(self, left: int, replies: int, now: float, seconds: float) -> bool:
        """Record the unsent bytes and return whether the client is too slow."""
        if replies == self._replies:
            if now - self._since < seconds:
                return False
            if self._left - left < MIN_BYTES_PER_SECOND * seconds:
                return True
        self._left, self._replies, self._since = left, replies, now
        return False


class ConnectionReaper:
    """Periodically closes connections that exceed their time limits; holds what they share.

    ``now`` is the monotonic time of the last sweep in seconds; never 0.
    """

    def __init__(self, settings: Settings, counters: Counters | None = None) -> None:
        self.settings = settings
        self.counters = counters or Counters()
        self.now = time.monotonic()

    def sweep(self, connections: Iterable[Any]) -> None:
        """Check every connection if a sweep is due."""
        now = time.monotonic()
        if now - self.now < min(0.5, self.settings.head_seconds, self.settings.send_seconds):
            return
        self.now = now
        for connection in list(connections):
            connection.check_timeouts(now)
