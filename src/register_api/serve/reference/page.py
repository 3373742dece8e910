"""The API reference: the description as a page for people, plain HTML without any script."""

from __future__ import annotations

from jinja2 import Environment
from markupsafe import Markup

from register_api.core.api.openapi import STATUSES, description
from register_api.core.api.questions import form
from register_api.serve.answer.archive import Archive
from register_api.serve.reference.examples import examples_of
from register_api.style.environment import page_environment


def reference_page(archive: Archive | None) -> bytes:
    """Write the page."""
    examples = {} if archive is None else examples_of(archive)
    template = _ENVIRONMENT.get_template("reference.html.j2")
    return template.render(**description(), statuses=STATUSES, examples=examples).encode()


def prose(text: str) -> Markup:
    """Return a description as HTML: what stands between backticks is code, all else is text."""
    parts = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )


def name_of(reference: str) -> str:
    """Return the name that a JSON pointer to a component ends in."""
    return reference.rpartition("/")[2]


def _environment() -> Environment:
    environment = page_environment("register_api.serve.reference")
    environment.filters |= {"prose": prose, "name_of": name_of, "form": form}
    return environment


_ENVIRONMENT = _environment()
