"""HTTP/1.1 with a bound on what a request may send before it is whole."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from register_api.serve.http.problem_replies import bare_reply
from register_api.serve.http.problems import Problem

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; nothing here needs more than a few kilobytes."""

_REFUSAL = bare_reply(
    Problem(
        "bad-request", f"These bytes are no HTTP/1.1 request with a head of at most {MAX_HEAD_BYTES} bytes."
    )
)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would collect headers without end.

    A head that is too long is answered with 400, and the connection is closed.
    """

    _unfinished = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection, and give up on a head that does not end."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """Look at the size of a head that came in few large pieces; what follows is counted anew.

        Raises:
            ValueError: It is too long; the parser's caller turns this into a 400.
        """
        if self._unfinished > MAX_HEAD_BYTES and self._head_size() > MAX_HEAD_BYTES:
            raise ValueError("the head of a request is too long")
        self._unfinished = 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP with a problem, like every other error, and close.

        Args:
            msg: The library's words, which are not passed on.
        """
        del msg
        self.transport.write(_REFUSAL)
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Count anew: this is no head."""
        self._unfinished = 0
        super().on_body(body)

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
