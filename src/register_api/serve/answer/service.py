"""Route handlers of Litestar: answers to questions, the API reference, and health checks."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import logging
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, cast

import msgspec
from anyio import BrokenWorkerProcess
from litestar import HttpMethod, MediaType, Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from register_api.clock import Clock
from register_api.core.api.answers import Health, Readiness
from register_api.core.api.openapi import HEALTH, READINESS, REFERENCE, openapi_bytes
from register_api.core.api.questions import QUESTIONS, DatedQuery, Question
from register_api.core.format import tree
from register_api.core.format.tree import OPENAPI, USES_CSV
from register_api.core.instant import format_instant, in_words, local_day, warning_before
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import AsOf, check_version
from register_api.serve.answer.cache import INTERNAL_CALLER, Answers, WaitingClient, waiting_client
from register_api.serve.answer.compute import cost_of
from register_api.serve.answer.query import instant_or_day, read_query
from register_api.serve.answer.resources import Work, answered, compute, finished, reference
from register_api.serve.fast_path import send_resource
from register_api.serve.http.negotiation import prefers
from register_api.serve.http.problems import NOTHING_PUBLISHED, Problem
from register_api.serve.reply import CORS, NOSNIFF, Receive, Resource, Scope, Send, header
from register_api.serve.reply_table import CurrentReplies, ReplyTable
from register_api.store.reader import Snapshot

NOT_LOADED = "A newer publication cannot be loaded; the one before it is served. The log says why."
NOT_RENEWED = "Nobody has renewed the timestamp, and it expires soon. Is `register-api refresh` running?"


class _Signed(msgspec.Struct, frozen=True):
    expires: Annotated[dt.datetime, msgspec.Meta(tz=True)]
    signed_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


class _Timestamp(msgspec.Struct, frozen=True):
    """TUF timestamp metadata (docs/format/trust.md), read for ``/readyz`` and metrics only."""

    signed: _Signed


FreshnessState = Literal["fresh", "expiring", "expired"]


class Freshness(NamedTuple):
    """Expiry of the signed timestamp (UTC) and its lifetime."""

    until: dt.datetime
    lasts: dt.timedelta

    def state(self, now: dt.datetime) -> FreshnessState:
        """Return whether the timestamp is valid and was renewed in time."""
        if now >= self.until:
            return "expired"
        return "expiring" if self.until - now <= warning_before(self.lasts) else "fresh"


def readiness(replies: CurrentReplies, now: dt.datetime) -> Readiness:
    """Return the readiness document: what is served and until when it is fresh."""
    table = replies.table
    if table is None:
        raise Problem("not-ready", "Nothing is published, or it cannot be loaded; the log says which.")
    freshness = freshness_of(replies)
    if freshness is None:
        raise Problem("not-ready", "No freshness statement (trust/timestamp.json) can be read.")
    state = freshness.state(now)
    if state == "expired":
        raise Problem(
            "not-ready", f"The freshness statement expired at {format_instant(freshness.until)}; refresh it."
        )
    warnings = (NOT_LOADED,) * replies.failed + (NOT_RENEWED,) * (state == "expiring")
    return Readiness(
        status="degraded" if warnings else "ready",
        register=table.archive.name,
        version=table.archive.newest,
        generation=table.snapshot.generation,
        fresh_until=freshness.until,
        warnings=warnings,
    )


def freshness_of(replies: CurrentReplies) -> Freshness | None:
    """Return the freshness of the served publication, or ``None`` if it cannot be read."""
    resource = None if replies.table is None else replies.table.ready.get("/" + tree.TIMESTAMP.path())
    if resource is None:
        return None
    data = b"".join(piece["body"] for piece in resource.representations["identity"].body)
    try:
        signed = msgspec.json.decode(data, type=_Timestamp).signed
        return Freshness(signed.expires.astimezone(dt.UTC), signed.expires - signed.signed_at)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None


_WORDS: dict[FreshnessState, tuple[int, str]] = {
    "expired": (logging.ERROR, "freshness has expired; customers refuse what is served until it is renewed"),
    "expiring": (logging.WARNING, "the signed timestamp expires soon and has not been renewed"),
    "fresh": (logging.INFO, "freshness is good again"),
}


class FreshnessLog:
    """Logs when freshness is about to expire, has expired, or is restored."""

    def __init__(self, replies: CurrentReplies, clock: Clock) -> None:
        self._replies = replies
        self._clock = clock
        self._logged: FreshnessState | None = None

    def update(self) -> FreshnessState | None:
        """Log a change of state since the last call."""
        freshness = freshness_of(self._replies)
        state = None if freshness is None else freshness.state(self._clock())
        if freshness and state and state != self._logged and not (state == "fresh" and self._logged is None):
            level, words = _WORDS[state]
            until, lasts = format_instant(freshness.until), in_words(freshness.lasts)
            _log.log(level, words, extra={"fresh_until": until, "fresh_for": lasts})
        self._logged = state
        return state


Compute = Callable[[Snapshot, Work], Awaitable[Resource]]

_CSV = USES_CSV.media_type.partition(";")[0]

_log = logging.getLogger(__name__)


class Service:
    """Answers from the publication that is current when a request arrives."""

    def __init__(
        self, replies: CurrentReplies, answers: Answers, clock: Clock, compute: Compute = compute
    ) -> None:
        self.replies = replies
        self.clock = clock
        self._answers = answers
        self._compute = compute

    async def answer(
        self,
        question: Question,
        query_string: bytes = b"",
        in_path: Mapping[str, str] | None = None,
        client: WaitingClient = INTERNAL_CALLER,
        accept: bytes | None = None,
    ) -> Resource:
        """Return the answer to a question as a resource."""
        table = self._table()
        query = read_query(query_string, question.query, in_path or {})
        as_of = self._as_of(query, table)
        version = table.archive.newest
        as_table = question.has_table and prefers(accept, _CSV)
        key = (question.operation, as_table, query, as_of, version, table.archive.sha256(version))
        work = functools.partial(answered, question, query, as_of, as_table=as_table)
        return await self._cached(key, client, cost_of(table.archive, query), work)

    async def reference(self, client: WaitingClient = INTERNAL_CALLER) -> Resource:
        """Return the API reference with examples from the publication."""
        table = self.replies.table
        if table is None:
            return await asyncio.to_thread(reference, None)
        key = ("reference", table.snapshot.generation)  # the examples include the signed timestamp
        return await self._cached(key, client, table.archive.bytes_of(table.archive.newest), reference)

    async def _cached(self, question: Hashable, client: WaitingClient, cost: int, work: Work) -> Resource:
        """Return a cached or computed answer; a damaged store is reported as for stored files."""
        snapshot = self._table().snapshot
        try:
            return await self._answers.get(question, client, cost, lambda: self._compute(snapshot, work))
        except StoreDamaged as error:
            _log.error("an answer cannot be computed: %s", error)
            raise Problem("unreadable", "What this is computed from cannot be read now.") from error
        except BrokenWorkerProcess as error:
            _log.error("an answer cannot be computed: the process that computes answers has died twice")
            raise Problem(
                "busy", "The process that computes answers was restarted; try again soon."
            ) from error

    def _as_of(self, query: msgspec.Struct, table: ReplyTable) -> AsOf:
        """Return effective date and transaction time of a query; the date defaults to the publisher's day."""
        today = local_day(self.clock(), table.archive.zone)
        if not isinstance(query, DatedQuery):
            return AsOf(on=today)
        if query.version is not None:
            check_version(query.version, table.archive)
        known_at = instant_or_day("known_at", query.known_at)
        return AsOf(on=query.on or today, known_at=known_at, version=query.version)

    def _table(self) -> ReplyTable:
        if self.replies.table is None:
            raise Problem("nothing-published", NOTHING_PUBLISHED)
        return self.replies.table


