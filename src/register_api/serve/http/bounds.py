"""What one client may ask of the service: every bound, and how it is told of each.

Sizes are the same for everyone and stand here. Times and the number of connections are settings.
"""

from __future__ import annotations

import msgspec

from register_api.core.api.answers import Name
from register_api.serve.http.problem_replies import bare_reply
from register_api.serve.http.problems import Problem
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

BOUNDS: dict[str, int | float] = {
    "MAX_TARGET_BYTES": MAX_TARGET_BYTES,
    "MAX_HEAD_BYTES": MAX_HEAD_BYTES,
    "MAX_HEADERS": MAX_HEADERS,
    "MAX_PIPELINED": MAX_PIPELINED,
    "MIN_BYTES_PER_SECOND": MIN_BYTES_PER_SECOND,
    "SEND_BUFFER_BYTES": SEND_BUFFER_BYTES,
    "LINGER_SECONDS": LINGER_SECONDS,
    "MAX_WAITING_QUESTIONS": MAX_WAITING_QUESTIONS,
    "SPARE_CONNECTIONS": SPARE_CONNECTIONS,
}
"""Every bound that is no setting, by its name in the manual."""


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds that are settings; ``serve.settings`` says what each means."""

    keep_alive_seconds: float
    head_seconds: float
    send_seconds: float
    max_connections: int


def limits_of(settings: Settings) -> ServerLimits:
    """Return the bounds that the settings give."""
    return ServerLimits(
        keep_alive_seconds=settings.keep_alive_seconds,
        head_seconds=settings.head_seconds,
        send_seconds=settings.send_seconds,
        max_connections=settings.max_connections,
    )


class Refusal(msgspec.Struct, frozen=True):
    """What a connection is told before it is closed, when there is no request that could be answered.

    Attributes:
        status: Of the reply.
        first: The status line.
        rest: What follows the usual headers.
    """

    status: int
    first: bytes
    rest: bytes


def _refusal(name: Name, detail: str) -> Refusal:
    first, end, rest = bare_reply(Problem(name, detail)).partition(b"\r\n")
    return Refusal(int(first.split()[1]), first + end, rest)


NO_REQUEST = _refusal("bad-request", "These bytes are not an HTTP/1.1 request.")
NO_HOST = _refusal("bad-request", "A request has exactly one Host header.")
TARGET_TOO_LONG = _refusal("uri-too-long", f"The request target may have {MAX_TARGET_BYTES} bytes at most.")
HEAD_TOO_LARGE = _refusal(
    "head-too-large",
    f"The head of a request may have {MAX_HEAD_BYTES} bytes and {MAX_HEADERS} header fields at most.",
)
TOO_SLOW = _refusal("too-slow", "The head of the request was not whole in time.")
TOO_MANY = _refusal("too-many-connections", "As many connections are open as may be; try again soon.")
