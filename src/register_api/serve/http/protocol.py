"""HTTP/1.1 with a bound on what a request may send before it is whole."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from register_api.serve.http.problem_replies import bare_reply
from register_api.serve.http.problems import Problem

MAX_HEAD_BYTES = 64 * 1024
"""Request line and headers together; nothing here needs more than a few kilobytes."""

MAX_TARGET_BYTES = 16 * 1024
"""The request target alone; RFC 9110 section 4.1 wants at least 8,000."""

_BAD = bare_reply(Problem("bad-request", "These bytes are no HTTP/1.1 request that names one host."))
_LONG_TARGET = bare_reply(Problem("uri-too-long", f"A request target may have {MAX_TARGET_BYTES} bytes."))
_LARGE_HEAD = bare_reply(Problem("head-too-large", f"The head of a request may have {MAX_HEAD_BYTES} bytes."))


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself would collect headers without end.

    A head that is too long is answered with 414 or 431, one without a ``Host`` with 400; after that the
    connection is closed.
    """

    url = b""  # before a request line begins, the library has none
    _unfinished = 0
    _refusal = _BAD

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection, and give up on a head that does not end."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._unfinished > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refusal = _LARGE_HEAD if len(self.url) <= MAX_TARGET_BYTES else _LONG_TARGET
            self.send_400_response("")

    def on_headers_complete(self) -> None:
        """Look at a head that is whole; what follows it is counted anew.

        Raises:
            ValueError: It is refused; the parser's caller calls ``send_400_response`` for this.
        """
        refusal = self._refusal_of_head()
        if refusal is not None:
            self._refusal = refusal
            raise ValueError("the head of a request is refused")
        self._unfinished = 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are no HTTP with a problem, like every other error, and close.

        Args:
            msg: The library's words, which are not passed on.
        """
        del msg
        self.transport.write(self._refusal)
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        """Count anew: this is no head."""
        self._unfinished = 0
        super().on_body(body)

    def _refusal_of_head(self) -> bytes | None:
        """Return the reply to a head that is refused; ``None`` if it is good."""
        if len(self.url) > MAX_TARGET_BYTES:
            return _LONG_TARGET
        if self._unfinished > MAX_HEAD_BYTES and self._head_size() > MAX_HEAD_BYTES:
            return _LARGE_HEAD
        hosts = sum(1 for name, _ in self.headers if name == b"host")
        # RFC 9112 section 3.2: with HTTP/1.1 exactly one, before it none or one.
        needed = self.parser.get_http_version() == "1.1"
        return _BAD if hosts > 1 or (needed and not hosts) else None

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
