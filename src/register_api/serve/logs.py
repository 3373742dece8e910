"""The log: one line an event on standard error, as JSON for machines or as text for a terminal.

Modules log with the standard library; structlog writes what they and uvicorn have to say. No event has
a client's address unless ``log_clients`` asks for it, and none has a secret: the service knows none.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TextIO

import structlog
from structlog.typing import Processor

from register_api.serve.http.asgi import App, Message, Receive, Scope, Send, network_of
from register_api.serve.settings import Settings

LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio", "litestar")
"""Loggers of others; below ``debug`` only their errors are of use to anyone."""

_NEIGHBOURS = {4: 24, 6: 48}
"""Bits of a network of 256 addresses, and of what one customer of a provider is given."""

_log = logging.getLogger(__name__)


def set_up_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process go to standard error."""
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and is_terminal)
    in_form: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=is_terminal)]
        if as_text
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(sort_keys=True)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *in_form],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    for name in LIBRARIES:
        logging.getLogger(name).setLevel("DEBUG" if settings.log_level == "debug" else "ERROR")
        logging.getLogger(name).handlers = []
    logging.captureWarnings(capture=True)


def client_fields(scope: Scope, settings: Settings) -> dict[str, str]:
    """Return what a log line says of the client of a request.

    It is the address that the connection came from, behind a proxy the proxy's; headers that claim
    another one are not believed.
    """
    client = scope.get("client")
    if settings.log_clients == "none" or client is None:
        return {}
    return {"client": client[0] if settings.log_clients == "full" else network_of(scope, _NEIGHBOURS)}


def log_requests(app: App, settings: Settings) -> App:
    """Return an application with a log line for each request; it costs more than the requests themselves.

    It has method, path, status and duration; never the query, never a header.
    """

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()

        async def logging_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts = {"method": scope["method"], "path": scope["path"], "status": message["status"]}
                took = round((time.perf_counter() - begun) * 1000, 2)
                _log.info("request", extra=facts | {"milliseconds": took} | client_fields(scope, settings))
            await send(message)

        await app(scope, receive, logging_send)

    return logged
