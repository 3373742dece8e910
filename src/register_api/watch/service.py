"""The web interface of `watch`: access control, pages (all values escaped) and forms."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from jinja2 import Environment
from litestar import HttpMethod, Litestar, Response, get, post, route
from litestar.handlers import HTTPRouteHandler

from register_api import web
from register_api.clock import Clock
from register_api.core.language.language import ENGLISH, count
from register_api.errors import RegisterError, SendingError, WatchError
from register_api.sending.database import Database
from register_api.style import ICON
from register_api.verify.report_text import render_text
from register_api.watch import chain_questions as questions
from register_api.watch import inbox
from register_api.watch.chain import Chain
from register_api.watch.chain import load as load_chain
from register_api.watch.check_vendor import Polling, evidence_of
from register_api.watch.guard import Asked, Guard, is_name
from register_api.watch.inbox import Decision, DecisionWord, root_of
from register_api.watch.news import TROUBLE
from register_api.watch.schema import STEPS
from register_api.watch.settings import WatchContext, WatchSettings
from register_api.watch.vendors import all_vendors, load

_MAX_NEWS, _MAX_ROWS, _LONGEST_QUESTION = 500, 50, 200
_NEAR = 7
"""Days before a deadline from which it is highlighted."""

Question = Mapping[str, str]
"""Path and query parameters of a request."""


@functools.cache
def _environment() -> Environment:
    environment = web.forms_environment("register_api.watch")
    environment.filters.update(
        day=ENGLISH.day,
        instant=lambda seconds: f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M} UTC",
        words=lambda code: code.replace("_", " "),
        left=lambda days: "over" if days < 0 else f"{count(days, 'day')} left",
    )
    environment.globals.update(count=count, trouble=TROUBLE)
    environment.tests["web_address"] = lambda text: text.startswith(("https://", "http://"))
    return environment


def _inbox(database: Database, context: WatchContext, asked: Question) -> web.Page:
    """Show undecided news; with ``all`` also news that does not concern us."""
    found = inbox.inbox(database, context.today, foreign="all" in asked)
    values = {"news": found[:_MAX_NEWS], "total": len(found), "foreign": "all" in asked, "near": _NEAR}
    return web.Page("inbox", values)


def _vendors(database: Database, _context: WatchContext, _asked: Question) -> web.Page:
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = [(each, status[each.id]) for each in all_vendors(database) if each.id in status]
    rows = sorted(known, key=lambda pair: pair[1].is_well)
    return web.Page("vendors", {"rows": rows, "open": inbox.open_items(database)})


def _vendor(database: Database, _context: WatchContext, asked: Question) -> web.Page:
    vendor = load(database, asked["vendor"])
    status = {each.vendor: each for each in inbox.vendors_status(database)}
    known = inbox.overview(database, vendor.id) | {"root_sha256": inbox.root_of(database, vendor.id)}
    return web.Page("vendor", {"vendor": vendor, "status": status.get(vendor.id), "known": known})


def _search(database: Database, _context: WatchContext, asked: Question) -> web.Page:
    words = web.plain(asked.get("q", ""))[:_LONGEST_QUESTION]
    return web.Page("search", {"words": words, "found": inbox.search(database, words)})


def _chain(database: Database, context: WatchContext, asked: Question) -> web.Page:
    chain = load_chain(database, context.today)
    steps, company = asked.get("depth", ""), web.plain(asked.get("company", ""))[:_LONGEST_QUESTION]
    depth = int(steps) if steps in map(str, range(1, 11)) else questions.DEPTH
    values: dict[str, Any] = {"company": company, "depth": depth, "fault": "", "asked": [], "paths": []}
    if company:
        try:
            targets = chain.find(company)
        except WatchError as error:
            return web.Page("chain", {**values, "fault": f"{error.message}: {error.hint}"}, 404)
        values["asked"] = [chain.companies[number] for number in targets]
        paths = questions.paths_to(chain, targets, depth)
        values["paths"] = [(len(path) - 1, _names(chain, path)) for path in paths]
        return web.Page("chain", values)
    abroad = questions.outside_eea(chain, depth)
    values |= {
        "shares": {
            "Companies": questions.by_company(chain, depth)[:_MAX_ROWS],
            "Countries": questions.by_country(chain, depth)[:_MAX_ROWS],
        },
        "abroad": [(each, _names(chain, each.path)) for each in abroad[:_MAX_NEWS]],
        "abroad_total": len(abroad),
    }
    return web.Page("chain", values)


def _names(chain: Chain, path: questions.ChainPath) -> list[str]:
    return [chain.companies[number].name for number in path]


VIEWS: Mapping[str, Callable[[Database, WatchContext, Question], web.Page]] = {
    "": _inbox,
    "vendors": _vendors,
    "vendors/{vendor:str}": _vendor,
    "chain": _chain,
    "search": _search,
}
"""Read-only pages by path."""


def _news_page(database: Database, news: str, form: web.Form, fault: str = "") -> web.Page:
    """Show a news item, its decisions and the decision form with an optional error."""
    row = inbox.describe(database, news)
    values = {
        "news": row,
        "detail": row["detail"],
        "deadline": row["deadline"] and dt.date.fromisoformat(row["deadline"]),
        "decisions": [each.decision for each in inbox.decisions(database, news=news)],
        "choices": get_args(DecisionWord),
        "chosen": web.value_of(form, "decision"),
        "reason": web.plain(web.value_of(form, "reason")),
        "fault": fault,
    }
    return web.Page("news", values, 422 if fault else 200)


def _decide(database: Database, news: str, form: web.Form, by: str, at: int) -> web.Page | None:
    """Store a decision; returns the form with an error if it is invalid."""
    inbox.describe(database, news)
    chosen = next((each for each in get_args(DecisionWord) if each == web.value_of(form, "decision")), None)
    if chosen is None:
        return _news_page(database, news, form, "Choose what you decide.")
    made = Decision(news=news, decision=chosen, reason=web.plain(web.value_of(form, "reason")), by=by, at=at)
    try:
        inbox.decide(database, made)
    except WatchError as error:
        return _news_page(database, news, form, error.message)
    return None


_BUSY_SECONDS = 10
_FETCHING_SECONDS = 60
"""Time limit for fetching evidence, because a user waits for it."""


def create_app(settings: WatchSettings, token: str, clock: Clock) -> Litestar:
    """Build the application; ``token`` is the sign-in token, empty if a proxy authenticates users."""
    service = _Service(settings, token, clock)
    root = service.root
    handlers = [
        get(f"{root}favicon.svg", media_type="image/svg+xml")(service.icon),
        route(f"{root}news/{{news:str}}", http_method=web.METHODS)(service.news),
        post(f"{root}evidence/{{vendor:str}}/{{version:int}}")(service.evidence),
        route(f"{root}login", http_method=web.METHODS)(service.login),
        post(f"{root}logout")(service.logout),
    ]
    return web.make_app([*handlers, *(_view(service, path) for path in VIEWS)], service.database)


def _view(service: _Service, path: str) -> HTTPRouteHandler:
    @get(f"{service.root}{path}")
    async def view(request: Asked) -> Response[str]:
        asked = {**request.query_params, **request.path_params}
        return await service.show(request, lambda database: VIEWS[path](database, service.context(), asked))

    return view


class _Service:
    def __init__(self, settings: WatchSettings, token: str, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._guard = Guard(settings, token, clock)
        self._fetching = asyncio.Lock()
        self.database = web.DatabaseThread(settings.database, STEPS, lambda database: database)
        self.root = urlsplit(settings.page_address).path or "/"

    async def icon(self) -> bytes:
        return ICON

    async def show(self, request: Asked, ask: Callable[[Database], web.Page]) -> Response[str]:
        """Show a page to a signed-in user; redirect others to the sign-in page."""
        user = self._guard.user(request)
        return await self._answer(ask, user) if user else self._sent_to("login")

    async def news(self, request: Asked) -> Response[str]:
        news = request.path_params["news"]
        if request.method != HttpMethod.POST:
            return await self.show(request, lambda database: _news_page(database, news, {}))
        user, form = await self._guard.form(request)
        return await self._answer(
            lambda database: _decide(database, news, form, user, self.context().at), user, then=f"news/{news}"
        )

    async def _answer(
        self, ask: Callable[[Database], web.Page | None], user: str, then: str = ""
    ) -> Response[str]:
        try:
            page = await self.database.run(ask)
        except WatchError as error:
            return self._message(user, "Not found", error.message, 404)
        return self._response(page, user) if page else self._sent_to(then)

    async def evidence(self, request: Asked) -> Response[Any]:
        """Return a version with its evidence as a ZIP file; one request at a time, because it is slow."""
        vendor, version = request.path_params["vendor"], request.path_params["version"]
        user, _ = await self._guard.form(request)
        if self._fetching.locked():
            raise web.RequestRefused(503, _BUSY_SECONDS, "Other evidence is being fetched. Try again soon.")
        polling = Polling.of(msgspec.structs.replace(self._settings, lease_seconds=_FETCHING_SECONDS))
        async with self._fetching:
            try:
                known = await self.database.run(lambda database: load(database, vendor))
                root = await self.database.run(lambda database: root_of(database, vendor))
                made = await asyncio.to_thread(evidence_of, known, version, root, polling, self._clock())
            except SendingError:  # a database error
                raise
            except RegisterError as error:
                return self._message(user, "No evidence", f"{error.message}\n{error.hint}".strip(), 502)
        if made.data is None:
            return self._message(user, "No evidence", render_text(made.report), 502)
        name = f'attachment; filename="{known.id}-{version}.zip"'
        headers = {**web.HEADERS, "Content-Type": "application/zip", "Content-Disposition": name}
        return Response(made.data, status_code=200, headers=headers)

    async def login(self, request: Asked) -> Response[str]:
        self._guard.origin(request)
        if not self._guard.has_login:
            raise web.RequestRefused(404)
        if request.method != HttpMethod.POST:
            return self._response(web.Page("login", {"name": "", "fault": ""}))
        form = await self._guard.login_form(request)
        name = web.plain(web.value_of(form, "name"))
        if not self._guard.knows_token(request, form):
            return self._response(web.Page("login", {"name": name, "fault": "Wrong token."}, 403))
        if not is_name(name):
            fault = "Enter your name, on one line."
            return self._response(web.Page("login", {"name": name, "fault": fault}, 422))
        return self._guard.keep(self._sent_to(""), name)

    async def logout(self, request: Asked) -> Response[str]:
        await self._guard.form(request)
        return self._guard.keep(self._sent_to("login"), "")

    def _response(self, page: web.Page, user: str = "") -> Response[str]:
        html = (
            _environment()
            .get_template(f"{page.template}.html.j2")
            .render(
                root=self.root,
                user=user,
                has_login=self._guard.has_login,
                form_token=self._guard.form_token(user) if user else "",
                **page.values,
            )
        )
        return Response(html, status_code=page.status, headers=web.HEADERS)

    def _message(self, user: str, head: str, body: str, status: int) -> Response[str]:
        return self._response(web.Page("message", {"head": head, "body": body}, status), user)

    def _sent_to(self, path: str) -> Response[str]:
        return Response("", status_code=303, headers={**web.HEADERS, "Location": f"{self.root}{path}"})

    def context(self) -> WatchContext:
        return WatchContext(self._clock(), self._settings)
