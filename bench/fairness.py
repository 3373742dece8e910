"""P12: how much a client that requests 70 diffs of a large register at once slows down others.

Polls of a stored path and another client's queries are timed alternately with and without that client; the
result is the ratio. The answer cache is off, so that every query is computed. With the cache on, the
hostile client downloads cached answers endlessly, as it could any stored file; that ratio shows how the CPUs
are shared. The hostile client, the service and the measuring client are separate processes.

    .venv/bin/python bench/fairness.py
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import socket
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

import goals
import histories
import servers

from register_api.serve.app import create_app
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = 70
"""Versions before the large one; the diffs from each of them to it are requested at once."""

ROUNDS, POLLS, QUESTIONS = 7, 1_000, 5
GOAL_STORED = 2.0
NUMBERS = itertools.count()


def be_hostile(port: int, version: int) -> None:
    """Request one diff repeatedly; after a refusal, wait a second."""
    message = servers.request(f"/v1/diff?from={version}&to={SMALL + 1}")
    with socket.create_connection(("127.0.0.1", port), 600, source_address=("127.0.0.2", 0)) as connection:
        while True:
            if b" 503 " in _reply(connection, message)[:16]:
                time.sleep(1)


def _reply(connection: socket.socket, message: bytes) -> bytes:
    connection.sendall(message)
    data = bytearray()
    while b"\r\n\r\n" not in data:
        part = connection.recv(1 << 16)
        if not part:
            raise ConnectionResetError("the service has closed the connection")
        data += part
    head = bytes(data.partition(b"\r\n\r\n")[0])
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    servers.read(connection, len(head) + 4 + int(length.partition(b":")[2]) - len(data))
    return head


def hostile_client(port: int) -> None:
    """Request all diffs at once, endlessly."""
    for version in range(1, SMALL + 1):
        threading.Thread(target=be_hostile, args=(port, version)).start()


@contextlib.contextmanager
def hostility(server: servers.Server) -> Iterator[None]:
    """Run the hostile client while the block runs."""
    process = multiprocessing.get_context("fork").Process(target=hostile_client, args=(server.port,))
    process.start()
    time.sleep(2)  # until all its requests have arrived
    try:
        yield
    finally:
        process.kill()
        process.join()


def seconds(server: servers.Server, message: bytes) -> tuple[float, bool]:
    """Return the time until a reply, and whether it is a refusal (503)."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=600) as connection:
        before = time.perf_counter()
        head = _reply(connection, message)
        return time.perf_counter() - before, b" 503 " in head[:16]


def p99_of_polls(server: servers.Server, etag: bytes) -> float:
    """Return the 99th percentile of the time of a poll of a stored path."""
    poll = servers.request("/v1/register.json", b"If-None-Match: " + etag)
    with socket.create_connection(("127.0.0.1", server.port), timeout=600) as connection:
        size = servers.reply_size(connection, poll)
        taken = []
        for _ in range(POLLS):
            before = time.perf_counter()
            connection.sendall(poll)
            servers.read(connection, size)
            taken.append(time.perf_counter() - before)
            time.sleep(0.001)
    return statistics.quantiles(taken, n=100)[98]


def questions(server: servers.Server) -> tuple[float, int]:
    """Return the median time of another client's new queries, and how many were refused."""
    asked = [servers.request(f"/v1/subprocessors?q=vendor+{next(NUMBERS)}") for _ in range(QUESTIONS)]
    found = [seconds(server, message) for message in asked]
    return statistics.median(taken for taken, _ in found), sum(refused for _, refused in found)


class Beside(NamedTuple):
    """The effect of the hostile client on others.

    Attributes:
        polls: Ratio of the 99th percentiles of poll times, with and without it.
        asked: Ratio of the median times of others' queries.
        refused: How many of these queries were refused.
    """

    polls: float
    asked: float
    refused: int


def beside(store: Path, answer_cache_bytes: int) -> Beside:
    """Measure alternately with and without the hostile client."""
    settings = Settings(store=str(store), answer_cache_bytes=answer_cache_bytes)
    service = servers.start(create_app(settings))
    polls, asked, refused = [], [], 0
    try:
        etag = servers.etag_of(servers.ask(service, servers.request("/v1/register.json")))
        questions(service)
        for _ in range(ROUNDS):
            alone = p99_of_polls(service, etag), questions(service)[0]
            with hostility(service):
                crowded = p99_of_polls(service, etag)
                taken, busy = questions(service)
            polls.append(crowded / alone[0])
            asked.append(taken / alone[1])
            refused += busy
    finally:
        service.end()
    return Beside(statistics.median(polls), statistics.median(asked), refused)


def measure(folder: Path) -> Iterator[goals.Result]:
    """Measure without the answer cache, and with the default settings."""
    publisher = histories.small_history(folder / "fairness", SMALL)
    histories.grow_large(publisher)
    found = beside(publisher.store, 0)
    yield goals.Result("P12: p99 of a poll beside 70 diffs / alone", found.polls, GOAL_STORED)
    yield goals.Result("P12: others' questions refused meanwhile", found.refused, 0)
    yield goals.Result("others' questions beside 70 diffs / alone", found.asked, None)
    found = beside(publisher.store, Settings().answer_cache_bytes)
    yield goals.Result("p99 of a poll beside endless downloads / alone", found.polls, None)


if __name__ == "__main__":
    goals.run(measure)
