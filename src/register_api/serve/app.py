"""The service as one ASGI application: the fast path, and Litestar behind it.

Under a path of a host that has other things as well, such as ``/trust``, proxies either pass that path
on or take it off; which one it is has to be said. It cannot be guessed: ``/trust/timestamp.json`` may be
a path of the tree, or the prefix with a path after it.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, cast

from litestar import Litestar, Request, Response

from register_api import clock as system_clock
from register_api.clock import Clock
from register_api.serve.answer.cache import Answers
from register_api.serve.answer.routes import is_computed, routes
from register_api.serve.answer.service import Service
from register_api.serve.background import watching
from register_api.serve.fast_path import FastPath
from register_api.serve.http.asgi import NO_BODY, App, Receive, Scope, Send, start_message
from register_api.serve.http.problem_replies import reply_to, send_problem
from register_api.serve.http.problems import Problem
from register_api.serve.settings import Settings
from register_api.serve.stored.current_replies import CurrentReplies
from register_api.serve.telemetry.counters import Counters
from register_api.serve.telemetry.faults import fault
from register_api.serve.telemetry.freshness_log import watching_freshness
from register_api.serve.telemetry.request_log import RequestLog


class Prefixed:
    """Shows the application behind it paths without the prefix, and clients addresses with it."""

    def __init__(self, app: App, prefix: str, *, stripped: bool) -> None:
        """Stand before an application."""
        self._app = app
        self._prefix = prefix
        self._stripped = stripped

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; what is not below the prefix is not here."""
        if scope["type"] != "http" or scope["path"] == "*":
            await self._app(scope, receive, send)
        elif self._stripped:
            raw = self._prefix.encode("ascii") + scope["raw_path"]
            await self._app({**scope, "raw_path": raw, "prefix": self._prefix}, receive, send)
        elif scope["path"].startswith(self._prefix + "/"):
            path = scope["path"].removeprefix(self._prefix)
            await self._app({**scope, "path": path, "prefix": self._prefix}, receive, send)
        elif scope["path"] == self._prefix:
            await _send_to_folder(self._prefix, send)
        else:
            detail = f"Everything here is below {self._prefix}/."
            await send_problem(Problem("not-found", detail), {**scope, "prefix": self._prefix}, send)


async def _send_to_folder(prefix: str, send: Send) -> None:
    location = prefix.rpartition("/")[2].encode("ascii") + b"/"
    headers = ((b"location", location), (b"content-length", b"0"), (b"cache-control", b"no-store"))
    await send(start_message(308, headers))
    await send(NO_BODY)


class AppState(NamedTuple):
    """What the service works with, and what metrics tell of.

    Attributes:
        replies: Where the current table stands.
        answers: Answers that were computed before.
        counters: What was done so far.
        clock: Tells the present instant.
    """

    replies: CurrentReplies
    answers: Answers
    counters: Counters
    clock: Clock


def make_state(settings: Settings, clock: Clock = system_clock.now) -> AppState:
    """Return parts that have not read anything yet."""
    replies = CurrentReplies(settings.store_path, settings.cache_bytes)
    return AppState(replies, Answers(settings.answer_cache_bytes), Counters(), clock)


def create_app(settings: Settings, clock: Clock = system_clock.now, parts: AppState | None = None) -> App:
    """Build the service; it begins to read the store when its life span starts."""
    parts = parts or make_state(settings, clock)
    app: App = _front(parts, settings.poll_seconds)
    if settings.prefix:
        app = Prefixed(app, settings.prefix, stripped=settings.root_path_stripped)
    return RequestLog(app, settings.log_clients) if settings.log_requests else app


def _front(parts: AppState, poll_seconds: float) -> FastPath:
    service = Service(parts.replies, parts.answers, parts.clock)

    def follow(_: Litestar) -> AbstractAsyncContextManager[None]:
        return watching(parts.replies, poll_seconds)

    def follow_freshness(_: Litestar) -> AbstractAsyncContextManager[None]:
        return watching_freshness(parts.replies, parts.clock, poll_seconds)

    def as_problem(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
        """Turn what a route raised into a problem; what nobody expected is logged and not told."""
        scope = cast("Any", request.scope)
        problem = error if isinstance(error, Problem) else fault(error, scope, parts.counters)
        return _response(problem, scope)

    computed = Litestar(
        routes(service),
        lifespan=[follow, follow_freshness],
        exception_handlers={Exception: as_problem},
        openapi_config=None,
        logging_config=None,
    )
    return FastPath(parts.replies, cast("App", computed), is_computed, parts.counters)


def _response(problem: Problem, scope: Any) -> Response[bytes]:
    start, body = reply_to(problem, scope)
    headers = {name.decode("ascii"): value.decode("ascii") for name, value in start["headers"]}
    media_type = headers.pop("content-type").partition(";")[0]  # Litestar adds the charset of a text itself
    return Response(
        body["body"],
        status_code=start["status"],
        media_type=media_type,
        headers=headers,
    )
