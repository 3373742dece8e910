"""The server that runs the application: uvicorn with uvloop and httptools, guarded, and with metrics."""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from register_api.serve.app import AppState
from register_api.serve.http.asgi import App
from register_api.serve.http.bounds import limits_of
from register_api.serve.http.connection_reaper import ConnectionReaper
from register_api.serve.http.protocol import BoundedProtocol
from register_api.serve.process.listening import BACKLOG
from register_api.serve.settings import Settings
from register_api.serve.telemetry.metrics import metrics_app

_log = logging.getLogger(__name__)

_AFTER_CUT_SECONDS = 2
"""How long requests whose connection was cut may take to end; uvicorn cancels what is left."""


class RegisterServer(uvicorn.Server):
    """A server that looks at its connections now and then, and may have a second address for metrics."""

    def __init__(self, config: uvicorn.Config, reaper: ConnectionReaper, shutdown_seconds: int) -> None:
        """Prepare a server."""
        super().__init__(config)
        self._shutdown_seconds = shutdown_seconds
        self._reaper = reaper
        self._metrics: tuple[App, socket.socket] | None = None
        self._metrics_state = ServerState()
        self._metrics_reaper = ConnectionReaper(reaper.limits)  # scrapes are no requests for the register

    def give_metrics(self, parts: AppState, listener: socket.socket) -> None:
        """Have metrics answered at an address of their own."""
        connections = self.server_state.connections
        self._metrics = (metrics_app(parts, lambda: len(connections)), listener)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer."""
        await super().startup(sockets)
        if self._metrics is None or self.should_exit:
            return
        app, listener = self._metrics
        config = _config(app, self._metrics_reaper, self._shutdown_seconds)
        config.load()
        make = functools.partial(
            BoundedProtocol, config, self._metrics_state, {}, reaper=self._metrics_reaper
        )
        self.servers.append(await asyncio.get_running_loop().create_server(make, sock=listener))

    async def on_tick(self, counter: int) -> bool:
        """Do what is done ten times a second; returns whether it is time to end."""
        self._reaper.sweep(cast("Any", self.server_state.connections))
        self._metrics_reaper.sweep(cast("Any", self._metrics_state.connections))
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order: no new connections, idle ones closed, replies under way finished while there is time.

        Then connections are cut; a reply that nobody takes any longer ends by itself.
        """
        for connection in list(self._metrics_state.connections):
            connection.shutdown()
        cutting = asyncio.get_running_loop().call_later(self._shutdown_seconds, self._cut_connections)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

    def _cut_connections(self) -> None:
        left = cast("Any", self.server_state.connections)
        if left:
            _log.warning("connections are cut: their replies took too long", extra={"connections": len(left)})
        for connection in list(left):
            connection.transport.abort()


def make_server(
    app: App, settings: Settings, parts: AppState | None = None, *, reads_bodies: bool = False
) -> RegisterServer:
    """Return the server that runs an application the way the service is run."""
    reaper = ConnectionReaper(limits_of(settings), None if parts is None else parts.counters)
    config = _config(app, reaper, settings.shutdown_seconds, reads_bodies=reads_bodies)
    return RegisterServer(config, reaper, settings.shutdown_seconds)


def _config(
    app: App, reaper: ConnectionReaper, shutdown_seconds: int, *, reads_bodies: bool = False
) -> uvicorn.Config:
    """Return how uvicorn runs.

    Its access log is off: it costs two thirds of the throughput, and addresses of readers are nobody's
    business here. The ``Server`` header is off: it tells attackers what to try.
    """
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=cast("Any", functools.partial(BoundedProtocol, reaper=reaper, reads_bodies=reads_bodies)),
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=shutdown_seconds + _AFTER_CUT_SECONDS,
    )
