"""Serves a preview on this machine alone.

What is not published yet is confidential. Only the loopback address is listened on, and only requests that
name it are answered, so that a page of another site whose name leads here (DNS rebinding) reads nothing.
"""

from __future__ import annotations

import http.server
import sys
from typing import Any

from register_api import __version__
from register_api.core.headers import NO_STORE, NOSNIFF, PAGE
from register_api.errors import UsageError
from register_api.preview.site import TEXT, Preview, PreviewAnswer

HOST = "127.0.0.1"

_OF_ANOTHER = "This preview answers at its own address alone.\n"


class PreviewServer(http.server.ThreadingHTTPServer):
    """Listens from the moment it is made; ``serve_forever`` answers.

    Attributes:
        preview: What is shown.
        url: Its address, with a slash at its end.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, preview: Preview, port: int) -> None:
        """Listen.

        Args:
            preview: What is shown.
            port: Where on ``HOST``; 0 for one that is free.

        Raises:
            UsageError: The port is taken, or not this user's to take.
        """
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            hint = "another --port, or --port 0 for one that is free"
            raise UsageError(f"port {port} cannot be listened on: {error.strerror}", hint=hint) from error
        self.preview = preview
        self.url = f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that has left before its answer was there."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def names(self) -> frozenset[str]:
        """Return what a request may call this server (``Host``)."""
        return frozenset(f"{name}:{self.server_port}" for name in (HOST, "localhost"))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server: PreviewServer
    server_version = f"register-api/{__version__}"
    sys_version = ""
    timeout = 30.0

    def do_GET(self) -> None:
        """Answer a request."""
        self._send(self._answer())

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._send(self._answer(), with_body=False)

    def _answer(self) -> PreviewAnswer:
        if self.headers.get("Host", "").lower() not in self.server.names():
            return PreviewAnswer(status=421, media_type=TEXT, body=_OF_ANOTHER.encode())
        return self.server.preview.answer(self.path)

    def _send(self, answer: PreviewAnswer, *, with_body: bool = True) -> None:
        headers = {
            **NOSNIFF,
            **PAGE,
            "Cache-Control": NO_STORE,
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        if answer.policy is not None:
            headers["Content-Security-Policy"] = answer.policy
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing of single requests."""
