"""Running the service: sockets, processes, and an orderly end."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
import os
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from register_api.serve.app import create_app, make_state
from register_api.serve.http.asgi import PIECE_BYTES, App
from register_api.serve.http.bounds import SPARE_CONNECTIONS
from register_api.serve.process.listening import address_of, is_inherited, listen, listen_for_metrics
from register_api.serve.process.server import make_server
from register_api.serve.process.shutdown import Shutdown, shutdown_on_signals
from register_api.serve.process.workers import Workers
from register_api.serve.settings import OFF, Settings, metrics_address
from register_api.serve.telemetry.logs import set_up_logs

_log = logging.getLogger(__name__)

_M_MMAP_THRESHOLD = -3
"""From malloc.h of glibc."""

_OTHER_FILES = 128
"""Descriptors for all but connections: the store, threads, libraries."""


def room_for(connections: int) -> int:
    """Raise this process's limit as far as is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_CONNECTIONS + _OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, possible), hard))
    room = max(1, max(soft, possible) - SPARE_CONNECTIONS - _OTHER_FILES)
    if room < connections:
        facts = {"wanted": connections, "possible": room}
        _log.warning("fewer connections are possible: the system allows few open files", extra=facts)
    return min(room, connections)


def give_memory_back() -> None:
    """Have glibc return the memory of each piece of a long body as soon as it is freed.

    By itself it raises the size from which it does so with each larger block that is freed, to 32 MiB,
    and keeps what is below for later (mallopt(3), M_MMAP_THRESHOLD). Other C libraries are left alone.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, PIECE_BYTES)


def serve(settings: Settings, announce: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; replies under way are finished first.

    Args:
        settings: How to run.
        announce: Told the address once connections are accepted by the system.

    Raises:
        UsageError: The address cannot be listened on.
    """
    set_up_logs(settings)
    give_memory_back()
    settings = msgspec.structs.replace(settings, max_connections=room_for(settings.max_connections))
    inherited = is_inherited(os.environ)
    with _listening(settings, inherited=inherited) as listeners, shutdown_on_signals() as shutdown:
        address = address_of(listeners[0])
        announce(address)
        _log.info("started", extra={"address": address, "workers": settings.workers})
        answer = functools.partial(_answer, settings, listeners, shutdown)
        if settings.workers > 1:
            Workers(answer, shutdown, settings.workers, settings.shutdown_seconds).run()
        else:
            answer()
        _log.info("stopped")


def run_app(app: App, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve another application that reads bodies, in one process, until SIGTERM, SIGINT or SIGHUP.

    Args:
        app: What answers; it bounds bodies itself.
        settings: How to run; metrics and workers are the register's alone.
        announce: Told the address once connections are accepted by the system.

    Raises:
        UsageError: The address cannot be listened on.
    """
    set_up_logs(settings)
    with contextlib.closing(listen(settings)) as listener, shutdown_on_signals() as shutdown:
        announce(address_of(listener))
        shutdown.run(make_server(app, settings, reads_bodies=True), sockets=[listener])


@contextlib.contextmanager
def _listening(settings: Settings, *, inherited: bool) -> Iterator[list[socket.socket]]:
    """Listen while the block runs: at the address of the service, and after it at that for metrics."""
    with contextlib.ExitStack() as stack:
        main = stack.enter_context(contextlib.closing(listen(settings, os.environ)))
        if settings.uds != OFF and not inherited:
            stack.callback(Path(settings.uds).unlink, missing_ok=True)
        found = [main]
        for_metrics = metrics_address(settings)
        if for_metrics is not None:
            found.append(stack.enter_context(contextlib.closing(listen_for_metrics(for_metrics))))
        yield found


def _answer(settings: Settings, listeners: list[socket.socket], shutdown: Shutdown) -> None:
    parts = make_state(settings)
    server = make_server(create_app(settings, parts=parts), settings, parts)
    if len(listeners) > 1:
        server.give_metrics(parts, listeners[1])
    shutdown.run(server, sockets=[listeners[0]])
