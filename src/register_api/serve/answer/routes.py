"""The routes that Litestar serves: what has to be computed, and the service's own health."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath  # noqa: TC002 (Litestar reads the annotations)
from litestar.types import ASGIApp  # noqa: TC002 (Litestar reads the annotations)

from register_api.serve.answer.description.document import PAGE_URL, URL
from register_api.serve.answer.health import Health
from register_api.serve.answer.readiness import Readiness, readiness
from register_api.serve.http.sending import send_resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar.handlers import HTTPRouteHandler

    from register_api.serve.answer.service import Service
    from register_api.serve.http.asgi import Receive, Scope, Send
    from register_api.serve.stored.reply import Resource

_COMPUTED = re.compile(
    r"/v1/(answers|diff|upcoming|subprocessors(/[a-z0-9-]{1,64})?)|/openapi\.json|/docs|/healthz|/readyz"
)

_NO_STORE = {
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
}

_AnyRequest = Request[Any, Any, Any]


def is_computed(url: str) -> bool:
    """Tell whether a URL path is one of these routes."""
    return _COMPUTED.fullmatch(url) is not None


def routes(service: Service) -> Sequence[HTTPRouteHandler]:
    """Return the handlers, bound to a service; ``description`` says what each takes and gives."""
    return (
        *_vendor_routes(service),
        *_time_routes(service),
        *_description_routes(service),
        *_health_routes(service),
    )


def _vendor_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get("/v1/answers")
    async def answers(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.answers(request.scope["query_string"]))

    @get("/v1/subprocessors")
    async def subprocessors(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.subprocessors(request.scope["query_string"]))

    @get("/v1/subprocessors/{subprocessor:str}")
    async def subprocessor(request: _AnyRequest, subprocessor: FromPath[str]) -> ASGIApp:
        return _ready(await service.subprocessor(subprocessor, request.scope["query_string"]))

    return answers, subprocessors, subprocessor


def _time_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get("/v1/diff")
    async def diff(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.diff(request.scope["query_string"]))

    @get("/v1/upcoming")
    async def upcoming(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.upcoming(request.scope["query_string"]))

    return diff, upcoming


def _description_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(URL)
    async def description() -> ASGIApp:
        return _ready(await service.description())

    @get(PAGE_URL)
    async def manual() -> ASGIApp:
        return _ready(await service.manual())

    return description, manual


def _health_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get("/healthz")
    async def healthz() -> Response[Health]:
        return Response(Health(), media_type=MediaType.JSON, headers=_NO_STORE)

    @get("/readyz")
    async def readyz() -> Response[Readiness]:
        answer = readiness(service.shelf, service.clock())
        return Response(answer, media_type=MediaType.JSON, headers=_NO_STORE)

    return healthz, readyz


def _ready(resource: Resource) -> ASGIApp:
    """Return the ASGI application that sends a finished resource."""

    async def send_it(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 (ASGI's signature)
        await send_resource(resource, scope, send)

    return cast("ASGIApp", send_it)
