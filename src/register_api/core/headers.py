"""Headers that do not depend on who serves the tree: one source for the service, exports and checks."""

from __future__ import annotations

import posixpath
from collections.abc import Container, Iterable, Iterator

import msgspec

from register_api.core.format import tree
from register_api.core.format.kind import CacheClass, FileKind
from register_api.core.format.paths import COPIES, is_path, kind_of, values_in

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


NEIGHBOURS = frozenset({"predecessor-version", "successor-version"})
"""Relations whose target differs from version to version; of the newest it changes with the next."""


class Link(msgspec.Struct, frozen=True):
    """One link of a document.

    Attributes:
        target: Path in the tree.
        reference: The same, relative to the document.
        relation: Relation type (RFC 8288 section 3.3).
        media_type: Media type of the target.
    """

    target: str
    reference: str
    relation: str
    media_type: str


class WholeTree:
    """Every path that a tree with so many versions may have, by rule: a container to look paths up in."""

    def __init__(self, newest: int) -> None:
        """Take the number of the newest version."""
        self._newest = newest

    def __contains__(self, path: object) -> bool:
        """Tell whether the format knows such a path for these versions."""
        if not isinstance(path, str) or not is_path(path):
            return False
        return int(values_in(path).get("version", 1)) <= self._newest


def links_of(path: str, newest: int, paths: Container[str]) -> list[Link]:
    """Return the links of a document.

    Args:
        path: Path of the document in the tree.
        newest: Number of the newest version.
        paths: Every path of the tree; only what is there is linked.
    """
    if not is_path(path) or (kind := kind_of(path)) in COPIES:
        return []
    return [
        *_signatures(kind, path, paths),
        *_schema(kind, path, paths),
        *_versions(kind, path, newest, paths),
        *_catalog(kind, path),
    ]


def link_value(links: Iterable[Link]) -> str:
    """Return links as the value of a ``Link`` header (RFC 8288 section 3); empty without any."""
    return ", ".join(f'<{link.reference}>; rel="{link.relation}"; type="{link.media_type}"' for link in links)


def _signatures(kind: FileKind, path: str, paths: Container[str]) -> Iterator[Link]:
    for signature in kind.signatures:
        if signature.of(path) in paths:  # RFC 6249 section 4 does the same
            yield _link(path, signature.of(path), "describedby", signature.media_type)


def _schema(kind: FileKind, path: str, paths: Container[str]) -> Iterator[Link]:
    if kind.schema is not None and (schema := tree.SCHEMA.path(kind.schema.name)) in paths:
        yield _link(path, schema, "describedby", "application/schema+json")


def _versions(kind: FileKind, path: str, newest: int, paths: Container[str]) -> Iterator[Link]:
    if kind not in (tree.REGISTER, tree.VERSION_REGISTER):
        return
    version = int(values_in(path).get("version", newest))
    related = (
        ("latest-version", tree.REGISTER.path()),
        ("predecessor-version", tree.VERSION_REGISTER.path(version - 1)),
        ("successor-version", tree.VERSION_REGISTER.path(version + 1)),
        ("version-history", tree.VERSIONS.path()),
    )
    for relation, target in related:
        if target in paths:
            yield _link(path, target, relation, "application/json")


def _catalog(kind: FileKind, path: str) -> Iterator[Link]:
    """Yield the link that the catalog, and the page people begin from, should have (RFC 9727 section 2)."""
    if kind in (tree.API_CATALOG, tree.INDEX):
        yield _link(path, tree.API_CATALOG.path(), "api-catalog", tree.API_CATALOG.media_type)


def _link(path: str, target: str, relation: str, media_type: str) -> Link:
    return Link(target, posixpath.relpath(target, posixpath.dirname(path)), relation, media_type)
