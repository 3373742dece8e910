"""P1: what a poll costs the service, against an ASGI callable that returns the same bytes.

Both run on the same uvicorn in processes of their own; rounds alternate, and the measure is the
server's CPU time per request, so a noisy machine does not count. Only 127.0.0.1 is used.

    .venv/bin/python bench/poll.py
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import stores

from register_api.serve.app import create_app
from register_api.serve.run import listen, make_server
from register_api.serve.settings import Settings

CONNECTIONS = 16
REQUESTS = 8_000
ROUNDS = 5
GOAL = 1.15
TICK = os.sysconf("SC_CLK_TCK")


async def bare(scope, receive, send):  # noqa: ANN001, ANN201, ARG001
    """Return ready bytes: a 304 to whoever sends a tag, else a 200."""
    if scope["type"] == "http":
        tagged = any(name == b"if-none-match" for name, _ in scope["headers"])
        await send(UNCHANGED if tagged else FOUND)
        await send(EMPTY if tagged else BODY)


UNCHANGED = FOUND = EMPTY = BODY = None


def run(store: str, listener: socket.socket, replies: dict | None) -> None:
    """Serve from a store, or the given replies by the bare callable, until killed."""
    globals().update(replies or {})
    settings = Settings(store=store, keep_alive_seconds=60)
    app = bare if replies else create_app(settings)
    make_server(app, settings).run(sockets=[listener])


def start(store: str, replies: dict | None = None) -> tuple[multiprocessing.Process, int]:
    """Start a server; return it and its port."""
    listener = listen(Settings(port=0))
    process = multiprocessing.get_context("fork").Process(target=run, args=(store, listener, replies))
    process.start()
    return process, listener.getsockname()[1]


def cpu_seconds(process: multiprocessing.Process) -> float:
    """Return the CPU time that a process has used (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def poll(port: int, request: bytes, size: int, count: int) -> None:
    """Send a request many times over a few connections; each reply has ``size`` bytes."""
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    for _ in range(count // CONNECTIONS):
        for connection in sockets:
            connection.sendall(request)
        for connection in sockets:
            left = size
            while left:
                left -= len(connection.recv(left))
    for connection in sockets:
        connection.close()


def reply(port: int, request: bytes) -> bytes:
    """Return the whole reply to one request."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return b"".join(iter(lambda: connection.recv(65536), b""))


def cost(server: tuple[multiprocessing.Process, int], request: bytes) -> float:
    """Return CPU microseconds per request."""
    process, port = server
    size = len(reply(port, request)) - len(b"connection: close\r\n")
    before = cpu_seconds(process)
    poll(port, request, size, REQUESTS)
    return (cpu_seconds(process) - before) / REQUESTS * 1e6


def main() -> int:
    """Print the ratios; the exit code says whether the goal is reached."""
    with tempfile.TemporaryDirectory() as store:
        stores.make_store(Path(store), 1)
        ours = start(store)
        get = b"GET /v1/register.json HTTP/1.1\r\nHost: x\r\nUser-Agent: poll\r\nAccept-Encoding: gzip, br\r\n"
        head, _, body = reply(ours[1], get + b"\r\n").partition(b"\r\n\r\n")
        lines = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n")[1:]]
        headers = tuple(line for line in lines if line[0] not in {b"date", b"connection"})
        tag = dict(headers)[b"etag"]
        kept = (b"etag", b"cache-control", b"vary", b"access-control-allow-origin", b"access-control-expose-headers")
        replies = {
            "FOUND": {"type": "http.response.start", "status": 200, "headers": headers},
            "BODY": {"type": "http.response.body", "body": body},
            "UNCHANGED": {
                "type": "http.response.start",
                "status": 304,
                "headers": tuple(line for line in headers if line[0] in kept),
            },
            "EMPTY": {"type": "http.response.body", "body": b""},
        }
        peer = start(store, replies)
        worst = 0.0
        for name, request in (("304", get + b"If-None-Match: " + tag + b"\r\n\r\n"), ("200", get + b"\r\n")):
            rounds = [(cost(ours, request), cost(peer, request)) for _ in range(ROUNDS)]
            ratio = statistics.median(mine / theirs for mine, theirs in rounds)
            mine, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
            print(f"{name}: {mine:.1f} us, bare {theirs:.1f} us, ratio {ratio:.2f} (goal {GOAL})")
            worst = max(worst, ratio)
        for process, _ in (ours, peer):
            process.terminate()
    return int(worst > GOAL)


if __name__ == "__main__":
    sys.exit(main())
