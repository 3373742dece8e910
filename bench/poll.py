"""P1, P2 and P5: CPU time of the server per request for a poll, a full reply and a miss.

Compared alternately in the same run with an ASGI callable that returns the same prepared bytes on the same
uvicorn, with FastAPI that serves the document from a model, and with nginx on the same file.

    .venv/bin/python bench/poll.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories
import peers
import servers

from register_api.serve.app import create_app
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

GOAL_POLL, GOAL_MISS, GOAL_FASTAPI = 1.15, 2.0, 3.0
PATH = "/v1/register.json"
CODINGS = b"Accept-Encoding: gzip, br"


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure the service and its peers."""
    store = histories.example_store(folder / "example")
    service = servers.start(create_app(Settings(store=str(store))))
    found, missing = servers.request(PATH, CODINGS), servers.request("/v1/nothing.json", CODINGS)
    etag = servers.etag_of(servers.ask(service, found))
    poll = servers.request(PATH, CODINGS, b"If-None-Match: " + etag)
    bare = servers.start(peers.bare({False: servers.ask(service, found), True: servers.ask(service, poll)}))
    document = servers.ask(service, servers.request(PATH)).partition(b"\r\n\r\n")[2]
    model = servers.start(peers.fastapi(document, etag.decode()))
    modelled = servers.request("/model")
    unmodified = servers.request("/model", b"If-None-Match: " + etag)
    static = servers.nginx(store / "public", folder / "nginx")
    try:
        yield goals.Result("P1: 304 / bare", servers.ratio((service, poll), (bare, poll)), GOAL_POLL)
        yield goals.Result("P1: 200 / bare", servers.ratio((service, found), (bare, found)), GOAL_POLL)
        yield goals.Result(
            "P2: FastAPI from a model / our 200",
            servers.ratio((model, modelled), (service, found)),
            GOAL_FASTAPI,
            least=True,
        )
        yield goals.Result(
            "P2: FastAPI, 304 by hand / our 304",
            servers.ratio((model, unmodified), (service, poll)),
            GOAL_FASTAPI,
            least=True,
        )
        yield goals.Result(
            "P5: 404 / our 200", servers.ratio((service, missing), (service, found)), GOAL_MISS
        )
        if static is not None:
            tag = servers.etag_of(servers.ask(static, found))
            seen = servers.request(PATH, CODINGS, b"If-None-Match: " + tag)
            yield goals.Result("our 200 / nginx", servers.ratio((service, found), (static, found)), None)
            yield goals.Result("our 304 / nginx", servers.ratio((service, poll), (static, seen)), None)
    finally:
        for server in (service, bare, model, static):
            if server is not None:
                server.end()


if __name__ == "__main__":
    goals.run(measure)
