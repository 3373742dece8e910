"""The service as one ASGI application: the front door, and Litestar behind it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from litestar import Litestar, Request, Response

from register_api.serve import clock as system_clock
from register_api.serve.answer.cache import Answers
from register_api.serve.answer.routes import is_computed, routes
from register_api.serve.answer.service import Service
from register_api.serve.front import Front
from register_api.serve.http.problem_replies import reply_to
from register_api.serve.http.problems import Problem
from register_api.serve.stored.shelf import Shelf
from register_api.serve.stored.watch import watching

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from register_api.serve.clock import Clock
    from register_api.serve.http.asgi import App
    from register_api.serve.settings import Settings

_log = logging.getLogger(__name__)


def create_app(settings: Settings, clock: Clock = system_clock.now) -> App:
    """Build the service; it begins to read the store when its life span starts.

    Args:
        settings: Where the store is, and what bounds there are.
        clock: Tells the present instant.

    Returns:
        An ASGI application.
    """
    shelf = Shelf(settings.store_path, settings.cache_bytes)
    service = Service(shelf, Answers(settings.answer_cache_bytes), clock)

    def follow(_: Litestar) -> AbstractAsyncContextManager[None]:
        return watching(shelf, settings.poll_seconds)

    computed = Litestar(
        routes(service),
        lifespan=[follow],
        exception_handlers={Exception: _as_problem},
        openapi_config=None,
        logging_config=None,
    )
    return Front(shelf, cast("App", computed), is_computed)


def _as_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Turn what a route raised into a problem; what nobody expected is logged and not told."""
    if not isinstance(error, Problem):
        _log.error("a computed answer failed", exc_info=error)
        error = Problem("internal", "The fault has been logged.")
    start, body = reply_to(error, cast("Any", request.scope))
    headers = {name.decode("ascii"): value.decode("ascii") for name, value in start["headers"]}
    media_type = headers.pop("content-type").partition(";")[0]  # Litestar adds the charset of a text itself
    return Response(
        body["body"],
        status_code=start["status"],
        media_type=media_type,
        headers=headers,
    )
