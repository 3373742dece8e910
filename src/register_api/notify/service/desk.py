"""What the pages say and do, over the database.

A GET changes nothing, since mail scanners follow every link. A POST is authorised by the token in its address
alone: there are no cookies, so that no other site can act in anyone's name.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from register_api.core.language.language import Language, message
from register_api.notify import answers, links, subscriptions
from register_api.notify.message import Writer
from register_api.notify.publication import load, newest
from register_api.notify.service.forms import Form, languages, one, plain, read_wish
from register_api.notify.service.pages import Page, html, message_page
from register_api.notify.subscriptions import Preferences

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.core.model import Register
    from register_api.notify.settings import NotifySettings
    from register_api.sending.database import Database, Row

_GONE = 404

VERDICTS = {
    "accepted": message("We accept the changes"),
    "objected": message("We object"),
    "not_concerned": message("The changes do not concern us"),
}


class LinkRequest(NamedTuple):
    """A request for a page with a token.

    Attributes:
        run: Runs a statement; within a transaction where the form is there.
        form: What was filled in; ``None``: the page is only looked at.
    """

    run: Callable[..., list[Row]]
    link: links.MailLink
    token: str
    form: Form | None
    now: dt.datetime

    @property
    def at(self) -> int:
        """The instant as Unix time."""
        return int(self.now.timestamp())


class Desk:
    """Answers; it belongs to the thread of its database."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        """Take the database and the addresses of service and register."""
        self._database = database
        self._settings = settings
        self._writer = Writer(database, settings)
        self._load = functools.lru_cache(maxsize=4)(lambda version: load(database, version).register)

    def html(self, page: Page) -> str:
        """Put a page into words, with what every page shows."""
        return html(
            page,
            publisher=self._register().publisher.name,
            register_page=self._settings.base,
            service=self._settings.subscriptions,
        )

    def form(self, language: str | None) -> Page:
        """Show the form; ``None``: in the publisher's language."""
        tag = language or Language.of(self._register().publisher.language).tag
        return self._form(tag, "", Preferences(language=tag), None)

    def subscribe(self, form: Form, language: str | None, now: dt.datetime) -> Page:
        """Take a wish; the answer is the same whatever is known of the address."""
        wish = read_wish(form, self._register(), asks_address=True)
        tag = language or wish.wanted.language
        if wish.fault:
            return self._form(tag, wish.address, wish.wanted, wish.fault)
        subscriptions.subscribe(self._database, wish.address, wish.wanted, int(now.timestamp()))
        return message_page(
            tag,
            message("Look into your mail"),
            message(
                "If the address is right, a mail with a link to confirm is on its way. The link is good for"
                " seven days. To one address we send only a few such mails a week."
            ),
        )

    def act(self, action: str, token: str, form: Form | None, now: dt.datetime) -> Page:
        """Show the page of a token, or do what its form says."""
        purpose, answer = _ACTIONS[action]
        if form is None:
            return self._act(self._database.query, purpose, token, form, now, answer)
        with self._database.transaction() as run:
            return self._act(run, purpose, token, form, now, answer)

    def _act(
        self,
        run: Callable[..., list[Row]],
        purpose: links.Purpose,
        token: str,
        form: Form | None,
        now: dt.datetime,
        answer: Callable[[Desk, LinkRequest], Page],
    ) -> Page:
        link = links.find(run, token, purpose, int(now.timestamp()))
        return self._gone() if link is None else answer(self, LinkRequest(run, link, token, form, now))

    def _register(self) -> Register:
        return self._load(newest(self._database))

    def _address(self, action: str, token: str) -> str:
        return f"{self._settings.subscriptions}{action}/{token}"

    def _form(self, language: str, address: str, wanted: Preferences, fault: str | None) -> Page:
        values = {**self._choices(wanted), "address": address, "fault": fault}
        return Page("subscribe", language, values, 422 if fault else 200, tells_token=False)

    def _choices(self, wanted: Preferences) -> dict[str, object]:
        return {
            "wanted": wanted,
            "products": self._register().products,
            "languages": [Language.of(tag) for tag in languages()],
        }

    def _gone(self, language: str = "") -> Page:
        """Say that a link leads nowhere: unknown, expired and another's look the same."""
        tag = language or Language.of(self._register().publisher.language).tag
        body = message("The link has expired, or it is not complete.")
        page = message_page(tag, message("This link is not good"), body, self._anew())
        return page._replace(status=_GONE)

    def _anew(self) -> tuple[str, str]:
        return self._settings.subscriptions, message("Subscribe to changes")

    def confirm(self, asked: LinkRequest) -> Page:
        """Confirm a subscription."""
        found = subscriptions.subscriber(asked.run, asked.link)
        if found is None:
            return self._gone()
        if asked.form is None and asked.link.used_at is None and found.state == "pending":
            return self._question(
                self._address("confirm", asked.token),
                found.language,
                message("Confirm the subscription"),
                message("You are told of changes to the list of our sub-processors once you have confirmed."),
                message("Confirm"),
            )
        token = subscriptions.confirm(asked.run, asked.link, asked.at) if asked.form is not None else None
        if token is None:
            body = message("This link has been used. Every mail has a link to change the subscription.")
            return message_page(found.language, message("Nothing to confirm"), body, self._anew())
        return message_page(
            found.language,
            message("You have subscribed"),
            message("From now on we write to you when the list of our sub-processors changes."),
            (self._address("manage", token), message("Change the subscription or end it")),
        )

    def manage(self, asked: LinkRequest) -> Page:
        """Show what a subscriber hears, or change it."""
        found = subscriptions.subscriber(asked.run, asked.link)
        if found is None or found.state != "active":
            return self._left(found.language if found else "")
        wanted: Preferences = found
        fault = None
        if asked.form is not None:
            wish = read_wish(asked.form, self._register(), asks_address=False)
            wanted, fault = wish.wanted, wish.fault
            if fault is None:
                subscriptions.change(asked.run, asked.link, wanted)
        values = {
            **self._choices(wanted),
            "fault": fault,
            "saved": asked.form is not None and fault is None,
            "here": self._address("manage", asked.token),
            "leave": self._address("leave", asked.token),
        }
        return Page("manage", wanted.language, values, 422 if fault else 200)

    def leave(self, asked: LinkRequest) -> Page:
        """Ask whether to leave, or leave: by the button, or by one click in a mail program (RFC 8058)."""
        found = subscriptions.subscriber(asked.run, asked.link)
        if found is None or (asked.form is None and found.state not in {"active", "pending"}):
            return self._left(found.language if found else "")
        if asked.form is None:
            return self._question(
                self._address("leave", asked.token),
                found.language,
                message("End the subscription"),
                message("You are then told of no change any more."),
                message("End the subscription"),
            )
        subscriptions.leave(asked.run, asked.link, asked.at)
        return self._left(found.language)

    def _left(self, language: str) -> Page:
        if not language:
            return self._gone()
        body = message("We send no mails to you any more.")
        return message_page(language, message("The subscription has ended"), body, self._anew())

    def _question(self, here: str, language: str, head: str, body: str, button: str) -> Page:
        return Page("question", language, {"head": head, "body": body, "button": button, "here": here})

    def answer(self, asked: LinkRequest) -> Page:
        """Show the changes of a notice with the form to answer it, or record the answer."""
        rows = asked.run("SELECT * FROM recipients WHERE id = ?", asked.link.recipient)
        row, version = rows[0], asked.link.version
        if row["kind"] != "contact" or row["state"] != "active" or version is None:
            return self._gone()  # another contact has come in their place
        publication = load(self._database, version)
        changes = publication.concerning(row["products"].split(), row["hears"])
        late = answers.is_late(publication.register, changes, asked.now)
        form = asked.form or {}
        verdict, reason = one(form, "verdict"), plain(one(form, "reason"))
        fault = None if asked.form is None else answers.fault_of(verdict, reason)
        if asked.form is not None and fault is None:
            links.use(asked.run, asked.link, asked.at)
            given = answers.GivenAnswer(verdict, reason, "link")
            answers.record(asked.run, version, row["id"], given, asked.at, late=late)
        newest_answer = answers.newest(asked.run, version, row["id"])
        if asked.form is None and newest_answer is not None:
            verdict, reason = newest_answer.verdict, newest_answer.reason
        values = {
            "version": version,
            "changes": Markup(  # noqa: S704 - a template has escaped it
                self._writer.changes_html(version, row["language"], row["products"], row["hears"])
            ),
            "last_day": answers.last_day_to_object(changes),
            "is_late": late,
            "answer": newest_answer,
            "answered_on": newest_answer and dt.datetime.fromtimestamp(newest_answer.at, dt.UTC).date(),
            "verdicts": VERDICTS,
            "chosen": verdict,
            "reason": reason,
            "longest_reason": answers.LONGEST_REASON,
            "fault": fault,
            "here": self._address("answer", asked.token),
        }
        return Page("answer", row["language"], values, 422 if fault else 200)


_ACTIONS: dict[str, tuple[links.Purpose, Callable[[Desk, LinkRequest], Page]]] = {
    "confirm": ("confirm", Desk.confirm),
    "manage": ("manage", Desk.manage),
    "leave": ("manage", Desk.leave),
    "answer": ("answer", Desk.answer),
}
"""First part of a page's path: which links open it, and what it does."""

ACTIONS = tuple(_ACTIONS)
