"""The pages: templates in the words of a language, and the headers that they are sent with."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from jinja2 import Environment
from markupsafe import Markup, escape

from register_api.core.language.language import Language
from register_api.style.environment import page_environment
from register_api.web.asking import HEADERS, STYLE

_PACKAGE = "register_api.notify.service"


class Page(NamedTuple):
    """A page, before it is put into words.

    Attributes:
        template: File of the template, without its ending.
        values: What it shows.
        wait: After how many seconds to ask again.
        tells_token: Whether its address has a token, which no other page may be told.
    """

    template: str
    language: str
    values: dict[str, Any]
    status: int = 200
    wait: int = 0
    tells_token: bool = True

    def headers(self) -> dict[str, str]:
        """Return its headers."""
        return {
            **HEADERS,
            **({"Referrer-Policy": "no-referrer"} if self.tells_token else {}),
            **({"Retry-After": str(self.wait)} if self.wait else {}),
        }


def message_page(language: str, head: str, body: str, link: tuple[str, str] | None = None) -> Page:
    """Return a page that says something; its texts are messages of the catalogue's."""
    return Page("message", language, {"head": head, "body": body, "link": link})


def html(page: Page, **everywhere: object) -> str:
    """Put a page into words; all values are escaped."""
    template = _environment(Language.of(page.language)).get_template(f"{page.template}.html.j2")
    return template.render(**everywhere, **page.values)


@functools.cache
def _environment(language: Language) -> Environment:
    environment = page_environment(_PACKAGE)
    environment.filters["day"] = language.day
    environment.globals.update(
        language=language.tag,
        style=Markup(STYLE),  # noqa: S704 - our own constant
        text=lambda message, **given: escape(language.template(message)).format(**given),
    )
    return environment
