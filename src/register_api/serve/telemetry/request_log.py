"""A log line for each request, for those who turn it on; it costs more than the requests themselves.

No client is named unless the settings ask for it: an address is left out, shortened to its network, or whole.
"""

from __future__ import annotations

import logging
import time

from register_api.serve.http.asgi import App, Message, Receive, Scope, Send
from register_api.serve.http.clients import NEIGHBOURS, network_of
from register_api.serve.settings import LogClients


def client_fields(scope: Scope, how: LogClients) -> dict[str, str]:
    """Return what a log line says of the client of a request.

    It is the address that the connection came from, behind a proxy the proxy's; headers that claim
    another one are not believed.
    """
    client = scope.get("client")
    if how == "none" or client is None:
        return {}
    return {"client": client[0] if how == "full" else network_of(scope, NEIGHBOURS)}


_log = logging.getLogger(__name__)


class RequestLog:
    """Logs method, path, status and duration of each request; never the query, never a header."""

    def __init__(self, app: App, clients: LogClients) -> None:
        """Stand before an application."""
        self._app = app
        self._clients = clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log it when its reply begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def logging_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts = {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": message["status"],
                    "milliseconds": round((time.perf_counter() - begun) * 1000, 2),
                }
                _log.info("request", extra=facts | client_fields(scope, self._clients))
            await send(message)

        await self._app(scope, receive, logging_send)
