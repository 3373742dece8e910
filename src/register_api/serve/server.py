"""Running the service: listening sockets, uvicorn with limits, worker processes, graceful shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import functools
import logging
import multiprocessing
import os
import resource
import signal
import socket
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec
import uvicorn

from register_api.core.text import printable
from register_api.errors import UsageError
from register_api.serve.app import create_app, make_state
from register_api.serve.http.limits import SEND_BUFFER_BYTES, SPARE_CONNECTIONS, ConnectionReaper
from register_api.serve.http.protocol import BoundedProtocol, check_release
from register_api.serve.logs import Counters, set_up_logs
from register_api.serve.metrics import metrics_served
from register_api.serve.reply import PIECE_BYTES, App
from register_api.serve.settings import OFF, Settings

_log = logging.getLogger(__name__)

BACKLOG = 2048
"""Length of the queue of connections waiting to be accepted."""


def serve(settings: Settings, announce: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM, SIGINT or SIGHUP; running replies are finished first.

    ``announce`` is called with the address once the socket accepts connections.
    """
    set_up_logs(settings)
    _release_memory_early()
    settings = msgspec.structs.replace(settings, max_connections=raise_file_limit(settings.max_connections))
    state = make_state(settings)
    with listen(settings, os.environ) as listener, metrics_served(state, settings):
        server = make_server(create_app(settings, state=state), settings, state.counters)
        end_on_signals(server)
        announce(address_of(listener))
        _log.info("started", extra={"address": address_of(listener), "workers": settings.workers})
        if settings.workers > 1:
            _run_workers(server, listener, settings)
        else:
            server.run([listener])
        if settings.uds != OFF and not _is_inherited(os.environ):
            Path(settings.uds).unlink(missing_ok=True)
        _log.info("stopped")


def run_app(app: App, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve another application, which reads and limits request bodies itself, in one process."""
    set_up_logs(settings)
    with listen(settings) as listener:
        server = make_server(app, settings, reads_bodies=True)
        end_on_signals(server)
        announce(address_of(listener))
        server.run([listener])


def raise_file_limit(connections: int) -> int:
    """Raise the limit of open files as far as allowed; return the possible number of connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_CONNECTIONS + 128  # the store, threads, libraries
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < possible:
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))
    room = max(1, connections - (wanted - possible))
    if room < connections:
        facts = {"wanted": connections, "possible": room}
        _log.warning("fewer connections are possible: the system allows few open files", extra=facts)
    return room


