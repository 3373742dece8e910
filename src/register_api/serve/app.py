"""The service as an ASGI application: the fast path, with Litestar behind it for computed answers."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NamedTuple, NoReturn, cast

from litestar import Litestar, Request

from register_api import clock as system_clock
from register_api.clock import Clock
from register_api.serve.answer.cache import Answers
from register_api.serve.answer.service import FreshnessLog, Service, is_computed, routes
from register_api.serve.fast_path import FastPath
from register_api.serve.http.problems import Problem, send_problem
from register_api.serve.logs import Counters, log_requests
from register_api.serve.reply import NO_BODY, App, Receive, Scope, Send, start_message
from register_api.serve.reply_table import CurrentReplies
from register_api.serve.settings import Settings

_log = logging.getLogger(__name__)


class AppState(NamedTuple):
    """Shared objects of the service, also read by the metrics; ``started`` is its start time."""

    replies: CurrentReplies
    answers: Answers
    counters: Counters
    clock: Clock
    started: dt.datetime


def make_state(settings: Settings, clock: Clock = system_clock.now) -> AppState:
    """Return the initial state; nothing is read yet."""
    replies = CurrentReplies(settings.store_path, settings.cache_bytes)
    return AppState(replies, Answers(settings.answer_cache_bytes), Counters(), clock, clock())


def create_app(settings: Settings, clock: Clock = system_clock.now, state: AppState | None = None) -> App:
    """Build the service; it starts reading the store at lifespan startup."""
    state = state or make_state(settings, clock)

    @contextlib.asynccontextmanager
    async def following(_: Litestar) -> AsyncIterator[None]:
        async with follow(state, settings.poll_seconds):
            yield

    def leave_to_fast_path(_: Request[Any, Any, Any], error: Exception) -> NoReturn:
        raise error

    computed = Litestar(
        routes(Service(state.replies, state.answers, state.clock)),
        lifespan=[following],
        exception_handlers={Exception: leave_to_fast_path},
        openapi_config=None,
        logging_config=None,
    )
    app: App = FastPath(state.replies, cast("App", computed), is_computed, state.counters)
    if settings.prefix:
        app = prefixed(app, settings.prefix)
    return log_requests(app, settings) if settings.log_requests else app


def prefixed(app: App, prefix: str) -> App:
    """Return an application mounted below a prefix: it sees paths without the prefix.

    Whether a proxy strips the prefix is a setting, and uvicorn then restores it (``root_path``). It cannot be
    detected: ``/trust/timestamp.json`` may be a path of the tree, or a path below the prefix ``/trust``.
    """

    async def mounted(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "*")
        if path == "*" or path.startswith(prefix + "/"):
            scope = {**scope, "path": path.removeprefix(prefix), "root_path": "", "prefix": prefix}
            await app(scope, receive, send)
        elif path == prefix:
            location = prefix.rpartition("/")[2].encode("ascii") + b"/"
            headers = ((b"location", location), (b"content-length", b"0"), (b"cache-control", b"no-store"))
            await send(start_message(308, headers))
            await send(NO_BODY)
        else:
            problem = Problem("not-found", f"Everything here is below {prefix}/.")
            await send_problem(problem, {**scope, "prefix": prefix}, send)

    return mounted


@contextlib.asynccontextmanager
async def follow(state: AppState, seconds: float) -> AsyncIterator[None]:
    """Load the publication, then poll the store and its freshness until the block ends."""
    replies, freshness = state.replies, FreshnessLog(state.replies, state.clock)
    replies.swap(await asyncio.to_thread(replies.load))

    async def poll() -> None:
        if replies.is_stale():
            replies.swap(await asyncio.to_thread(replies.load))
        freshness.update()  # last, so that an invalid timestamp does not prevent loading

    async with repeating(poll, seconds):
        yield


@contextlib.asynccontextmanager
async def repeating(step: Callable[[], Awaitable[None]], seconds: float) -> AsyncIterator[None]:
    """Run a step periodically while the block runs; failures are logged, and the step is repeated."""

    async def repeat() -> None:
        failing = False
        while True:
            try:
                await step()
                failing = False
            except Exception as error:  # noqa: BLE001 (the loop must survive any error)
                if not failing:
                    _log.error("work beside the requests fails, and is tried again", exc_info=error)
                failing = True
            await asyncio.sleep(seconds)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
