"""The service over HTTP: who may ask how often, and what is answered when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from litestar import HttpMethod, Litestar, Request, Response, route

from register_api.clock import Clock
from register_api.notify.schema import STEPS
from register_api.notify.service.link_pages import ACTIONS, act
from register_api.notify.service.pages import Desk, Page, languages
from register_api.notify.settings import NotifySettings
from register_api.web.asking import (
    METHODS,
    DatabaseThread,
    Limit,
    RequestRefused,
    body_of,
    is_from,
    make_app,
    network_of,
    read_form,
)

_HOUR = 3600.0


def create_app(settings: NotifySettings, clock: Clock) -> Litestar:
    """Build the application: settings say where database, service and register are."""
    service = _Service(settings, clock)
    prefix = urlsplit(settings.subscriptions).path

    @route(prefix, http_method=METHODS)
    async def form(request: Request[Any, Any, Any]) -> Response[str]:
        return await service.form(request)

    @route(f"{prefix}{{action:str}}/{{token:str}}", http_method=METHODS)
    async def link(request: Request[Any, Any, Any]) -> Response[str]:
        return await service.link(request, request.path_params["action"], request.path_params["token"])

    return make_app([form, link], service.database)


class _Service:
    def __init__(self, settings: NotifySettings, clock: Clock) -> None:
        self.database = DatabaseThread(settings.database, STEPS, lambda database: Desk(database, settings))
        self._clock = clock
        # Wishes to subscribe from one network and from everywhere; links that lead nowhere from one network.
        self._forms, self._all_forms, self._guesses = (Limit(most, _HOUR) for most in (10, 300, 30))
        address = urlsplit(settings.subscriptions)
        self._origin = f"{address.scheme}://{address.netloc}"

    async def form(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Show the form, or take a wish."""
        language = request.query_params.get("lang")
        language = language if language in languages() else None
        if request.method != HttpMethod.POST:
            return await self._reply(lambda desk: desk.form(language))
        if not is_from(request, self._origin):
            raise RequestRefused(403)
        self._take(self._forms, network_of(request))
        body = await body_of(request)
        self._take(self._all_forms, "")
        return await self._reply(lambda desk: desk.subscribe(read_form(body), language, self._clock()))

    async def link(self, request: Request[Any, Any, Any], action: str, token: str) -> Response[str]:
        """Show the page of a link, or do what its form says."""
        if action not in ACTIONS:
            raise RequestRefused(404)
        network = network_of(request)
        if wait := self._guesses.wait(network, self._now()):
            raise RequestRefused(429, wait)
        form = read_form(await body_of(request)) if request.method == HttpMethod.POST else None
        reply = await self._reply(lambda desk: act(desk, action, token, form, self._clock()))
        if reply.status_code == 404:  # noqa: PLR2004
            self._guesses.count(network, self._now())
        return reply

    async def _reply(self, ask: Callable[[Desk], Page]) -> Response[str]:
        def answer(desk: Desk) -> Response[str]:
            page = ask(desk)
            return Response(desk.html(page), status_code=page.status, headers=page.headers())

        return await self.database.run(answer)

    def _take(self, limit: Limit, key: str) -> None:
        if wait := limit.take(key, self._now()):
            raise RequestRefused(429, wait)

    def _now(self) -> float:
        return self._clock().timestamp()
