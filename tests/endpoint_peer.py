"""An HTTP endpoint on 127.0.0.1 that answers as the test decides and records its requests."""

from __future__ import annotations

import contextlib
import http.server
import json
from typing import TYPE_CHECKING, NamedTuple

from running import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class HookRequest(NamedTuple):
    """A received request."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def read(self):
        """Return the parsed JSON body."""
        return json.loads(self.body)


class EndpointPeer:
    """The behaviour of the endpoint.

    Attributes:
        url: Its URL.
        got: The requests it received, in order.
        answers: Status and headers of the next answers; the last one is repeated.
        repeats: Whether it echoes a challenge.
    """

    def __init__(self) -> None:
        self.url = ""
        self.got: list[HookRequest] = []
        self.answers: list[tuple[int, dict[str, str]]] = [(200, {})]
        self.repeats = True

    def events(self) -> list:
        """Return the received bodies that are not challenges."""
        return [each.read() for each in self.got if not each.read().get("type", "").endswith(".challenge")]

    def answer(self, status: int, **headers: str) -> None:
        """Set the answer to all further requests."""
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()})]

    def take(self, request: HookRequest) -> tuple[int, dict[str, str], bytes]:
        """Record a request and return the answer."""
        self.got.append(request)
        status, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        challenge = request.read().get("data", {}).get("challenge", "") if self.repeats else ""
        return status, headers, json.dumps({"challenge": challenge}).encode()


@contextlib.contextmanager
def endpoint_peer() -> Iterator[EndpointPeer]:
    """Run an endpoint while the block runs."""
    peer = EndpointPeer()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            body = self.rfile.read(size)
            if len(body) < size:  # the sender was killed while it sent
                self.close_connection = True
                return
            said = {name.lower(): value for name, value in self.headers.items()}
            status, headers, answer = peer.take(HookRequest(self.path, said, body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as base:
        peer.url = f"{base}hooks/register"
        yield peer
