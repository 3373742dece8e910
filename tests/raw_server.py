"""A server that speaks whatever a test wants it to speak."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

Answer = Callable[[socket.socket, bytes], None]
"""Takes a connection and the request that came on it."""


class Server:
    """A server that answers each connection as told, with the same answer every time."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closing = False
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    @property
    def base(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

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
        with connection:
            connection.settimeout(5)
            try:
                while request := connection.recv(65536):
                    self.requests.append(request)
                    self.answer(connection, request)
            except OSError:
                return

    def close(self) -> None:
        """Stop, and wait for every thread."""
        self._closing = True
        socket.create_connection(self._listener.getsockname()).close()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()
