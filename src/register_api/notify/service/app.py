"""The service over HTTP: who may ask how often, and what is answered when something is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from litestar import HttpMethod, Litestar, Request, Response, route
from litestar.exceptions import HTTPException

from register_api.errors import RegisterError
from register_api.notify.service.database_thread import DatabaseThread
from register_api.notify.service.forms import MOST_BYTES, languages, read_form
from register_api.notify.service.limits import Limit, client_network
from register_api.notify.service.link_pages import ACTIONS, act
from register_api.notify.service.pages import HEADERS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from register_api.clock import Clock
    from register_api.notify.service.desk import Desk
    from register_api.notify.service.pages import Page
    from register_api.notify.settings import NotifySettings

_log = logging.getLogger(__name__)

_BODY_SECONDS = 10.0
_HOUR = 3600.0
_METHODS = [HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST]
_WAIT = 60

_SENTENCES = {
    403: "This form was sent from another site. Open the page itself and fill it in there.",
    404: "There is no page here.",
    405: "This page is not asked for like that.",
    408: "The request took too long.",
    413: "The form is too large.",
    429: "Too many requests. Please try again later.",
    503: "This does not work at the moment. Please try again later.",
}


class Limits(NamedTuple):
    """How often somebody may ask.

    Attributes:
        forms: Wishes to subscribe from one network.
        all_forms: Those from everywhere.
        guesses: Links that lead nowhere, from one network.
    """

    forms: Limit
    all_forms: Limit
    guesses: Limit


class _Refused(Exception):
    """Ends a request with a status and a sentence."""

    def __init__(self, status: int, wait: int = 0) -> None:
        super().__init__(status)
        self.status, self.wait = status, wait


def create_app(settings: NotifySettings, clock: Clock) -> Litestar:
    """Build the application.

    Args:
        settings: Where database, service and register are.
        clock: Tells the present instant.
    """
    service = _Service(settings, clock)
    prefix = urlsplit(settings.subscriptions).path

    @route(prefix, http_method=_METHODS)
    async def form(request: Request[Any, Any, Any]) -> Response[str]:
        return await service.form(request)

    @route(f"{prefix}{{action:str}}/{{token:str}}", http_method=_METHODS)
    async def link(request: Request[Any, Any, Any]) -> Response[str]:
        return await service.link(request, request.path_params["action"], request.path_params["token"])

    return Litestar(
        [form, link],
        request_max_body_size=MOST_BYTES,
        lifespan=[service.lifespan],
        exception_handlers={Exception: _as_text},
        openapi_config=None,
        logging_config=None,
    )


class _Service:
    def __init__(self, settings: NotifySettings, clock: Clock) -> None:
        self._database = DatabaseThread(settings)
        self._clock = clock
        self._limits = Limits(Limit(10, _HOUR), Limit(300, _HOUR), Limit(30, _HOUR))
        address = urlsplit(settings.subscriptions)
        self._origin = f"{address.scheme}://{address.netloc}"

    @contextlib.asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Close the database at the end."""
        yield
        await self._database.close()

    async def form(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Show the form, or take a wish."""
        language = request.query_params.get("lang")
        language = language if language in languages() else None
        if request.method != HttpMethod.POST:
            return await self._reply(lambda desk: desk.form(language))
        if not self._is_from_here(request):
            raise _Refused(403)
        self._take(self._limits.forms, _network(request))
        body = await _body(request)
        self._take(self._limits.all_forms, "")
        return await self._reply(lambda desk: desk.subscribe(read_form(body), language, self._clock()))

    async def link(self, request: Request[Any, Any, Any], action: str, token: str) -> Response[str]:
        """Show the page of a link, or do what its form says."""
        if action not in ACTIONS:
            raise _Refused(404)
        network, guesses = _network(request), self._limits.guesses
        if wait := guesses.wait(network, self._now()):
            raise _Refused(429, wait)
        form = read_form(await _body(request)) if request.method == HttpMethod.POST else None
        reply = await self._reply(lambda desk: act(desk, action, token, form, self._clock()))
        if reply.status_code == 404:  # noqa: PLR2004
            guesses.count(network, self._now())
        return reply

    async def _reply(self, ask: Callable[[Desk], Page]) -> Response[str]:
        def answer(desk: Desk) -> Response[str]:
            page = ask(desk)
            return Response(desk.html(page), status_code=page.status, headers=page.headers())

        return await self._database.run(answer)

    def _is_from_here(self, request: Request[Any, Any, Any]) -> bool:
        """Tell whether a browser says that the form is ours; other programs say nothing."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        return site in {None, "same-origin", "none"} and origin in {None, self._origin}

    def _take(self, limit: Limit, key: str) -> None:
        if wait := limit.take(key, self._now()):
            raise _Refused(429, wait)

    def _now(self) -> float:
        return self._clock().timestamp()


def _network(request: Request[Any, Any, Any]) -> str:
    peer = request.client.host if request.client else ""
    return client_network(peer, ",".join(request.headers.getall("x-forwarded-for", [])))


async def _body(request: Request[Any, Any, Any]) -> bytes:
    async with asyncio.timeout(_BODY_SECONDS):
        return await request.body()


def _as_text(_: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """Answer what went wrong with a sentence of ours; what the operator has to mend is logged."""
    if isinstance(error, _Refused):
        return _sentence(error.status, error.wait)
    if isinstance(error, HTTPException):
        return _sentence(error.status_code)
    if isinstance(error, TimeoutError):
        return _sentence(408)
    if isinstance(error, RegisterError):
        _log.error("the service could not answer: %s", error.message)
    else:
        _log.error("a request failed", exc_info=error)
    return _sentence(503, _WAIT)


def _sentence(status: int, wait: int = 0) -> Response[str]:
    headers = {**HEADERS, "Content-Type": "text/plain; charset=utf-8"}
    if wait:
        headers["Retry-After"] = str(wait)
    if status == 408:  # noqa: PLR2004
        headers["Connection"] = "close"
    said = _SENTENCES.get(status, "This is no request that can be answered.")
    return Response(f"{said}\n", status_code=status, headers=headers)
