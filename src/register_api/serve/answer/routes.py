"""The routes that Litestar serves: what has to be computed, and the service's own health."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath  # noqa: TC002 (Litestar reads the annotations)
from litestar.types import ASGIApp  # noqa: TC002 (Litestar reads the annotations)

from register_api.core.diff.changes import Diff
from register_api.serve.answer import questions
from register_api.serve.answer.documents import SubprocessorAnswer, SubprocessorsAnswer, UpcomingAnswer
from register_api.serve.answer.openapi import documented
from register_api.serve.answer.readiness import Readiness, readiness
from register_api.serve.http.sending import send_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.handlers import HTTPRouteHandler

    from register_api.serve.answer.service import Service
    from register_api.serve.http.asgi import Receive, Scope, Send
    from register_api.serve.stored.reply import Resource

_COMPUTED = re.compile(r"/v1/(diff|upcoming|subprocessors(/[a-z0-9-]{1,64})?)|/healthz|/readyz")

_NO_STORE = {
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
}

_AnyRequest = Request[Any, Any, Any]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What ``/healthz`` answers while the process can answer at all."""

    status: str = "alive"


def is_computed(url: str) -> bool:
    """Tell whether a URL path is one of these routes."""
    return _COMPUTED.fullmatch(url) is not None


def routes(service: Service) -> Sequence[HTTPRouteHandler]:
    """Return the handlers, bound to a service."""
    return (*_vendor_routes(service), *_time_routes(service), *_health_routes(service))


def _vendor_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(
        "/v1/subprocessors",
        operation_id="subprocessors",
        summary="Sub-processors by what is asked of them",
        **documented(SubprocessorsAnswer, questions.SUBPROCESSORS, ("bad-parameter", "nothing-known-yet")),
    )
    async def subprocessors(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.subprocessors(request.scope["query_string"]))

    @get(
        "/v1/subprocessors/{subprocessor:str}",
        operation_id="subprocessor",
        summary="One sub-processor with its history",
        **documented(SubprocessorAnswer, questions.SUBPROCESSOR, ("bad-parameter", "no-such-subprocessor")),
    )
    async def subprocessor(request: _AnyRequest, subprocessor: FromPath[str]) -> ASGIApp:
        return _ready(await service.subprocessor(subprocessor, request.scope["query_string"]))

    return subprocessors, subprocessor


def _time_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(
        "/v1/diff",
        operation_id="diff",
        summary="What changed from one version to another",
        **documented(Diff, questions.DIFF, ("bad-parameter", "no-such-version")),
    )
    async def diff(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.diff(request.scope["query_string"]))

    @get(
        "/v1/upcoming",
        operation_id="upcoming",
        summary="What will start or end after a day",
        **documented(UpcomingAnswer, questions.UPCOMING, ("bad-parameter", "nothing-known-yet")),
    )
    async def upcoming(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.upcoming(request.scope["query_string"]))

    return diff, upcoming


def _health_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(
        "/healthz", operation_id="alive", summary="Whether the process answers", **documented(Health, (), ())
    )
    async def healthz() -> Response[Health]:
        return Response(Health(), media_type=MediaType.JSON, headers=_NO_STORE)

    @get(
        "/readyz",
        operation_id="ready",
        summary="Whether what is served is there and fresh",
        **documented(Readiness, (), ("not-ready",)),
    )
    async def readyz() -> Response[Readiness]:
        answer = readiness(service.shelf, service.clock())
        return Response(answer, media_type=MediaType.JSON, headers=_NO_STORE)

    return healthz, readyz


def _ready(resource: Resource) -> ASGIApp:
    """Return the ASGI application that sends a finished resource."""

    async def send_it(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 (ASGI's signature)
        await send_resource(resource, scope, send)

    return cast("ASGIApp", send_it)
