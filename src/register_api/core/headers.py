"""Response headers of the tree, shared by the service, host configurations and conformance checks."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Sequence

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import CacheClass
from register_api.core.format.paths import COPIES, is_path, kind_of, values_in

CACHE_CONTROL: dict[CacheClass, str] = {
    "immutable": "public, max-age=31536000, immutable",
    "mutable": "public, max-age=60, stale-while-revalidate=600",
    "no-cache": "no-cache",
}
"""``Cache-Control`` by the tree's cache class (RFC 9111, RFC 5861, RFC 8246)."""

NO_STORE = "no-store"
"""``Cache-Control`` of errors, since a missing file may appear at any moment."""

METHODS = "GET, HEAD, OPTIONS"

CORS: dict[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Repr-Digest, Register-Version, Register-Digest, "
    "Retry-After",
}
"""All files are public and need no credentials, so any page may read them (Fetch standard, CORS)."""

PREFLIGHT: dict[str, str] = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "If-None-Match, If-Modified-Since, Cache-Control, Range",
    "Access-Control-Max-Age": "86400",
}
"""Additional headers of a response to OPTIONS (Fetch standard, CORS-preflight fetch)."""

NOSNIFF: dict[str, str] = {"X-Content-Type-Options": "nosniff"}

PAGE: dict[str, str] = {"Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"}
"""Headers of HTML pages, besides the policy."""


def in_page(policy: str) -> str:
    """Return a policy for a ``meta`` element, where ``frame-ancestors`` is ignored."""
    return policy.replace("; frame-ancestors 'none'", "")


def page_policy(styles: str, *, loads: bool = False) -> str:
    """Return the Content-Security-Policy of a page: its own styles and the icon only.

    Pages do not connect to anything, but their own origin is allowed for tools that run within the page and
    read robots.txt. A page that loads the tree's script gets it from its own origin, and Trusted Types
    prevent it from creating code. Sources are written as in CSP Level 3 section 2.3.1.
    """
    sources = (f"style-src {styles}", "img-src 'self'", "connect-src 'self'")
    return _policy("'self'" if loads else None, sources)


def program_policy(styles: str, scripts: str) -> str:
    """Return the policy of a page with a script of its own, which connects to any register."""
    return _policy(scripts, (f"style-src {styles}", "connect-src http: https:"))


def _policy(scripts: str | None, sources: Sequence[str]) -> str:
    with_scripts = (f"script-src {scripts}",) if scripts else ()
    # Trusted Types (W3C): scripts cannot turn text into markup or code.
    no_code = ("require-trusted-types-for 'script'", "trusted-types 'none'") if scripts else ()
    before = ("default-src 'none'", *with_scripts, *sources, "base-uri 'none'", "form-action 'none'")
    return "; ".join((*before, *no_code, "frame-ancestors 'none'"))


NEIGHBOURS = frozenset({"predecessor-version", "successor-version"})
"""Relations whose target depends on the version; those of the newest version change with the next."""


class Link(msgspec.Struct, frozen=True):
    """A link of a document: path of the target, the same relative to the document, relation, media type."""

    target: str
    reference: str
    relation: str
    media_type: str


def is_in_tree(path: str, newest: int) -> bool:
    """Tell whether a path is valid in a tree with ``newest`` versions."""
    return is_path(path) and int(values_in(path).get("version", 1)) <= newest


def links_of(path: str, newest: int, paths: Container[str] | None = None) -> list[Link]:
    """Return the links of a document: signatures, schema and versions (RFC 8288, RFC 5829).

    Targets are relative to the document, so they are valid under any host and prefix. Only targets among
    ``paths`` (default: all that are valid) are linked; ``newest`` is the tree's newest version.
    """
    if not is_path(path) or (kind := kind_of(path)) in COPIES:
        return []
    # RFC 6249 section 4 links signatures in the same way.
    targets = [(each.of(path), "describedby", each.media_type) for each in kind.signatures]
    if kind.schema is not None:
        targets.append((tree.SCHEMA.path(kind.schema.name), "describedby", "application/schema+json"))
    if kind in (tree.REGISTER, tree.VERSION_REGISTER):
        version = int(values_in(path).get("version", newest))
        targets += [
            (tree.REGISTER.path(), "latest-version", "application/json"),
            (tree.VERSION_REGISTER.path(version - 1), "predecessor-version", "application/json"),
            (tree.VERSION_REGISTER.path(version + 1), "successor-version", "application/json"),
            (tree.VERSIONS.path(), "version-history", "application/json"),
        ]
    found = [one for one in targets if (is_in_tree(one[0], newest) if paths is None else one[0] in paths)]
    if kind in (tree.API_CATALOG, tree.INDEX):  # RFC 9727 section 2
        found.append((tree.API_CATALOG.path(), "api-catalog", tree.API_CATALOG.media_type))
    folder = posixpath.dirname(path)
    return [Link(target, posixpath.relpath(target, folder), *attributes) for target, *attributes in found]


def link_value(links: Iterable[Link]) -> str:
    """Return links as the value of a ``Link`` header (RFC 8288 section 3); empty without any."""
    return ", ".join(f'<{link.reference}>; rel="{link.relation}"; type="{link.media_type}"' for link in links)
