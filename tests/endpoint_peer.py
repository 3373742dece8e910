"""An endpoint on 127.0.0.1 that answers as the test says, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import http.server
import json
from typing import TYPE_CHECKING, NamedTuple

from running import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class HookRequest(NamedTuple):
    """A request that came."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def read(self):
        """Return the body, which is JSON."""
        return json.loads(self.body)


class EndpointPeer:
    """What the endpoint does.

    Attributes:
        url: Where it is.
        got: What it was sent, in order.
        answers: Status and headers of the next answers, used up one by one; the last one stays.
        repeats: Whether it answers a challenge.
    """

    def __init__(self) -> None:
        self.url = ""
        self.got: list[HookRequest] = []
        self.answers: list[tuple[int, dict[str, str]]] = [(200, {})]
        self.repeats = True

    def events(self) -> list:
        """Return what it was sent that is no challenge."""
        return [each.read() for each in self.got if not each.read().get("type", "").endswith(".challenge")]

    def answer(self, status: int, **headers: str) -> None:
        """Answer so from now on."""
        self.answers = [(status, {name.replace("_", "-"): value for name, value in headers.items()})]

    def take(self, request: HookRequest) -> tuple[int, dict[str, str], bytes]:
        """Keep a request and say what is answered."""
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
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = {name.lower(): value for name, value in self.headers.items()}
            status, headers, answer = peer.take(HookRequest(self.path, said, body))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as base:
        peer.url = f"{base}hooks/register"
        yield peer
