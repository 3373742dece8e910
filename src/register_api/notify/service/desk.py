"""What all pages have in common, and the form to subscribe, which anyone may fill in."""

from __future__ import annotations

import datetime as dt
import functools

from register_api.core.language.language import Language, message
from register_api.core.model import Register
from register_api.notify.publication import load, newest
from register_api.notify.service.forms import languages, read_wish
from register_api.notify.service.pages import Page, html, message_page
from register_api.notify.settings import NotifySettings
from register_api.notify.subscriptions import Preferences, subscribe
from register_api.notify.words import Words
from register_api.sending.database import Database
from register_api.web.asking import Form

_GONE = 404


class Desk:
    """Answers; it belongs to the thread of its database.

    Attributes:
        database: Where subscribers, links and answers are kept.
        words: Says what the mails say, too.
    """

    def __init__(self, database: Database, settings: NotifySettings) -> None:
        """Take the database and the addresses of service and register."""
        self.database = database
        self.words = Words(database, settings)
        self._settings = settings
        self._load = functools.lru_cache(maxsize=4)(lambda version: load(database, version).register)

    def register(self) -> Register:
        """Return the newest register that is recorded."""
        return self._load(newest(self.database))

    def html(self, page: Page) -> str:
        """Put a page into words, with what every page shows."""
        return html(
            page,
            publisher=self.register().publisher.name,
            register_page=self._settings.base,
            service=self._settings.subscriptions,
        )

    def form(self, language: str | None) -> Page:
        """Show the form; ``None``: in the publisher's language."""
        tag = language or self._language()
        return self._form(tag, "", Preferences(language=tag), None)

    def subscribe(self, form: Form, language: str | None, now: dt.datetime) -> Page:
        """Take a wish; the answer is the same whatever is known of the address."""
        wish = read_wish(form, self.register(), asks_address=True)
        tag = language or wish.wanted.language
        if wish.fault:
            return self._form(tag, wish.address, wish.wanted, wish.fault)
        subscribe(self.database, wish.address, wish.wanted, int(now.timestamp()))
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

    def choices(self, wanted: Preferences) -> dict[str, object]:
        """Return what a form for preferences shows."""
        return {
            "wanted": wanted,
            "products": self.register().products,
            "languages": [Language.of(tag) for tag in languages()],
        }

    def gone(self) -> Page:
        """Say that a link leads nowhere: unknown, expired and another's look the same."""
        body = message("The link has expired, or it is not complete.")
        page = message_page(self._language(), message("This link is not good"), body, self.anew())
        return page._replace(status=_GONE)

    def anew(self) -> tuple[str, str]:
        """Return the link to the form."""
        return self._settings.subscriptions, message("Subscribe to changes")

    def _language(self) -> str:
        return Language.of(self.register().publisher.language).tag

    def _form(self, language: str, address: str, wanted: Preferences, fault: str | None) -> Page:
        values = {**self.choices(wanted), "address": address, "fault": fault}
        return Page("subscribe", language, values, 422 if fault else 200, tells_token=False)
