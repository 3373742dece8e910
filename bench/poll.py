"""P1 and P5: what a poll and a miss cost the service, in CPU time of the server per request.

The peer is an ASGI callable that returns the very same bytes, made beforehand, on the same uvicorn.
Each server is a process of its own; rounds alternate, so that a noisy machine disturbs both. Only
127.0.0.1 is used, for less than a minute.

    .venv/bin/python bench/poll.py
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "tests")]

import goals

import stores
from register_api.serve.app import create_app
from register_api.serve.process.listening import listen
from register_api.serve.process.server import make_server
from register_api.serve.settings import Settings

CONNECTIONS, REQUESTS, ROUNDS = 16, 4_000, 11
GOAL_POLL, GOAL_MISS = 1.15, 2.0

HEAD = b"Host: bench\r\nUser-Agent: poll\r\nAccept: */*\r\nAccept-Encoding: gzip, br\r\n"
FOUND = b"GET /v1/register.json HTTP/1.1\r\n" + HEAD + b"\r\n"
MISSING = b"GET /v1/nothing.json HTTP/1.1\r\n" + HEAD + b"\r\n"


class Server(NamedTuple):
    """A server under test."""

    process: multiprocessing.process.BaseProcess
    port: int


def bare(replies: dict[bool, bytes]) -> Any:
    """Return an ASGI callable that sends ready replies: with a tag in the request a 304, else a 200."""
    ready = {}
    for tagged, reply in replies.items():
        head, _, body = reply.partition(b"\r\n\r\n")
        status, *lines = head.split(b"\r\n")
        headers = [tuple(line.split(b": ", 1)) for line in lines]
        kept = tuple(item for item in headers if item[0] not in {b"date", b"connection"})
        start = {"type": "http.response.start", "status": int(status.split()[1]), "headers": kept}
        ready[tagged] = (start, {"type": "http.response.body", "body": body})

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            start, body = ready[any(name == b"if-none-match" for name, _ in scope["headers"])]
            await send(start)
            await send(body)
            return
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return app


def start(app: Any) -> Server:
    """Run an application in a process of its own."""
    settings = Settings(port=0, keep_alive_seconds=60)
    listener = listen(settings)
    run = make_server(app, settings).run
    process = multiprocessing.get_context("fork").Process(target=run, kwargs={"sockets": [listener]})
    process.start()
    return Server(process, listener.getsockname()[1])


def ask(server: Server, request: bytes) -> bytes:
    """Return the whole reply to one request."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def cpu_nanoseconds(server: Server) -> int:
    """Return the time that a process has run on a processor (proc(5), schedstat), all threads."""
    tasks = Path(f"/proc/{server.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def cost(server: Server, request: bytes) -> float:
    """Return CPU microseconds per request."""
    size = len(ask(server, request)) - len(b"connection: close\r\n")
    before = cpu_nanoseconds(server)
    connections = [
        socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(CONNECTIONS)
    ]
    for _ in range(REQUESTS // CONNECTIONS):
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            left = size
            while left:
                left -= len(connection.recv(left))
    for connection in connections:
        connection.close()
    return (cpu_nanoseconds(server) - before) / REQUESTS / 1e3


def compare(what: str, goal: float, mine: tuple[Server, bytes], other: tuple[Server, bytes]) -> bool:
    """Print the median ratio of paired rounds; return whether the goal is reached."""
    rounds = [(cost(*mine), cost(*other)) for _ in range(ROUNDS)]
    ratio = statistics.median(one / two for one, two in rounds)
    result = goals.Result(what, ratio, goal)
    print(result, flush=True)
    return result.reached


def main() -> int:
    """Measure; the exit code says whether every goal is reached."""
    with tempfile.TemporaryDirectory() as store:
        stores.make_store(Path(store), 1)
        service = start(create_app(Settings(store=store)))
        found = ask(service, FOUND)
        tag = found.split(b"etag: ")[1].split(b"\r\n")[0]
        poll = FOUND.removesuffix(b"\r\n") + b"If-None-Match: " + tag + b"\r\n\r\n"
        peer = start(bare({False: found, True: ask(service, poll)}))
        reached = [
            compare("P1: 304 / bare", GOAL_POLL, (service, poll), (peer, poll)),
            compare("P1: 200 / bare", GOAL_POLL, (service, FOUND), (peer, FOUND)),
            compare("P5: 404 / our 200", GOAL_MISS, (service, MISSING), (service, FOUND)),
        ]
        for server in (service, peer):
            server.process.terminate()
            server.process.join()
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
