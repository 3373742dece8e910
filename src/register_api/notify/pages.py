"""What all pages have in common, and the form to subscribe, which anyone may fill in."""

from __future__ import annotations

import datetime as dt
import functools
from typing import NamedTuple

import msgspec
from jinja2 import Environment
from markupsafe import escape

from register_api.core.language.language import Language, message
from register_api.core.model import Register
from register_api.core.text import email_problem
from register_api.notify import subscriptions
from register_api.notify.message import Words
from register_api.notify.persons import address_of, languages
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Preferences
from register_api.sending.database import Database
from register_api.web import Form, Page, forms_environment, one, plain

_NOT_A_CHOICE = message("Something was chosen that cannot be chosen.")


def message_page(language: str, head: str, body: str, link: tuple[str, str] | None = None) -> Page:
    """Return a page that says something; its texts are messages of the catalogue's."""
    return Page("message", {"head": head, "body": body, "link": link}, language=language)


@functools.cache
def _environment(language: Language) -> Environment:
    environment = forms_environment("register_api.notify")
    environment.filters["day"] = language.day
    environment.globals.update(
        language=language.tag,
        text=lambda message, **given: escape(language.template(message)).format(**given),
    )
    return environment


class Wish(NamedTuple):
    """A filled in form; ``fault`` is what is wrong with it, as a message of the catalogue's."""

    address: str
    wanted: Preferences
    fault: str | None


def read_wish(form: Form, register: Register, *, asks_address: bool) -> Wish:
    """Read what somebody wants to hear; where it is wrong, what could be read of it is shown again."""
    address = address_of(plain(one(form, "address")))
    known = [product.id for product in register.products]
    stated = {
        "products": " ".join(each for each in known if each in form.get("product", [])),
        "reminders": one(form, "reminders") == "yes",
        **{name: one(form, name) for name in ("language", "hears", "frequency") if one(form, name)},
    }
    fault: str | None = None
    try:
        wanted = msgspec.convert(stated, Preferences)
    except msgspec.ValidationError:
        wanted, fault = Preferences(), _NOT_A_CHOICE
    if wanted.language not in languages():
        fault = _NOT_A_CHOICE
    if asks_address and email_problem(address):
        fault = message("This is not a valid e-mail address.")
    return Wish(address, wanted, fault)


class Desk:
    """Answers; it belongs to the thread of its database. ``words`` says what the mails say, too."""

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        self.database, self.words = database, Words(database, settings)
        self._settings = settings

    def html(self, page: Page) -> str:
        """Put a page into words, with what every page shows; all values are escaped."""
        template = _environment(Language.of(page.language)).get_template(f"{page.template}.html.j2")
        return template.render(
            publisher=self.words.newest().publisher.name,
            register_page=self._settings.base,
            service=self._settings.subscriptions,
            **page.values,
        )

    def form(self, language: str | None) -> Page:
        """Show the form; ``None``: in the publisher's language."""
        tag = language or self._language()
        return self._form(tag, Wish("", Preferences(language=tag), None))

    def subscribe(self, form: Form, language: str | None, now: dt.datetime) -> Page:
        """Take a wish; the answer is the same whatever is known of the address."""
        wish = read_wish(form, self.words.newest(), asks_address=True)
        tag = language or wish.wanted.language
        if wish.fault:
            return self._form(tag, wish)
        subscriptions.subscribe(self.database, wish.address, wish.wanted, int(now.timestamp()))
        return message_page(
            tag,
            message("Look into your mail"),
            message(
                "If the address is right, a mail with a link to confirm is on its way. The link is good for"
                " seven days. To one address we send only a few such mails a week."
            ),
        )

    def address(self, action: str, token: str) -> str:
        """Return the address of a page with a token."""
        return f"{self._settings.subscriptions}{action}/{token}"

    def choices(self, wish: Wish) -> dict[str, object]:
        """Return what a form for preferences shows."""
        return {
            "wanted": wish.wanted,
            "fault": wish.fault,
            "products": self.words.newest().products,
            "languages": [Language.of(tag) for tag in languages()],
        }

    def gone(self) -> Page:
        """Say that a link leads nowhere: unknown, expired and another's look the same."""
        body = message("The link has expired, or it is not complete.")
        page = message_page(self._language(), message("This link is not good"), body, self.anew())
        return page._replace(status=404)

    def anew(self) -> tuple[str, str]:
        """Return the link to the form."""
        return self._settings.subscriptions, message("Subscribe to changes")

    def _language(self) -> str:
        return Language.of(self.words.newest().publisher.language).tag

    def _form(self, language: str, wish: Wish) -> Page:
        values = {**self.choices(wish), "address": wish.address}
        return Page("subscribe", values, 422 if wish.fault else 200, language)
