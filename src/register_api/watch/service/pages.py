"""The pages: templates, in which every text of a vendor's is escaped."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any, NamedTuple

from jinja2 import Environment
from markupsafe import Markup

from register_api.core.language.language import ENGLISH, count
from register_api.style.environment import page_environment
from register_api.watch.news import TROUBLE
from register_api.web.asking import STYLE


class WatchPage(NamedTuple):
    """A page before it is put into words: its template, without its ending, and what it shows."""

    template: str
    values: dict[str, Any]
    status: int = 200


def message_page(head: str, body: str, status: int) -> WatchPage:
    """Return a page that says something."""
    return WatchPage("message", {"head": head, "body": body}, status)


def html(page: WatchPage, **everywhere: object) -> str:
    """Put a page into words."""
    return _environment().get_template(f"{page.template}.html.j2").render(**everywhere, **page.values)


@functools.cache
def _environment() -> Environment:
    environment = page_environment("register_api.watch.service")
    environment.filters.update(
        day=ENGLISH.day,
        instant=lambda seconds: f"{dt.datetime.fromtimestamp(seconds, dt.UTC):%Y-%m-%d %H:%M} UTC",
        words=lambda code: code.replace("_", " "),
        left=lambda days: "over" if days < 0 else f"{count(days, 'day')} left",
    )
    environment.globals.update(
        style=Markup(STYLE),  # noqa: S704 - our own constant
        count=count,
        trouble=TROUBLE,
    )
    environment.tests["web_address"] = lambda text: text.startswith(("https://", "http://"))
    return environment
