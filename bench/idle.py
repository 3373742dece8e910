"""P6: 5,000 idle keep-alive connections: their memory, and whether all still get answers.

.venv/bin/python bench/idle.py
"""

from __future__ import annotations

import resource
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories
import servers

from register_api.serve.app import create_app
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS, SPARE = 5_000, 200
GOAL_MEBIBYTES = 60.0
REQUEST = servers.request("/v1/register.json")


def _room_for(files: int) -> int:
    """Raise the open file limit as far as possible; return how many connections fit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = files + SPARE if hard == resource.RLIM_INFINITY else min(hard, files + SPARE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(files, soft - SPARE)


def answered(connection: socket.socket, size: int) -> bool:
    """Send another request on a connection; return whether the complete reply arrived."""
    try:
        connection.sendall(REQUEST)
        servers.read(connection, size)
    except OSError:
        return False
    return True


def measure(folder: Path) -> Iterator[goals.Result]:
    """Open the connections, send a request on each, measure, and send another on each."""
    count = _room_for(CONNECTIONS)
    store = histories.example_store(folder / "example")
    service = servers.start(create_app(Settings(store=str(store))))
    connections = []
    try:
        servers.ask(service, REQUEST)
        before = servers.mebibytes(service)
        for _ in range(count):
            connections.append(socket.create_connection(("127.0.0.1", service.port), timeout=10))
            size = servers.reply_size(connections[-1], REQUEST)
        grown = servers.mebibytes(service) - before
        failed = sum(not answered(connection, size) for connection in connections)
    finally:
        for connection in connections:
            connection.close()
        service.end()
    yield goals.Result("P6: idle connections held", count, CONNECTIONS, least=True)
    yield goals.Result("P6: memory for them", grown, GOAL_MEBIBYTES, "MiB")
    yield goals.Result("P6: of them without an answer afterwards", failed, 0)


if __name__ == "__main__":
    goals.run(measure)
