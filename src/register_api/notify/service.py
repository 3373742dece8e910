"""The web service for subscribers and contacts: rate limits, and the pages linked from mails.

A GET changes nothing, because email scanners follow every link. A POST is authorised only by the token in its
URL; without cookies, no other site can act on a user's behalf.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment
from litestar import HttpMethod, Litestar, Request, Response, route
from markupsafe import Markup, escape

from register_api import web
from register_api.clock import Clock, zone_of
from register_api.core.instant import instant_of, local_day
from register_api.core.language.language import Language, message
from register_api.notify import answers, subscriptions
from register_api.notify.message import Audience, MessageTexts
from register_api.notify.persons import languages
from register_api.notify.schema import STEPS
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Preferences, SubscriptionForm, read_preferences
from register_api.sending.database import Database, Row, Run


def message_page(language: str, head: str, body: str, link: tuple[str, str] | None = None) -> web.Page:
    """Return a page with a message; the texts are translatable."""
    return web.Page("message", {"head": head, "body": body, "link": link}, language=language)


@functools.cache
def _environment(language: Language) -> Environment:
    environment = web.forms_environment("register_api.notify")
    environment.filters["day"] = language.day
    environment.globals.update(
        language=language.tag,
        text=lambda message, **given: escape(language.template(message)).format(**given),
    )
    return environment


class SubscriptionPages:
    """Answers requests in the database's thread; ``texts`` composes the same texts as in mails."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        self.database, self.texts = database, MessageTexts(database, settings)
        self._settings = settings

    def html(self, page: web.Page) -> str:
        """Render a page; all values are escaped."""
        template = _environment(Language.of(page.language)).get_template(f"{page.template}.html.j2")
        return template.render(
            publisher=self.texts.newest().publisher.name,
            register_page=self._settings.base,
            service=self._settings.subscriptions,
            **page.values,
        )

    def form(self, language: str | None, submitted: SubscriptionForm | None = None) -> web.Page:
        """Show the subscription form with previous input; language ``None`` is the publisher's."""
        tag = language or self._language()
        submitted = submitted or SubscriptionForm("", Preferences(language=tag), None)
        values = {**self.choices(submitted), "address": submitted.address}
        return web.Page("subscribe", values, 422 if submitted.fault else 200, tag)

    def subscribe(self, form: web.Form, language: str | None, at: int) -> web.Page:
        """Process a subscription form; the response does not reveal whether the address is known."""
        submitted = read_preferences(form, self.texts.newest(), asks_address=True)
        tag = language or submitted.preferences.language
        if submitted.fault:
            return self.form(tag, submitted)
        subscriptions.subscribe(self.database, submitted.address, submitted.preferences, at)
        body = message(
            "If the address is correct, an email with a confirmation link is on its way. The link is valid"
            " for seven days. We send only a few such emails a week to one address."
        )
        return message_page(tag, message("Check your email"), body)

    def address(self, action: str, token: str) -> str:
        """Return the URL of a page with a token."""
        return f"{self._settings.subscriptions}{action}/{token}"

    def choices(self, submitted: SubscriptionForm) -> dict[str, object]:
        """Return the values shown in a preferences form."""
        return {
            "preferences": submitted.preferences,
            "fault": submitted.fault,
            "products": self.texts.newest().products,
            "languages": [Language.of(tag) for tag in languages()],
        }

    def gone(self) -> web.Page:
        """Return the page for invalid links, the same for unknown, expired and others' links."""
        body = message("The link has expired or is incomplete.")
        page = message_page(self._language(), message("This link is not valid"), body, self.form_link())
        return page._replace(status=404)

    def form_link(self) -> tuple[str, str]:
        """Return the link to the subscription form."""
        return self._settings.subscriptions, message("Subscribe to changes")

    def _language(self) -> str:
        return Language.of(self.texts.newest().publisher.language).tag


_VERDICTS = {
    "accepted": message("We accept the changes"),
    "objected": message("We object"),
    "not_concerned": message("The changes do not concern us"),
}