def _release_memory_early() -> None:
    """Make glibc return the memory of each piece of a long body as soon as it is freed.

    By default glibc raises this threshold as larger blocks are freed, up to 32 MiB, and keeps smaller blocks
    for reuse (mallopt(3), M_MMAP_THRESHOLD). Other C libraries are left unchanged.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).mallopt(-3, PIECE_BYTES)


def listen(settings: Settings, environment: Mapping[str, str] | None = None) -> socket.socket:
    """Return a listening socket: on a host and port, at a path, or one that systemd has opened.

    A socket from systemd is announced in ``environment`` (sd_listen_fds(3)).
    """
    try:
        if _is_inherited(environment or {}):
            where, hint = "the socket that was handed over", ""
            found = socket.socket(fileno=3)  # SD_LISTEN_FDS_START
            found.set_inheritable(False)
            return found
        if settings.uds != OFF:
            where, hint = settings.uds, "choose another with REGISTER_UDS"
            return _at_path(Path(settings.uds), int(settings.uds_mode, 8))
        where, hint = f"{settings.host[:200]} port {settings.port}", "choose another with HOST and PORT"
        return _at_port(settings.host, settings.port)
    except (OSError, ValueError) as error:  # ValueError: a name that the resolver cannot encode
        reason = printable(getattr(error, "strerror", None) or error)
        raise UsageError(f"cannot listen on {printable(where)}: {reason}", hint=hint) from error


def _is_inherited(environment: Mapping[str, str]) -> bool:
    return environment.get("LISTEN_PID") == str(os.getpid()) and environment.get("LISTEN_FDS") == "1"


def _at_port(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
    both = family == socket.AF_INET6 and socket.has_dualstack_ipv6()
    found = socket.create_server((host, port), family=family, backlog=BACKLOG, dualstack_ipv6=both)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return found


def _at_path(path: Path, mode: int) -> socket.socket:
    """Listen at a path; a stale socket left by a dead process is replaced."""
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.EEXIST, "there is a file that is not a socket")
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == errno.ECONNREFUSED:
                path.unlink()
    found = socket.socket(socket.AF_UNIX)
    before = os.umask(0o777 & ~mode)  # at no time can anyone else connect
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        found.bind(str(path))
        found.listen(BACKLOG)
    except OSError:
        found.close()
        raise
    finally:
        os.umask(before)
    return found


def address_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket, or the path of a Unix socket after ``unix:``."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


class RegisterServer(uvicorn.Server):
    """uvicorn's server with a sweep over its connections and a graceful shutdown."""

    def __init__(self, config: uvicorn.Config, reaper: ConnectionReaper, shutdown_seconds: int) -> None:
        super().__init__(config)
        self._reaper = reaper
        self._shutdown_seconds = shutdown_seconds

    async def on_tick(self, counter: int) -> bool:
        """Sweep the connections, ten times a second; return whether to shut down."""
        self._reaper.sweep(self.server_state.connections)
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != os.getppid():  # the parent process is gone
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down gracefully: stop accepting, close idle connections, finish running replies.

        After the timeout the remaining connections are aborted; a reply that nobody reads stops by itself.
        """

        def cut() -> None:
            left = list(cast("Any", self.server_state.connections))
            if left:
                facts = {"connections": len(left)}
                _log.warning("connections are cut: their replies took too long", extra=facts)
            for connection in left:
                connection.transport.abort()

        cutting = asyncio.get_running_loop().call_later(self._shutdown_seconds, cut)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()


def make_server(
    app: App, settings: Settings, counters: Counters | None = None, *, reads_bodies: bool = False
) -> RegisterServer:
    """Return the server for an application.

    uvicorn's access log is off: it costs two thirds of the throughput and would record client addresses. The
    ``Server`` header is off, since it helps attackers.
    """
    check_release()
    reaper = ConnectionReaper(settings, counters)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=cast("Any", functools.partial(BoundedProtocol, reaper=reaper, reads_bodies=reads_bodies)),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        root_path=settings.prefix if settings.root_path_stripped else "",
        backlog=BACKLOG,
        timeout_graceful_shutdown=settings.shutdown_seconds + 2,  # for requests whose connection was aborted
    )
    return RegisterServer(config, reaper, settings.shutdown_seconds)


def end_on_signals(server: uvicorn.Server) -> None:
    """Shut down gracefully on signals, including those that arrive before the server or a worker runs.

    While it runs, uvicorn handles two of them itself, and raises them again when it stops.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, server.handle_exit)


def _run_workers(server: uvicorn.Server, listener: socket.socket, settings: Settings) -> None:
    """Keep worker processes running until this process is stopped; then stop them."""
    workers: list[multiprocessing.process.BaseProcess] = []
    while not server.should_exit:
        for worker in [each for each in workers if not each.is_alive()]:
            facts = {"worker": worker.pid, "exit_code": worker.exitcode}
            _log.error("a worker has died and is replaced", extra=facts)
            workers.remove(worker)
        while len(workers) < settings.workers and not server.should_exit:
            workers.append(multiprocessing.get_context("fork").Process(target=server.run, args=([listener],)))
            workers[-1].start()
        time.sleep(0.5)
    for worker in workers:
        worker.terminate()
    end = time.monotonic() + settings.shutdown_seconds + 5  # more than the timeout for running replies
    for worker in workers:
        worker.join(max(0.0, end - time.monotonic()))
        if worker.is_alive():
            _log.error("a worker did not end in time", extra={"worker": worker.pid})
            worker.kill()
