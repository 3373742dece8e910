"""Faults: everything about them goes to the log, and to the client a number to ask about them by."""

from __future__ import annotations

import logging
import uuid

from register_api.core.api.answers import Name
from register_api.serve.http.asgi import Scope
from register_api.serve.http.problems import Problem
from register_api.serve.telemetry.counters import Counters

_log = logging.getLogger(__name__)


def logged_problem(name: Name, detail: str, error: Exception) -> Problem:
    """Log what went wrong and return what the client is told: a sentence and the request's number."""
    request_id = uuid.uuid4().hex
    _log.error("a request failed: %s", error, extra={"request_id": request_id})
    return _numbered(name, detail, request_id)


def fault(error: BaseException, scope: Scope, counters: Counters) -> Problem:
    """Log what nobody expected, with its traceback, and return what the client is told.

    The path is logged without the query, which may hold what a person looked for.
    """
    counters.faults += 1
    request_id = uuid.uuid4().hex
    facts = {"request_id": request_id, "method": scope["method"], "path": scope["path"]}
    _log.error("a fault of the service", exc_info=error, extra=facts)
    return _numbered("internal", "The fault has been logged.", request_id)


def _numbered(name: Name, detail: str, request_id: str) -> Problem:
    return Problem(
        name,
        f"{detail} The operator finds it in the log under {request_id}.",
        headers=((b"request-id", request_id.encode("ascii")),),
    )