class LinkRequest(NamedTuple):
    """A request for a page with a token; with a form, ``run`` is within a transaction."""

    pages: SubscriptionPages
    run: Run
    link: Row
    recipient: subscriptions.Subscriber
    url: str
    form: web.Form | None
    at: int

    def page(self, head: str, body: str, link: tuple[str, str] | None = None) -> web.Page:
        """Return a message page with a link, by default to the subscription form."""
        return message_page(self.recipient.language, head, body, link or self.pages.form_link())

    def question(self, head: str, body: str, button: str) -> web.Page:
        """Return a page that asks for confirmation."""
        values = {"head": head, "body": body, "button": button, "url": self.url}
        return web.Page("question", values, language=self.recipient.language)


def act(pages: SubscriptionPages, action: str, token: str, form: web.Form | None, at: int) -> web.Page:
    """Return the page of a token, or process its form."""
    purpose, answer = ACTIONS[action]

    def by(run: Run) -> web.Page:
        link = subscriptions.find_link(run, token, purpose, at)
        if link is None:
            return pages.gone()
        recipient = subscriptions.owner_of(run, link)
        if (recipient.kind == "contact") != (purpose == "answer"):  # contract contacts cannot leave by a link
            return pages.gone()
        return answer(LinkRequest(pages, run, link, recipient, pages.address(action, token), form, at))

    if form is None:
        return by(pages.database.query)
    with pages.database.transaction() as run:
        return by(run)


def _confirm(request: LinkRequest) -> web.Page:
    if request.form is None and request.link["used_at"] is None and request.recipient.state == "pending":
        return request.question(
            message("Confirm the subscription"),
            message("You will be notified of changes to our list of sub-processors once you have confirmed."),
            message("Confirm"),
        )
    token = subscriptions.confirm(request.run, request.link, request.at) if request.form is not None else None
    if token is None:
        body = message("This link has been used. Every email has a link to change the subscription.")
        return request.page(message("Nothing to confirm"), body)
    return request.page(
        message("You have subscribed"),
        message("From now on we notify you when our list of sub-processors changes."),
        (request.pages.address("manage", token), message("Change or end the subscription")),
    )


def _manage(request: LinkRequest) -> web.Page:
    if request.recipient.state != "active":
        return _left(request)
    submitted, saved = SubscriptionForm("", request.recipient, None), False
    if request.form is not None:
        submitted = read_preferences(request.form, request.pages.texts.newest(), asks_address=False)
        if saved := submitted.fault is None:
            subscriptions.change(request.run, request.recipient.id, submitted.preferences)
    leave = request.pages.address("leave", request.url.rpartition("/")[2])
    values = {**request.pages.choices(submitted), "saved": saved, "url": request.url, "leave": leave}
    return web.Page("manage", values, 422 if submitted.fault else 200, submitted.preferences.language)


def _leave(request: LinkRequest) -> web.Page:
    """Ask for confirmation, or unsubscribe: by form or by one click in an email client (RFC 8058)."""
    if request.recipient.state in {"active", "pending"}:
        if request.form is None:
            return request.question(
                message("End the subscription"),
                message("You will no longer be notified of changes."),
                message("End the subscription"),
            )
        subscriptions.leave(request.run, request.recipient.id, request.at)
    return _left(request)


def _left(request: LinkRequest) -> web.Page:
    return request.page(message("The subscription has ended"), message("We will send you no more emails."))


