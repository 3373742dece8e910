"""The routes that Litestar serves: what has to be computed, and the service's own health."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from register_api.core.api.answers import Health, Readiness
from register_api.core.api.openapi import HEALTH, READINESS, REFERENCE
from register_api.core.api.questions import QUESTIONS, Question
from register_api.core.format.tree import OPENAPI
from register_api.serve.answer.readiness import readiness
from register_api.serve.answer.service import Service
from register_api.serve.http.asgi import Receive, Scope, Send, header
from register_api.serve.http.clients import Asker, asker_of
from register_api.serve.http.sending import send_resource
from register_api.serve.stored.reply import Resource

_URLS = (*(question.url for question in QUESTIONS), f"/{OPENAPI.path()}", REFERENCE, HEALTH, READINESS)
_COMPUTED = re.compile("|".join(re.escape(url).replace(r"\{id\}", "[a-z0-9-]{1,64}") for url in _URLS))

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
    """Return the handlers, bound to a service; ``core.api`` says what each takes and gives."""
    return (
        *(_question_route(service, question) for question in QUESTIONS),
        *_description_routes(service),
        *_health_routes(service),
    )


def _question_route(service: Service, question: Question) -> HTTPRouteHandler:
    @get(question.url.replace("{id}", "{id:str}"))
    async def answer(request: _AnyRequest) -> ASGIApp:
        sent, accept = request.scope["query_string"], header(request.scope["headers"], b"accept")
        return _ready(await service.answer(question, sent, request.path_params, _asker(request), accept))

    return answer


def _description_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(f"/{OPENAPI.path()}")
    async def description() -> ASGIApp:
        return _ready(await service.description())

    @get(REFERENCE)
    async def reference(request: _AnyRequest) -> ASGIApp:
        return _ready(await service.reference(_asker(request)))

    return description, reference


def _health_routes(service: Service) -> Sequence[HTTPRouteHandler]:
    @get(HEALTH)
    async def healthz() -> Response[Health]:
        return Response(Health(), media_type=MediaType.JSON, headers=_NO_STORE)

    @get(READINESS)
    async def readyz() -> Response[Readiness]:
        answer = readiness(service.replies, service.clock())
        return Response(answer, media_type=MediaType.JSON, headers=_NO_STORE)

    return healthz, readyz


def _asker(request: _AnyRequest) -> Asker:
    return asker_of(cast("Any", request.scope), cast("Any", request.receive))


def _ready(resource: Resource) -> ASGIApp:
    """Return the ASGI application that sends a finished resource."""

    async def send_it(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 (ASGI's signature)
        await send_resource(resource, scope, send)

    return cast("ASGIApp", send_it)
