"""Servers under test, each in a separate process, and their CPU time per request.

Only 127.0.0.1 is used. CPU time comes from proc(5), so other load on the machine hardly matters.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import socket
import statistics
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from register_api.serve.server import listen, make_server
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS, REQUESTS, ROUNDS = 16, 4_000, 11

_NGINX = """\
daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
  access_log off; keepalive_requests 1000000;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  types {{ application/json json; }}
  server {{ listen 127.0.0.1:{port}; root {root}; gzip_static on; }}
}}
"""


class Server(NamedTuple):
    """A server under test: its process id, its port, and a function that stops it."""

    pid: int
    port: int
    end: Callable[[], object]


def start(app: Any, **overrides: Any) -> Server:
    """Run an application in a separate process, on uvicorn with the service's configuration."""
    settings = Settings(port=0, keep_alive_seconds=60, **overrides)
    listener = listen(settings)
    run = make_server(app, settings).run
    process = multiprocessing.get_context("fork").Process(target=run, kwargs={"sockets": [listener]})
    process.start()
    assert process.pid is not None  # noqa: S101 - it was started

    def end() -> None:
        process.terminate()
        process.join()

    return Server(process.pid, listener.getsockname()[1], end)


def nginx(root: Path, folder: Path) -> Server | None:
    """Run nginx on a folder of files, in one process; return ``None`` if it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        return None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, root=root, port=port))
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)
    server = Server(process.pid, port, lambda: (process.terminate(), process.wait()))
    _wait_for(server)
    return server


def _wait_for(server: Server) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("a server did not start")


def request(path: str, *lines: bytes) -> bytes:
    """Return a GET request with a poller's headers."""
    fixed = (b"Host: bench", b"User-Agent: poll", b"Accept: */*")
    return b"\r\n".join((f"GET {path} HTTP/1.1".encode(), *fixed, *lines, b"", b""))


def ask(server: Server, message: bytes) -> bytes:
    """Send one request and return the complete reply."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(message.removesuffix(b"\r\n") + b"Connection: close\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(65536), b""))


def etag_of(reply: bytes) -> bytes:
    """Return the entity tag of a reply."""
    head = reply.partition(b"\r\n\r\n")[0]
    lines = (line.partition(b":") for line in head.split(b"\r\n"))
    return next(value.strip() for name, _, value in lines if name.lower() == b"etag")


def cpu_nanoseconds(server: Server) -> int:
    """Return the CPU time of all threads of a process (proc(5), schedstat)."""
    tasks = Path(f"/proc/{server.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


def mebibytes(server: Server) -> float:
    """Return the resident memory of a process."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text("ascii").split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def cost(server: Server, message: bytes, requests: int = REQUESTS) -> float:
    """Return CPU microseconds per request, over several keep-alive connections."""
    connections = [
        socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(CONNECTIONS)
    ]
    size = reply_size(connections[0], message)
    before = cpu_nanoseconds(server)
    for _ in range(requests // CONNECTIONS):
        for connection in connections:
            connection.sendall(message)
        for connection in connections:
            read(connection, size)
    after = cpu_nanoseconds(server)
    for connection in connections:
        connection.close()
    return (after - before) / (requests // CONNECTIONS * CONNECTIONS) / 1e3


def reply_size(connection: socket.socket, message: bytes) -> int:
    """Return the size of the reply to a request in bytes; chunked replies are read to the last chunk."""
    connection.sendall(message)
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if b"content-length" in lines:
        size = len(head) + 4 + int(lines[b"content-length"])
    elif b"transfer-encoding" in lines:
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
        return len(head) + 4 + len(body)
    else:
        size = len(head) + 4
    read(connection, size - len(data))
    return size


def read(connection: socket.socket, size: int) -> None:
    """Read this number of bytes."""
    while size:
        size -= len(connection.recv(size)) or size


def ratio(mine: tuple[Server, bytes], other: tuple[Server, bytes], requests: int = REQUESTS) -> float:
    """Return the median ratio of the costs of two requests, measured alternately."""
    rounds = [(cost(*mine, requests), cost(*other, requests)) for _ in range(ROUNDS)]
    return statistics.median(one / two for one, two in rounds)
