"""Headers that keep a page for people from loading or running anything but itself."""

from __future__ import annotations

import hashlib
import re

from register_api.core import headers, strict_base64
from register_api.core.format.kind import FileKind
from register_api.serve.http.asgi import Header
from register_api.serve.stored.reply import as_headers

_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_SCRIPT = re.compile(rb"<script[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)


def page_headers(page: bytes, kind: FileKind | None = None) -> tuple[Header, ...]:
    """Return the security headers of an HTML page.

    The page's own ``style`` elements are allowed by their SHA-256 (Content Security Policy Level 3
    section 2.3.1); everything else is refused: scripts, frames, forms, other sites.
    """
    styles = _sources(_STYLE, page)
    if kind is not None and kind.runs:
        policy = headers.program_policy(styles, _sources(_SCRIPT, page))
    else:
        policy = headers.page_policy(styles, loads=kind is not None and kind.loads)
    return as_headers({"Content-Security-Policy": policy, **headers.PAGE})


def _sources(element: re.Pattern[bytes], page: bytes) -> str:
    return " ".join(f"'sha256-{_sha256(text)}'" for text in element.findall(page)) or "'none'"


def _sha256(text: bytes) -> str:
    return strict_base64.encode(hashlib.sha256(text).digest())