def _answer(request: LinkRequest) -> web.Page:
    """Show the changes of a notice with the answer form, or record the answer."""
    recipient, version = request.recipient, request.link["version"]
    if version is None or recipient.state != "active":
        return request.pages.gone()  # replaced by another contact
    publication = request.pages.texts.publication(version)
    changes = publication.concerning(recipient.products, recipient.hears)
    zone = zone_of(publication.register.publisher.time_zone)
    late = answers.is_late(changes, local_day(instant_of(request.at), zone))
    given, fault = None, None
    if request.form is not None:
        verdict, reason = (
            web.value_of(request.form, "verdict"),
            web.plain(web.value_of(request.form, "reason")),
        )
        given = answers.GivenAnswer(verdict, reason, "link")
        fault = answers.fault_of(given)
        if fault is None:
            subscriptions.use_link(request.run, request.link, request.at)
            answers.record_answer(request.run, version, recipient.id, given, request.at, late=late)
    newest = answers.newest_answer(request.run, version, recipient.id)
    chosen = given._asdict() if given and fault else newest or {"verdict": "", "reason": ""}
    audience = Audience(recipient.language, recipient.products, recipient.hears)
    values = {
        "version": version,
        "changes": Markup(request.pages.texts.html(version, audience)),  # noqa: S704 - a template has escaped it
        "last_day": answers.last_day_to_object(changes),
        "is_late": late,
        "answer": newest,
        "answered_on": newest and local_day(instant_of(newest["at"]), zone),
        "verdicts": _VERDICTS,
        "chosen": chosen["verdict"],
        "reason": chosen["reason"],
        "longest_reason": answers.LONGEST_REASON,
        "fault": fault,
        "url": request.url,
    }
    return web.Page("answer", values, 422 if fault else 200, recipient.language)


ACTIONS: dict[str, tuple[subscriptions.Purpose, Callable[[LinkRequest], web.Page]]] = {
    "confirm": ("confirm", _confirm),
    "manage": ("manage", _manage),
    "leave": ("manage", _leave),
    "answer": ("answer", _answer),
}
"""By first path segment of a page: the purpose of its links and its function."""


def create_app(settings: NotifySettings, clock: Clock) -> Litestar:
    """Build the application."""
    service, prefix = _Service(settings, clock), urlsplit(settings.subscriptions).path
    form = route(prefix, http_method=web.METHODS)(service.form)
    link = route(f"{prefix}{{action:str}}/{{token:str}}", http_method=web.METHODS)(service.link)
    return web.make_app([form, link], service.database)


class _Service:
    def __init__(self, settings: NotifySettings, clock: Clock) -> None:
        self.database = web.DatabaseThread(
            settings.database, STEPS, lambda database: SubscriptionPages(database, settings)
        )
        self._clock = clock
        # Hourly limits of subscription forms by network and in total, and of invalid links by network.
        self._forms, self._all_forms, self._guesses = (web.Limit(most, 3600.0) for most in (10, 300, 30))
        address = urlsplit(settings.subscriptions)
        self._origin = f"{address.scheme}://{address.netloc}"

    async def form(self, request: Request[Any, Any, Any]) -> Response[str]:
        language = request.query_params.get("lang")
        language = language if language in languages() else None
        if request.method != HttpMethod.POST:
            return await self._reply(lambda pages: pages.form(language))
        if not web.is_from(request, self._origin):
            raise web.RequestRefused(403)
        self._take(self._forms, web.network_of(request))
        form = await web.form_of(request)
        self._take(self._all_forms, "")
        return await self._reply(lambda pages: pages.subscribe(form, language, self._at()))

    async def link(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Show the page of a link or process its form; its token must not leak in ``Referer``."""
        action, token = request.path_params["action"], request.path_params["token"]
        if action not in ACTIONS:
            raise web.RequestRefused(404)
        network = web.network_of(request)
        if wait := self._guesses.wait(network, self._at()):
            raise web.RequestRefused(429, wait)
        form = await web.form_of(request) if request.method == HttpMethod.POST else None
        reply = await self._reply(lambda pages: act(pages, action, token, form, self._at()))
        reply.headers["Referrer-Policy"] = "no-referrer"
        if reply.status_code == 404:  # noqa: PLR2004
            self._guesses.count(network, self._at())
        return reply

    async def _reply(self, make: Callable[[SubscriptionPages], web.Page]) -> Response[str]:
        def answer(pages: SubscriptionPages) -> Response[str]:
            page = make(pages)
            return Response(pages.html(page), status_code=page.status, headers=dict(web.HEADERS))

        return await self.database.run(answer)

    def _take(self, limit: web.Limit, key: str) -> None:
        if wait := limit.take(key, self._at()):
            raise web.RequestRefused(429, wait)

    def _at(self) -> int:
        return int(self._clock().timestamp())
