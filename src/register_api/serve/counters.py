"""What one process has done so far, and faults: everything about those goes to the log.

Only the event loop adds to the numbers, so there is no lock; whoever reads them from elsewhere may read
one that is one behind.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Literal

from register_api.core.api.answers import Name
from register_api.core.api.openapi import HEALTH, READINESS
from register_api.serve.http.asgi import Message, Scope, Send
from register_api.serve.http.problems import Problem
from register_api.serve.reply_table import ReplyTable

_log = logging.getLogger(__name__)

Kind = Literal["head", "stored", "computed", "health", "other", "refused"]
"""Head file; other file of the tree; computed answer; the service's own health; nothing of these;
refused before there was a request."""


class Counters:
    """Numbers that only grow: requests by kind and status, faults, connections that were accepted and closed.

    ``broken`` are connections that were ended because the client took a reply too slowly.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[Kind, int]] = Counter()
        self.faults = self.connections = self.closed = self.broken = 0

    def counting(
        self, table: ReplyTable | None, url: str, is_computed: Callable[[str], bool], send: Send
    ) -> Send:
        """Return a ``send`` that counts the reply it begins."""

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
        """Log what nobody expected, with its traceback, and return what the client is told.

        The path is logged without the query, which may hold what a person looked for.
        """
        self.faults += 1
        request_id = uuid.uuid4().hex
        facts = {"request_id": request_id, "method": scope["method"], "path": scope["path"]}
        _log.error("a fault of the service", exc_info=error, extra=facts)
        return _numbered("internal", "The fault has been logged.", request_id)


def logged_problem(name: Name, detail: str, error: Exception) -> Problem:
    """Log what went wrong and return what the client is told: a sentence and the request's number."""
    request_id = uuid.uuid4().hex
    _log.error("a request failed: %s", error, extra={"request_id": request_id})
    return _numbered(name, detail, request_id)


def _numbered(name: Name, detail: str, request_id: str) -> Problem:
    return Problem(
        name,
        f"{detail} The operator finds it in the log under {request_id}.",
        headers=((b"request-id", request_id.encode("ascii")),),
    )
