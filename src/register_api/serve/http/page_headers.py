"""Headers that keep a page for people from loading or running anything but itself."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from register_api.serve.http.asgi import Header

_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)


def page_headers(page: bytes) -> tuple[Header, ...]:
    """Return the security headers of an HTML page.

    The page's own ``style`` elements are allowed by their SHA-256 (Content Security Policy Level 3
    section 2.3.1); everything else is refused: scripts, frames, forms, other sites.

    Args:
        page: The HTML as it is served, not compressed.
    """
    styles = " ".join(f"'sha256-{_sha256(text)}'" for text in _STYLE.findall(page))
    policy = (
        "default-src 'none'",
        f"style-src {styles}" if styles else "style-src 'none'",
        "img-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
    return (
        (b"content-security-policy", "; ".join(policy).encode("ascii")),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )


def _sha256(text: bytes) -> str:
    return base64.b64encode(hashlib.sha256(text).digest()).decode("ascii")
