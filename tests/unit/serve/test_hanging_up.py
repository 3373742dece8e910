"""Whoever hangs up while a question waits: it is never computed, on real connections."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING

import pytest

import stores
from patience import PATIENCE, wait_until
from register_api.serve import app
from register_api.serve.server import make_server
from register_api.serve.settings import Settings
from running import computed_here, connect, in_a_thread

if TYPE_CHECKING:
    from pathlib import Path
    from socket import socket

    from register_api.serve.answer.resources import Work
    from register_api.serve.reply import Resource
    from register_api.store.reader import Snapshot


def ask(base: str, question: str) -> socket:
    """Ask on a connection of its own, without waiting for the answer."""
    connection = connect(base)
    connection.sendall(f"GET /v1/{question} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    return connection


def answered(connection: socket) -> bytes:
    """Return the status line of the reply, all of which is read."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n")[0]


@pytest.mark.parametrize("before", ["", "GET /v1/register.json HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_question_is_not_computed_when_its_client_has_hung_up(
    three_versions: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """It waits behind another one; also where it is not the first request of its connection."""
    computed, go_on = [], threading.Event()

    async def compute(snapshot: Snapshot, work: Work) -> Resource:
        computed.append(work)
        await asyncio.to_thread(go_on.wait, PATIENCE)
        return await computed_here(snapshot, work)

    monkeypatch.setattr(app, "Service", functools.partial(app.Service, compute=compute))
    settings = Settings(store=str(three_versions), port=0, shutdown_seconds=2)
    server = make_server(app.create_app(settings, lambda: stores.published_at(3)), settings)
    connections = server.server_state.connections
    with in_a_thread(server, settings) as base:
        first = ask(base, "diff?from=1&to=3")
        wait_until(lambda: len(computed) == 1)
        with connect(base) as gone:
            asked = "GET /v1/diff?from=2&to=3 HTTP/1.1\r\nHost: x\r\n\r\n"
            gone.sendall((before + asked).encode())
            wait_until(lambda: len(connections) == 2)
        wait_until(lambda: len(connections) == 1)
        last = ask(base, "diff?from=1&to=2")
        for _ in range(10):  # by then the service has noticed whatever happened before
            assert answered(ask(base, "register.json")) == b"HTTP/1.1 200 OK"
        go_on.set()
        assert [answered(first), answered(last)] == [b"HTTP/1.1 200 OK"] * 2
    assert len(computed) == 2
