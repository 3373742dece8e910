"""Running the service: uvicorn with uvloop and httptools, and an orderly end."""

from __future__ import annotations

import contextlib
import signal
import socket
from typing import TYPE_CHECKING, Any

import uvicorn

from register_api.errors import UsageError
from register_api.serve.app import create_app
from register_api.serve.http.protocol import BoundedProtocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from register_api.serve.http.asgi import App
    from register_api.serve.settings import Settings

_BACKLOG = 2048


def serve(settings: Settings, announce: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGTERM or SIGINT; replies under way are finished first.

    Args:
        settings: How to run.
        announce: Told the address once connections are accepted by the system.

    Raises:
        UsageError: The address cannot be listened on.
    """
    run_app(create_app(settings), settings, announce)


def run_app(app: App, settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve an application until SIGTERM or SIGINT; replies under way are finished first.

    Args:
        app: What answers.
        settings: How to run.
        announce: Told the address once connections are accepted by the system.

    Raises:
        UsageError: The address cannot be listened on.
    """
    listener = listen(settings)
    with contextlib.closing(listener), _ending_in_peace():
        announce(address_of(listener))
        make_server(app, settings).run(sockets=[listener])


def make_server(app: App, settings: Settings) -> uvicorn.Server:
    """Return the server that runs an application the way the service is run.

    The access log is off: it costs two thirds of the throughput, and addresses of readers are
    nobody's business here. The ``Server`` header is off: it tells attackers what to try.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="error",
        server_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    return uvicorn.Server(config)


def listen(settings: Settings) -> socket.socket:
    """Return a socket that is bound and listens.

    Raises:
        UsageError: The address is taken, not ours or not known.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _bound(socket.socket(family, kind), address)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {settings.host} port {settings.port}: {error.strerror or error}",
            hint="choose another with HOST and PORT",
        ) from error


def _bound(listener: socket.socket, address: Any) -> socket.socket:
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the URL at which a listening socket answers."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


@contextlib.contextmanager
def _ending_in_peace() -> Iterator[None]:
    """Let SIGTERM and SIGINT end in exit code 0: uvicorn raises them again when it has shut down."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
