"""Style sheet, icon, security policies and Jinja environment (escaping, strict undefined) of all pages."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from register_api.core import strict_base64
from register_api.core.headers import in_page, page_policy

STYLE = files(__package__).joinpath("style.css").read_text("utf-8").strip()
"""The style sheet, as inlined in each page's ``<style>`` element."""

STYLE_SHA256 = "sha256-" + strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())
"""Hash source of the style sheet for the ``style-src`` directive of a Content-Security-Policy."""

ICON = files(__package__).joinpath("icon.svg").read_bytes()
"""The icon of all pages, as published in the tree."""

CONTENT_SECURITY_POLICY = in_page(page_policy(f"'{STYLE_SHA256}'"))
"""Policy in the ``<head>`` of pages that load only an icon and run no scripts."""

LOADING_POLICY = in_page(page_policy(f"'{STYLE_SHA256}'", loads=True))
"""Policy of pages that load the tree's script."""


def page_environment(package: str) -> Environment:
    """Return a Jinja environment for a package's ``templates`` folder, with style sheet and policies."""
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
