"""The style of pages with forms, and the headers that they are sent with."""

from __future__ import annotations

import hashlib
from importlib.resources import files

from register_api.core import strict_base64
from register_api.core.headers import NO_STORE, NOSNIFF
from register_api.style.environment import STYLE as _STYLE

STYLE = f"{_STYLE}\n{files(__package__).joinpath('form.css').read_text('utf-8').strip()}"
"""The style sheet, as it stands in each page between ``<style>`` and ``</style>``."""

_STYLE_SHA256 = strict_base64.encode(hashlib.sha256(STYLE.encode()).digest())

_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_SHA256}'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No script at all, nothing from elsewhere, and never in a frame, where a click could be stolen."""

HEADERS = {
    **NOSNIFF,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Cache-Control": NO_STORE,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # The form's own POST tells its origin; nobody else is told anything, least of all a token.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
