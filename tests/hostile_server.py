"""Servers on a real socket that answer as a test decides: at once, never, endlessly, or with garbage."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING

from patience import PATIENCE
from running import serving

if TYPE_CHECKING:
    import ssl

Answer = Callable[[socket.socket, bytes], None]
"""Answers one request, given the connection and the received bytes."""


class Server:
    """A server that answers each request with ``answer``.

    Attributes:
        answer: Answers a request; may be replaced while the server runs.
        requests: Every request, in order.
        base: Address of the server.
    """

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self._tls = tls
        self.requests: list[bytes] = []
        self._serving = serving(ThreadingTCPServer(("127.0.0.1", 0), self._handle))
        self.base = self._serving.__enter__()
        if tls is not None:
            self.base = self.base.replace("http:", "https:")

    def _handle(self, connection: socket.socket, *_: object) -> None:
        """Answer on a connection; called by ``socketserver``."""
        connection.settimeout(PATIENCE)
        try:
            with (
                connection
                if self._tls is None
                else self._tls.wrap_socket(connection, server_side=True) as opened
            ):
                while request := opened.recv(65536):
                    self.requests.append(request)
                    self.answer(opened, request)
        except OSError:
            return

    def close(self) -> None:
        """Stop accepting connections."""
        self._serving.__exit__(None, None, None)


def reply(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> Answer:
    """Answer at once."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection, _: connection.sendall(data)


def raw(data: bytes) -> Answer:
    """Answer with these bytes and close."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return answer


def drip(start: bytes, piece: bytes, pause: float = 0.05) -> Answer:
    """Answer piece by piece until the client hangs up."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return answer


def silence(connection: socket.socket, _: bytes) -> None:
    """Never answer; the client has to hang up."""
    connection.recv(1)


def path_of(request: bytes) -> str:
    """Return the requested path, without its leading slash."""
    return request.split(b" ", 2)[1].decode("ascii", "replace").removeprefix("/")