_URLS = (*(question.url for question in QUESTIONS), f"/{OPENAPI.path()}", REFERENCE, HEALTH, READINESS)
_COMPUTED = re.compile("|".join(re.escape(url).replace(r"\{id\}", "[a-z0-9-]{1,64}") for url in _URLS))
_NO_STORE = {name.decode(): value.decode() for name, value in (*CORS, *NOSNIFF)} | {
    "cache-control": "no-store"
}

_AnyRequest = Request[Any, Any, Any]
_route = functools.partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD])


def is_computed(url: str) -> bool:
    """Return whether a URL path is one of the routes."""
    return _COMPUTED.fullmatch(url) is not None


def routes(service: Service) -> Sequence[HTTPRouteHandler]:
    """Return the route handlers of a service; ``core.api`` describes each."""

    def handler(question: Question) -> HTTPRouteHandler:
        @_route(question.url.replace("{id}", "{id:str}"))
        async def answer(request: _AnyRequest) -> ASGIApp:
            sent, accept = request.scope["query_string"], header(request.scope["headers"], b"accept")
            return _reply(await service.answer(question, sent, request.path_params, _client(request), accept))

        return answer

    @_route(f"/{OPENAPI.path()}")
    async def openapi() -> ASGIApp:
        """Answer before the first publication; afterwards this is a file of the tree."""
        return _reply(await asyncio.to_thread(finished, openapi_bytes()))

    @_route(REFERENCE)
    async def docs(request: _AnyRequest) -> ASGIApp:
        return _reply(await service.reference(_client(request)))

    @_route(HEALTH)
    async def healthz() -> Response[Health]:
        return Response(Health(), media_type=MediaType.JSON, headers=_NO_STORE)

    @_route(READINESS)
    async def readyz() -> Response[Readiness]:
        answer = readiness(service.replies, service.clock())
        return Response(answer, media_type=MediaType.JSON, headers=_NO_STORE)

    return *map(handler, QUESTIONS), openapi, docs, healthz, readyz


def _client(request: _AnyRequest) -> WaitingClient:
    return waiting_client(cast("Any", request.scope), cast("Any", request.receive))


def _reply(resource: Resource) -> ASGIApp:
    async def send_it(scope: Scope, _: Receive, send: Send) -> None:
        await send_resource(resource, scope, send)

    return cast("ASGIApp", send_it)
