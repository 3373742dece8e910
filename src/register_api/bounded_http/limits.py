"""Bounds on time and number for whoever asks other people's servers; light to import, unlike the client."""

from __future__ import annotations

import msgspec


class HttpLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds on one client; seconds where nothing else is said.

    Attributes:
        connect: For the connection alone.
        read: Between two pieces of a response.
        exchange: For one request, from connection to last byte, with all redirects and retries.
        run: For everything together, from the making of the client.
        requests: Number of requests, redirects and retries among them.
        redirects: How many redirects of one request are followed, all within its origin; 0: none, and a
            redirect is a response like others.
        attempts: How often is asked when the failure may be a passing one.
        first_wait: Before the second attempt; doubles from then on.
    """

    connect: float = 10.0
    read: float = 10.0
    exchange: float = 60.0
    run: float = 1800.0
    requests: int = 100_000
    redirects: int = 0
    attempts: int = 3
    first_wait: float = 0.2
