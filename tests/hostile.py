"""A client that breaks all rules, and the real service as its target, observed from outside."""

from __future__ import annotations

import contextlib
import os
import socket
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from patience import PATIENCE, wait_until
from programs import REGISTER_API, Program, environment, started

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = b"GET /v1/register.json HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /v1/keys.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


class Reply(msgspec.Struct, frozen=True):
    """A reply, as received."""

    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """The running command.

    Attributes:
        port: Its port on 127.0.0.1.
        process: The program, which logs to standard error.
        ends_with: The expected exit code.
    """

    def __init__(self, process: Program, prefix: str) -> None:
        self.process = process
        self.port = int(process.first_line().rstrip("/").rpartition(":")[2])
        self.ends_with = 0
        self._prefix = prefix

    def connect(self, receive_bytes: int | None = None) -> socket.socket:
        """Open a connection, optionally with a small receive buffer."""
        connection = socket.socket()
        if receive_bytes is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        connection.settimeout(PATIENCE)
        connection.connect(("127.0.0.1", self.port))
        return connection

    def send(self, data: bytes, *, half_close: bool = False) -> bytes:
        """Send bytes on a new connection; return everything received until the server closes it."""
        with self.connect() as connection:
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(data)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return everything(connection)

    def answers_others(self) -> bool:
        """Return whether another client gets an answer."""
        url = f"http://127.0.0.1:{self.port}{self._prefix}/v1/register.json"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status == 200 and answer.read().startswith(b"{")

    def resident_bytes(self) -> int:
        """Return the resident memory of the process (proc(5), statm)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def open_files(self) -> int:
        """Return the number of open file descriptors."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def children(self) -> list[int]:
        """Return the ids of its child processes (proc(5), children)."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(child) for task in tasks for child in task.read_text("ascii").split()]

    def faults(self) -> list[str]:
        """Return the log lines above level info, except those about freshness."""
        lines = self.process.errors().splitlines()
        return [line for line in lines if '"level": "info"' not in line and "freshness" not in line]


@contextlib.contextmanager
def service(store: Path, *options: str, prefix: str = "", **variables: str) -> Iterator[Service]:
    """Run ``register-api serve`` while the block runs; check its exit code at the end.

    Args:
        store: The store's folder.
        options: Further options.
        prefix: Path prefix under which it is served.
        variables: Further environment variables.
    """
    command = (*REGISTER_API, "serve", "--store", store, "--port", "0", *options)
    with started(*command, env=environment(**variables)) as process:
        found = Service(process, prefix)
        wait_until(found.answers_others)
        yield found
        assert process.end() == found.ends_with


def everything(connection: socket.socket) -> bytes:
    """Return all bytes received until the connection is closed or reset."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def replies(data: bytes) -> list[Reply]:
    """Split received bytes into replies to GET, each of which must be complete and well-formed."""
    found = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        first, *lines = head.decode("ascii").split("\r\n")
        version, status, _ = first.split(" ", 2)
        assert version == "HTTP/1.1"
        headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
        size = 0 if status in {"204", "304"} else int(headers["content-length"])
        assert len(data) >= size
        found.append(Reply(int(status), headers, data[:size]))
        data = data[size:]
    return found
