"""The real service on a real loopback socket, in a thread of the test."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

import msgspec

import stores
from register_api.serve.app import create_app, make_parts
from register_api.serve.process.listening import address_of, listen
from register_api.serve.process.server import make_server
from register_api.serve.settings import Settings

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import uvicorn


@contextlib.contextmanager
def running(
    store: Path, clock: Callable[[], dt.datetime] = lambda: stores.published_at(3), **settings: object
) -> Iterator[str]:
    """Serve a store on a free port of 127.0.0.1 while the block runs.

    Args:
        store: The store's folder.
        clock: Tells the service what time it is.
        settings: Settings that are to be other than the usual ones of a test.

    Yields:
        The base URL, ending in a slash.
    """
    usual = Settings(store=str(store), port=0, poll_seconds=0.02, shutdown_seconds=2)
    chosen = msgspec.structs.replace(usual, **settings)
    parts = make_parts(chosen, clock)
    server = make_server(create_app(chosen, parts=parts), chosen, parts)
    with in_a_thread(server, chosen) as base:
        yield base


@contextlib.contextmanager
def in_a_thread(server: uvicorn.Server, settings: Settings) -> Iterator[str]:
    """Run a server in a thread of the test while the block runs; yields its base URL."""
    listener = listen(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for something that happens by itself.

    Raises:
        TimeoutError: It did not happen in time.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)
