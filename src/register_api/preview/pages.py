"""What the preview adds to the register's pages, and pages of its own.

A page of the register stays as it would be published, save for its policy, a banner and a script that loads
it again; what is published has none of them.
"""

from __future__ import annotations

import functools
import hashlib
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.paths import address_of, kind_of
from register_api.core.headers import in_page, page_policy
from register_api.core.language.language import Language, languages
from register_api.core.text import escaped
from register_api.errors import RegisterError
from register_api.preview.coming import Coming
from register_api.publish.feed.notice_mail import mail
from register_api.style.environment import STYLE_SHA256, page_environment

FOLDER = "_preview/"
"""Where the preview's own pages are; no path of the tree begins so."""

SCRIPT = files(__package__).joinpath("reload.js").read_bytes()
"""Loads a page again once it would say something else."""

_BANNER_STYLE = files(__package__).joinpath("banner.css").read_text("utf-8").strip()
_BANNER_SHA256 = "sha256-" + strict_base64.encode(hashlib.sha256(_BANNER_STYLE.encode()).digest())

POLICY = page_policy(f"'{STYLE_SHA256}' '{_BANNER_SHA256}'", loads=True)
"""Content-Security-Policy of each page: that of the register's, with the banner's style and the script."""

_OWN_POLICY = re.compile(rb'(<meta http-equiv="Content-Security-Policy" content=")[^"]*(">)')
_SHOWN_HERE = frozenset({"text/html", "image/svg+xml", "application/json", "text/plain"})
"""Media types that browsers show; others they keep, or show as nothing."""


def with_banner(page: bytes, state: str, coming: Coming) -> bytes:
    """Return a page of the register as the preview shows it."""
    banner = _render("banner.html.j2", state=state, coming=coming).encode()
    page = _OWN_POLICY.sub(lambda found: found[1] + in_page(POLICY).encode() + found[2], page, count=1)
    return page.replace(b"<body>\n", b"<body>\n" + banner, 1)


def overview_page(state: str, coming: Coming) -> bytes:
    """Write what there is to look at: pages, feed entry, mail, and every file that would be new."""
    rows = [(address_of(path), path, kind_of(path), _is_shown(path)) for path in sorted(coming.files)]
    pages = (tree.INDEX, tree.CHANGES_PAGE, tree.SUBSCRIBE_PAGE, tree.ANNEX_PAGE)
    named = [(address_of(kind.path()), kind) for kind in pages]
    return _page("overview.html.j2", state, coming, rows=rows, pages=named)


def _is_shown(path: str) -> bool:
    return kind_of(path).media_type.partition(";")[0] in _SHOWN_HERE


def notice_page(state: str, coming: Coming) -> bytes:
    """Write what would reach customers: the feed entry, and the mail in each language."""
    told = coming.told
    mails = []
    if told is not None:
        mails = [
            (language, mail(told.in_language(language), coming.first_root()))
            for language in languages(Language.of(told.register.publisher.language))
        ]
    html = Markup(coming.entry.html) if coming.entry else None  # noqa: S704 - a template has escaped it
    return _page("notice.html.j2", state, coming, entry=coming.entry, html=html, mails=mails)


def error_page(state: str, error: RegisterError) -> bytes:
    """Write why there is nothing to show: the findings of the source, or another error."""
    findings = sorted(getattr(error, "findings", ()), key=lambda finding: finding.severity)
    shown = [finding for finding in findings if not finding.accepted]
    return _page("error.html.j2", state, None, error=error, findings=shown)


def missing_page(state: str, coming: Coming, path: str) -> bytes:
    """Write that there is no such file, or none before it is signed."""
    return _page("missing.html.j2", state, coming, path=escaped(path), signed_later=path in coming.withheld)


def _page(template: str, state: str, coming: Coming | None, **values: Any) -> bytes:
    banner = Markup(_render("banner.html.j2", state=state, coming=coming))  # noqa: S704 - escaped there
    return _render(template, banner=banner, coming=coming, **values).encode()


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(folder=FOLDER, **values)


@functools.cache
def _environment() -> Environment:
    environment = page_environment("register_api.preview")
    environment.globals.update(
        policy=Markup(in_page(POLICY)),  # noqa: S704 - our own constant
        banner_style=Markup(_BANNER_STYLE),  # noqa: S704 - our own constant
    )
    return environment
