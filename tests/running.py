"""Servers on real loopback sockets, in threads of the test: the real service, and test servers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

import stores
from patience import PATIENCE, in_background, wait_until
from register_api.serve.answer.archive import Archive
from register_api.serve.app import create_app, make_state
from register_api.serve.server import address_of, listen, make_server
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from socketserver import ThreadingTCPServer

    import uvicorn

    from register_api.serve.answer.resources import Work
    from register_api.serve.reply import Resource
    from register_api.store.reader import Snapshot


@contextlib.contextmanager
def running(
    store: Path, clock: Callable[[], dt.datetime] = lambda: stores.published_at(3), **settings: object
) -> Iterator[str]:
    """Serve a store on a free port of 127.0.0.1 while the block runs.

    Args:
        store: The store's folder.
        clock: The clock of the service.
        settings: Settings that differ from the usual ones in tests.

    Yields:
        The base URL, ending in a slash.
    """
    usual = Settings(store=str(store), port=0, poll_seconds=0.02, shutdown_seconds=2)
    chosen = msgspec.structs.replace(usual, **settings)
    state = make_state(chosen, clock)
    server = make_server(create_app(chosen, state=state), chosen, state.counters)
    with in_a_thread(server, chosen) as base:
        yield base


@contextlib.contextmanager
def in_a_thread(server: uvicorn.Server, settings: Settings) -> Iterator[str]:
    """Run a server in a thread while the block runs; yield its base URL."""
    with contextlib.closing(listen(settings)) as listener:

        def end() -> None:
            server.should_exit = True

        with in_background(server.run, [listener], stop=end) as thread:
            wait_until(lambda: server.started or not thread.is_alive())
            yield address_of(listener)


@contextlib.contextmanager
def serving(server: ThreadingTCPServer) -> Iterator[str]:
    """Run a standard library server while the block runs; yield its base URL."""
    server.daemon_threads = True  # do not wait for requests that never finish
    with server, in_background(server.serve_forever, 0.02, stop=server.shutdown):
        yield f"http://127.0.0.1:{server.server_address[1]}/"


async def computed_here(snapshot: Snapshot, work: Work) -> Resource:
    """Compute an answer in a thread instead of the service's worker process."""
    return await asyncio.to_thread(work, Archive(snapshot))


def connect(base: str) -> socket.socket:
    """Open a connection to a server, for a test that sends raw bytes."""
    parts = urlsplit(base)
    assert parts.hostname
    assert parts.port
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)
