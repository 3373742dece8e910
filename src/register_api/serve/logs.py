"""The log (one line per event on standard error, as JSON or text) and the request counters.

Client addresses are logged only if ``log_clients`` asks for them. Only the event loop changes the
counters, so there is no lock.
"""

from __future__ import annotations

import logging
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Literal, TextIO

import structlog
from structlog.typing import Processor

from register_api.core.api.answers import Name
from register_api.core.api.openapi import HEALTH, READINESS
from register_api.serve.http.problems import Problem
from register_api.serve.reply import App, Message, Receive, Scope, Send, network_of
from register_api.serve.reply_table import ReplyTable
from register_api.serve.settings import Settings

LIBRARIES = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio", "litestar")
"""Third-party loggers; below ``debug`` only their errors are logged."""

_log = logging.getLogger(__name__)


def set_up_logs(settings: Settings, stream: TextIO | None = None) -> None:
    """Send all log records of this process to standard error."""
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
    """Return the log fields that identify the client of a request.

    This is the peer address, or the proxy's behind a proxy; headers that claim another address are ignored.
    """
    client = scope.get("client")
    if settings.log_clients == "none" or client is None:
        return {}
    if settings.log_clients == "full":
        return {"client": client[0]}
    return {"client": network_of(scope, {4: 24, 6: 48})}  # 256 addresses, and a typical IPv6 site


def log_requests(app: App, settings: Settings) -> App:
    """Return an application that logs method, path, status and duration of each request; this is slow."""

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


Kind = Literal["head", "stored", "computed", "health", "other", "refused"]
"""File of the current version; other file of the tree; computed answer; health check; none of these;
refused before a request was read.
"""


class Counters:
    """Counters: requests by kind and status, faults, connections accepted and closed.

    ``broken`` counts connections closed because the client read a reply too slowly.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[Kind, int]] = Counter()
        self.faults = self.connections = self.closed = self.broken = 0

    def counting(
        self, table: ReplyTable | None, url: str, is_computed: Callable[[str], bool], send: Send
    ) -> Send:
        """Return a ``send`` that counts each reply."""

        def kind() -> Kind:
            if url in {HEALTH, READINESS}:
                return "health"
            if is_computed(url):
                return "computed"
            if table is None or table.path_of(url) is None:
                return "other"
            return "head" if url in table.ready else "stored"

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.requests[kind(), message["status"]] += 1
            await send(message)

        return counted

    def fault(self, error: BaseException, scope: Scope) -> Problem:
        """Log an unexpected exception with its traceback; return the response for the client.

        The query is not logged, since it may be personal data.
        """
        self.faults += 1
        request_id = uuid.uuid4().hex
        facts = {"request_id": request_id, "method": scope["method"], "path": scope["path"]}
        _log.error("a fault of the service", exc_info=error, extra=facts)
        return _numbered("internal", "The fault has been logged.", request_id)


def logged_problem(name: Name, detail: str, error: Exception) -> Problem:
    """Log an error; return the response for the client, with a request number that the log repeats."""
    request_id = uuid.uuid4().hex
    _log.error("a request failed: %s", error, extra={"request_id": request_id})
    return _numbered(name, detail, request_id)


def _numbered(name: Name, detail: str, request_id: str) -> Problem:
    return Problem(
        name,
        f"{detail} The operator finds it in the log under {request_id}.",
        headers=((b"request-id", request_id.encode("ascii")),),
    )
