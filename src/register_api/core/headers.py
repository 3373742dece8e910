"""Headers that do not depend on who serves the tree: one source for the service, exports and checks."""

from __future__ import annotations

from register_api.core.format.kind import CacheClass

CACHE_CONTROL: dict[CacheClass, str] = {
    "immutable": "public, max-age=31536000, immutable",
    "mutable": "public, max-age=60, stale-while-revalidate=600",
    "no-cache": "no-cache",
}
"""``Cache-Control`` by the tree's cache class (RFC 9111, RFC 5861, RFC 8246)."""

NO_STORE = "no-store"
"""``Cache-Control`` of every error: what is missing now may be there in a moment."""

EXPOSED = "ETag, Link, Repr-Digest, Register-Version, Register-Digest, Retry-After"
"""Headers that a page of another origin may read (Fetch standard, CORS protocol)."""

METHODS = "GET, HEAD, OPTIONS"

CORS: dict[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": EXPOSED,
}
"""Everything here is public and asks for no credentials, so any page may read it."""

PREFLIGHT: dict[str, str] = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control, Range",
    "Access-Control-Max-Age": "86400",
}
"""What an answer to OPTIONS has besides (Fetch standard, CORS-preflight fetch)."""

NOSNIFF: dict[str, str] = {"X-Content-Type-Options": "nosniff"}

PAGE: dict[str, str] = {"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"}
"""Headers of pages for people, besides the policy."""

_NO_CODE_OF_TEXT = ("require-trusted-types-for 'script'", "trusted-types 'none'")
"""Trusted Types (W3C): a script cannot make markup or code of a text."""


def in_page(policy: str) -> str:
    """Return a policy as it stands in the page itself.

    The rule on frames means nothing there, and browsers complain of it (CSP Level 3 section 3.3).
    """
    return policy.replace("; frame-ancestors 'none'", "")


def page_policy(styles: str, *, loads: bool = False) -> str:
    """Return the Content-Security-Policy of a page: its own styles, the icon, and nothing else at all.

    Nothing in a page connects to anything. Its own host is allowed for tools that look at it from within,
    which read robots.txt as the page would.

    Args:
        styles: Source list for ``style-src`` (Content Security Policy Level 3 section 2.3.1).
        loads: Whether the page loads the tree's script, which can make no code of what it reads.
    """
    return "; ".join(
        (
            "default-src 'none'",
            *(("script-src 'self'",) if loads else ()),
            f"style-src {styles}",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            *(_NO_CODE_OF_TEXT if loads else ()),
            "frame-ancestors 'none'",
        )
    )


def program_policy(styles: str, scripts: str) -> str:
    """Return the policy of a page with a program in it, which asks registers at any address.

    Args:
        styles: Source list for ``style-src``.
        scripts: Source list for ``script-src``.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "connect-src http: https:",
            "base-uri 'none'",
            "form-action 'none'",
            *_NO_CODE_OF_TEXT,
            "frame-ancestors 'none'",
        )
    )
