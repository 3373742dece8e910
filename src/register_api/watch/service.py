"""The page over HTTP: who may see it, which forms are taken, and what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import HttpMethod, Litestar, Response, get, post, route
from litestar.handlers import HTTPRouteHandler

from register_api.clock import Clock
from register_api.errors import RegisterError, SendingError, WatchError
from register_api.sending.database import Database
from register_api.style import ICON
from register_api.verify.report_text import render_text
from register_api.watch.check_vendor import Asking, evidence_of
from register_api.watch.guard import Asked, Guard, is_name
from register_api.watch.inbox import root_of
from register_api.watch.pages import VIEWS, decide, environment_of_pages, news_page
from register_api.watch.schema import STEPS
from register_api.watch.settings import Here, WatchSettings
from register_api.watch.vendors import load
from register_api.web import HEADERS, METHODS, DatabaseThread, Page, RequestRefused, make_app, one, plain

_BUSY_SECONDS = 10
_FETCHING_SECONDS = 60
"""How long fetching evidence may take: somebody waits for it."""


def create_app(settings: WatchSettings, token: str, clock: Clock) -> Litestar:
    """Build the application; the token is what people sign in with, empty where a proxy names users."""
    service = _Service(settings, token, clock)
    root = service.root
    handlers = [
        get(f"{root}favicon.svg", media_type="image/svg+xml")(service.icon),
        route(f"{root}news/{{news:str}}", http_method=METHODS)(service.news),
        post(f"{root}evidence/{{vendor:str}}/{{version:int}}")(service.evidence),
        route(f"{root}login", http_method=METHODS)(service.login),
        post(f"{root}logout")(service.logout),
    ]
    return make_app([*handlers, *(_view(service, path) for path in VIEWS)], service.database)


def _view(service: _Service, path: str) -> HTTPRouteHandler:
    @get(f"{service.root}{path}")
    async def view(request: Asked) -> Response[str]:
        asked = {**request.query_params, **request.path_params}
        return await service.show(request, lambda database: VIEWS[path](database, service.here(), asked))

    return view


class _Service:
    def __init__(self, settings: WatchSettings, token: str, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._guard = Guard(settings, token, clock)
        self._fetching = asyncio.Lock()
        self.database = DatabaseThread(settings.database, STEPS, lambda database: database)
        self.root = urlsplit(settings.page_address).path or "/"

    async def icon(self) -> bytes:
        """Return the icon of all pages."""
        return ICON

    async def show(self, request: Asked, ask: Callable[[Database], Page]) -> Response[str]:
        """Show a page to a user; others are led to where they sign in."""
        user = self._guard.user(request)
        return await self._answer(ask, user) if user else self._sent_to("login")

    async def news(self, request: Asked) -> Response[str]:
        """Show a piece of news, or keep a decision on it."""
        news = request.path_params["news"]
        if request.method != HttpMethod.POST:
            return await self.show(request, lambda database: news_page(database, news, {}))
        user, form = await self._guard.form(request)
        return await self._answer(
            lambda database: decide(database, news, form, user, self.here().at), user, then=f"news/{news}"
        )

    async def _answer(
        self, ask: Callable[[Database], Page | None], user: str, then: str = ""
    ) -> Response[str]:
        try:
            page = await self.database.run(ask)
        except WatchError as error:
            return self._message(user, "Not found", error.message, 404)
        return self._response(page, user) if page else self._sent_to(then)

    async def evidence(self, request: Asked) -> Response[Any]:
        """Fetch a version with all that proves it; one at a time, since it takes a while."""
        vendor, version = request.path_params["vendor"], request.path_params["version"]
        user, _ = await self._guard.form(request)
        if self._fetching.locked():
            raise RequestRefused(503, _BUSY_SECONDS, "Other evidence is being fetched. Try again soon.")
        asking = Asking.of(msgspec.structs.replace(self._settings, lease_seconds=_FETCHING_SECONDS))
        async with self._fetching:
            try:
                known = await self.database.run(lambda database: load(database, vendor))
                root = await self.database.run(lambda database: root_of(database, vendor))
                made = await asyncio.to_thread(evidence_of, known, version, root, asking, self._clock())
            except SendingError:  # of the database
                raise
            except RegisterError as error:
                said = f"{error.message}\n{error.hint}".strip()
                return self._message(user, "No evidence", said, 502)
        if made.data is None:
            return self._message(user, "No evidence", render_text(made.report), 502)
        name = f'attachment; filename="{known.id}-{version}.zip"'
        headers = {**HEADERS, "Content-Type": "application/zip", "Content-Disposition": name}
        return Response(made.data, status_code=200, headers=headers)

    async def login(self, request: Asked) -> Response[str]:
        """Show the form to sign in, or take a name and the token."""
        self._guard.origin(request)
        if not self._guard.has_login:
            raise RequestRefused(404)
        if request.method != HttpMethod.POST:
            return self._response(Page("login", {"name": "", "fault": ""}))
        form = await self._guard.login_form(request)
        name = plain(one(form, "name"))
        if not self._guard.knows_token(request, form):
            return self._response(Page("login", {"name": name, "fault": "That is not the token."}, 403))
        if not is_name(name):
            fault = "A decision needs the name of who makes it, on one line."
            return self._response(Page("login", {"name": name, "fault": fault}, 422))
        return self._guard.keep(self._sent_to(""), name)

    async def logout(self, request: Asked) -> Response[str]:
        """Forget who has signed in."""
        await self._guard.form(request)
        return self._guard.keep(self._sent_to("login"), "")

    def _response(self, page: Page, user: str = "") -> Response[str]:
        said = (
            environment_of_pages()
            .get_template(f"{page.template}.html.j2")
            .render(
                root=self.root,
                user=user,
                has_login=self._guard.has_login,
                form_token=self._guard.form_token(user) if user else "",
                **page.values,
            )
        )
        return Response(said, status_code=page.status, headers=HEADERS)

    def _message(self, user: str, head: str, body: str, status: int) -> Response[str]:
        return self._response(Page("message", {"head": head, "body": body}, status), user)

    def _sent_to(self, path: str) -> Response[str]:
        return Response("", status_code=303, headers={**HEADERS, "Location": f"{self.root}{path}"})

    def here(self) -> Here:
        """Return when and where this is."""
        return Here(self._clock(), self._settings)
