"""Servers that answer on a real socket as a test tells them: at once, never, for ever, or with nonsense."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

Answer = Callable[[socket.socket, bytes], None]
"""Answers one request: takes the connection, and the request as it was received."""


class Server:
    """A server that answers each request as told.

    Attributes:
        answer: How requests are answered; may be replaced while the server runs.
        requests: Every request, in order.
    """

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self._tls = tls
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def base(self) -> str:
        """Address of the server."""
        scheme = "http" if self._tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/"

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._closing:
                connection.close()
                return
            thread = threading.Thread(target=self._one, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _one(self, connection: socket.socket) -> None:
        connection.settimeout(5)
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
        """Stop, and wait for every thread."""
        self._closing = True
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()


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
    """Answer a piece at a time, for ever."""

    def answer(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        for _ in range(200):
            connection.sendall(piece)
            time.sleep(pause)

    return answer


def silence(connection: socket.socket, _: bytes) -> None:
    """Never answer."""
    time.sleep(1)


def path_of(request: bytes) -> str:
    """Return the path that a request asks for, without its leading slash."""
    return request.split(b" ", 2)[1].decode("ascii", "replace").removeprefix("/")
