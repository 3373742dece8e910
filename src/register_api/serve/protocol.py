"""HTTP/1.1 with a bound on what a request may send before it is whole."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; nothing here needs more than a few kilobytes."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would collect headers without end."""

    _unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection; refuse a head that is too long (RFC 9110 section 15.5.14)."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("Request head too long.")

    def on_headers_complete(self) -> None:
        """Start counting anew: the head is whole."""
        self._unfinished = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Start counting anew: what comes is a body."""
        self._unfinished = 0
        super().on_body(body)
