"""The page over HTTP: who may see it, which forms are taken, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from litestar import HttpMethod, Litestar, Response, get, post, route
from litestar.handlers import HTTPRouteHandler

from register_api.clock import Clock
from register_api.errors import RegisterError, SendingError, WatchError
from register_api.style.environment import ICON
from register_api.watch.evidence import evidence_of
from register_api.watch.schema import STEPS
from register_api.watch.service.desk import WatchDesk
from register_api.watch.service.guard import Guard, is_name
from register_api.watch.service.pages import WatchPage, html, message_page
from register_api.watch.service.visitors import Asked, Visitors
from register_api.watch.settings import WatchSettings
from register_api.web.asking import HEADERS, METHODS, RequestRefused, make_app, one, plain
from register_api.web.database_thread import DatabaseThread

_BUSY_SECONDS = 10
_LONGEST_QUESTION = 200
_NOT_FOUND, _BAD_GATEWAY = 404, 502


def create_app(settings: WatchSettings, guard: Guard, clock: Clock) -> Litestar:
    """Build the application.

    Args:
        settings: Where the database is, and how registers are asked.
        guard: Tells users from strangers.
        clock: Tells the present instant.
    """
    service = _Service(settings, guard, clock)
    return make_app([*_views(service, clock), *_forms(service)], service.database)


def _views(service: _Service, clock: Clock) -> list[HTTPRouteHandler]:
    """Return the pages that are looked at."""
    root = service.root

    @get(f"{root}favicon.svg", media_type="image/svg+xml")
    async def icon() -> bytes:
        return ICON

    @get(root)
    async def inbox(request: Asked) -> Response[str]:
        foreign = "all" in request.query_params
        return await service.show(request, lambda desk: desk.inbox(clock(), foreign=foreign))

    @get(f"{root}vendors")
    async def vendors(request: Asked) -> Response[str]:
        return await service.show(request, WatchDesk.vendors)

    @get(f"{root}vendors/{{vendor:str}}")
    async def vendor(request: Asked) -> Response[str]:
        return await service.show(request, lambda desk: desk.vendor(request.path_params["vendor"]))

    @get(f"{root}chain")
    async def chain(request: Asked) -> Response[str]:
        company, depth = _question(request, "company"), _depth(request)
        return await service.show(request, lambda desk: desk.chain(company, depth, clock()))

    @get(f"{root}search")
    async def search(request: Asked) -> Response[str]:
        return await service.show(request, lambda desk: desk.search(_question(request, "q")))

    return [icon, inbox, vendors, vendor, chain, search]


def _forms(service: _Service) -> list[HTTPRouteHandler]:
    """Return the pages with forms, and what they are sent to."""
    root = service.root

    @route(f"{root}news/{{news:str}}", http_method=METHODS)
    async def news(request: Asked) -> Response[str]:
        return await service.news(request, request.path_params["news"])

    @post(f"{root}evidence/{{vendor:str}}/{{version:int}}")
    async def evidence(request: Asked) -> Response[Any]:
        return await service.evidence(request, request.path_params["vendor"], request.path_params["version"])

    @route(f"{root}login", http_method=METHODS)
    async def login(request: Asked) -> Response[str]:
        return await service.login(request)

    @post(f"{root}logout")
    async def logout(request: Asked) -> Response[str]:
        return await service.logout(request)

    return [news, evidence, login, logout]


class _Service:
    def __init__(self, settings: WatchSettings, guard: Guard, clock: Clock) -> None:
        self._settings, self._guard, self._clock = settings, guard, clock
        self.database = DatabaseThread(
            settings.database, STEPS, lambda database: WatchDesk(database, settings)
        )
        self._visitors = Visitors(settings, guard, clock)
        self._fetching = asyncio.Lock()
        self.root = urlsplit(settings.page_address).path or "/"

    async def show(self, request: Asked, ask: Callable[[WatchDesk], WatchPage]) -> Response[str]:
        """Show a page to a user; others are led to where they sign in."""
        user = self._visitors.user(request)
        if not user:
            return self._sent_to("login")
        try:
            return self._response(await self.database.run(ask), user)
        except WatchError as error:
            return self._response(message_page("Not found", error.message, _NOT_FOUND), user)

    async def news(self, request: Asked, news: str) -> Response[str]:
        """Show a piece of news, or keep a decision on it."""
        if request.method != HttpMethod.POST:
            return await self.show(request, lambda desk: desk.news(news, None))
        user, form = await self._visitors.form(request)
        try:
            page = await self.database.run(lambda desk: desk.decide(news, form, user, self._now()))
        except WatchError as error:
            page = message_page("Not found", error.message, _NOT_FOUND)
        return self._response(page, user) if page else self._sent_to(f"news/{news}")

    async def evidence(self, request: Asked, vendor: str, version: int) -> Response[Any]:
        """Fetch a version with all that proves it; one at a time, since it takes a while."""
        user, _ = await self._visitors.form(request)
        if self._fetching.locked():
            raise RequestRefused(503, _BUSY_SECONDS, "Other evidence is being fetched. Try again soon.")
        async with self._fetching:
            try:
                known, root = await self.database.run(lambda desk: desk.proof_of(vendor))
                data = await asyncio.to_thread(
                    evidence_of, known, version, root, self._settings, self._clock()
                )
            except SendingError:
                raise
            except RegisterError as error:
                said = f"{error.message}\n{error.hint}".strip()
                return self._response(message_page("No evidence", said, _BAD_GATEWAY), user)
        name = f'attachment; filename="{known.id}-{version}.zip"'
        headers = {**HEADERS, "Content-Type": "application/zip", "Content-Disposition": name}
        return Response(data, status_code=200, headers=headers)

    async def login(self, request: Asked) -> Response[str]:
        """Show the form to sign in, or take a name and the token."""
        self._visitors.origin(request)
        if not self._guard.has_login:
            raise RequestRefused(_NOT_FOUND)
        if request.method != HttpMethod.POST:
            return self._response(WatchPage("login", {"name": "", "fault": ""}))
        form = await self._visitors.login_form(request)
        name = plain(one(form, "name"))
        if not self._visitors.knows_token(request, form):
            return self._response(WatchPage("login", {"name": name, "fault": "That is not the token."}, 403))
        if not is_name(name):
            fault = "A decision needs the name of who makes it, on one line."
            return self._response(WatchPage("login", {"name": name, "fault": fault}, 422))
        return self._visitors.signed_in(self._sent_to(""), name)

    async def logout(self, request: Asked) -> Response[str]:
        """Forget who has signed in."""
        await self._visitors.form(request)
        return self._visitors.signed_out(self._sent_to("login"))

    def _response(self, page: WatchPage, user: str = "") -> Response[str]:
        said = html(
            page,
            root=self.root,
            user=user,
            has_login=self._guard.has_login,
            form_token=self._guard.form_token(user) if user else "",
        )
        return Response(said, status_code=page.status, headers=HEADERS)

    def _sent_to(self, path: str) -> Response[str]:
        return Response("", status_code=303, headers={**HEADERS, "Location": f"{self.root}{path}"})

    def _now(self) -> int:
        return int(self._clock().timestamp())


def _question(request: Asked, name: str) -> str:
    return plain(str(request.query_params.get(name, "")))[:_LONGEST_QUESTION]


def _depth(request: Asked) -> int:
    said = request.query_params.get("depth", "")
    return int(said) if said in {str(depth) for depth in range(1, 11)} else 2
