"""A server with many registers, each below its own path, which may answer as a test decides."""

from __future__ import annotations

import contextlib
import functools
import hashlib
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from running import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Answer = Callable[["Handler"], None]


class Handler(SimpleHTTPRequestHandler):
    """Serves ``/NAME/path`` from that register's tree, with ``ETag``, or the answer set for that name."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    host: WatchedHost

    def __init__(self, *arguments: object, host: WatchedHost) -> None:
        self.host = host
        super().__init__(*arguments)  # type: ignore[arg-type]

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client was killed
            super().handle()

    def do_GET(self) -> None:
        name, _, path = self.path.removeprefix("/").partition("/")
        self.host.asked.append((name, path, dict(self.headers.items())))
        if name in self.host.answers:
            with contextlib.suppress(OSError):  # the client hung up
                self.host.answers[name](self)
            return
        try:
            data = (self.host.trees[name] / path).read_bytes()
        except (KeyError, OSError):
            self.answer(404)
            return
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, ETag=tag)
        else:
            self.answer(200, data, ETag=tag)

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Send a complete answer."""
        self.send_response_only(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""


class WatchedHost:
    """What is served.

    Attributes:
        base: Its base URL, with a slash at the end.
        trees: Folder of each register's tree, by name.
        answers: Answers that replace those of a name's tree.
        asked: Every request: name, path, headers.
    """

    def __init__(self) -> None:
        self.base = ""
        self.trees: dict[str, Path] = {}
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []

    def address(self, name: str) -> str:
        """Return the URL of a register."""
        return f"{self.base}{name}/"


@contextlib.contextmanager
def watched_host() -> Iterator[WatchedHost]:
    """Serve while the block runs."""
    host = WatchedHost()
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, host=host))) as base:
        host.base = base
        yield host
