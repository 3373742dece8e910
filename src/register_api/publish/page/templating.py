"""The one Jinja environment: everything is escaped, nothing undefined passes, links are harmless."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from register_api import __version__
from register_api.core.diff.wording import count, english_date, sentence
from register_api.publish.page import labels
from register_api.style.environment import page_environment
from register_api.style.sheet import STYLE

if TYPE_CHECKING:
    from jinja2 import Environment

_SAFE_LINK = re.compile(r"(https://|mailto:)[^\s\x00-\x1f\x7f\"'<>\\]+", re.IGNORECASE)

_TEMPLATES = files(__package__).joinpath("templates")

TEMPLATES_SHA256 = hashlib.sha256(
    b"".join(file.read_bytes() for file in sorted(_TEMPLATES.iterdir(), key=lambda file: file.name))
    + STYLE.encode()
    + __version__.encode()
).hexdigest()
"""Names what pages are made with: where it differs, pages are made anew."""


def safe_link(url: str | None) -> str | None:
    """Return a URL if it may stand in ``href``: ``https`` or ``mailto``; else ``None``."""
    return url if url is not None and _SAFE_LINK.fullmatch(url) else None


def render(template: str, **values: Any) -> str:
    """Render a template of this package; all values are escaped.

    Raises:
        jinja2.UndefinedError: The template uses a value that was not given.
    """
    return _ENVIRONMENT.get_template(template).render(**values)


def _environment() -> Environment:
    environment = page_environment("register_api.publish.page")
    environment.filters.update(
        words=labels.words,
        listed=labels.listed,
        country=labels.country,
        day=english_date,
        instant=labels.instant,
        condition=labels.condition,
        sentence=sentence,
        counted=count,
        safe_link=safe_link,
    )
    return environment


_ENVIRONMENT = _environment()
