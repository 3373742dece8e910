"""Makes a reply the last one on its connection, and lets it arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class LastReply:
    """Stands before a connection while its last reply is written.

    Closing at once while the client still sends would make the system throw away what it has not read
    yet, the reply with it (RFC 9112 section 9.6).
    """

    def __init__(
        self, cycle: RequestResponseCycle, transport: asyncio.Transport, leave: Callable[[], None]
    ) -> None:
        """Take the place of the connection."""
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = leave
        cycle.keep_alive = False
        cycle.transport = self  # type: ignore[assignment]
