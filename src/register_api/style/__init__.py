"""The looks of every page, and how pages are made from templates: all is escaped, nothing is undefined."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from register_api.core import strict_base64
from register_api.core.headers import in_page, page_policy

STYLE = files(__package__).joinpath("style.css").read_text("utf-8").strip()
"""The style sheet, as it stands in each page between ``<style>`` and ``</style>``."""

STYLE_SHA256 = "sha256-" + strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())
"""Source expression that lets ``style-src`` of a Content-Security-Policy accept the style sheet."""

ICON = files(__package__).joinpath("icon.svg").read_bytes()
"""The icon of all pages, as it lies in the tree."""

CONTENT_SECURITY_POLICY = in_page(page_policy(f"'{STYLE_SHA256}'"))
"""Policy that stands in the ``<head>`` of pages: they load an icon and run nothing."""

LOADING_POLICY = in_page(page_policy(f"'{STYLE_SHA256}'", loads=True))
"""Policy of a page that loads the tree's script."""


def page_environment(package: str) -> Environment:
    """Return an environment for the folder ``templates`` of a package; they know style sheet and policy."""
    environment = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(
        style=Markup(STYLE),  # noqa: S704 - our own constant
        content_security_policy=Markup(CONTENT_SECURITY_POLICY),  # noqa: S704 - our own constant
        loading_policy=Markup(LOADING_POLICY),  # noqa: S704 - our own constant
    )
    return environment
