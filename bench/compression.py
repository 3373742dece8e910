"""P4: CPU time of the server saved by precompressed replies, compared with compressing each reply.

The peer is an ASGI callable with prepared plain bytes, behind Starlette's gzip middleware with default
settings, on the same uvicorn.

    .venv/bin/python bench/compression.py
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

GOAL_SMALL, GOAL_LARGE = 5.0, 50.0
PATH = "/v1/register.json"
FEW_REQUESTS = 64
"""Few requests suffice, as compressing a large register takes long."""


def compare(store: Path, what: str, goal: float, requests: int) -> goals.Result:
    """Measure one register."""
    service = servers.start(create_app(Settings(store=str(store))))
    plain = servers.ask(service, servers.request(PATH))
    peer = servers.start(peers.on_the_fly(plain))
    packed = servers.request(PATH, b"Accept-Encoding: gzip")
    try:
        measured = servers.ratio((peer, packed), (service, packed), requests)
    finally:
        service.end()
        peer.end()
    return goals.Result(what, measured, goal, least=True)


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure a small register and one of a thousand vendors."""
    small = histories.example_store(folder / "example")
    yield compare(small, "P4: gzip on the fly / ready, small", GOAL_SMALL, servers.REQUESTS)
    large = histories.Publisher(folder / "large")
    histories.small_history(folder / "large", 1)
    histories.grow_large(large)
    yield compare(large.store, "P4: gzip on the fly / ready, 1,000 vendors", GOAL_LARGE, FEW_REQUESTS)


if __name__ == "__main__":
    goals.run(measure)
