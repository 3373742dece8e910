"""From a request's headers to the reply: which form, and whether the client has it already.

This is the hot path: it looks at each header once and compares; nothing is encoded, hashed, read
or timed here.
"""

from __future__ import annotations

from register_api.serve.http.asgi import Headers, header
from register_api.serve.http.conditional import (
    match_fails,
    modified_after,
    none_match_fails,
    unmodified_since,
)
from register_api.serve.http.negotiation import acceptable_codings
from register_api.serve.http.problems import Problem
from register_api.serve.stored.reply import Representation, Resource

_GUARDS = frozenset({b"if-match", b"if-unmodified-since"})
"""Conditions that ask for the whole thing or nothing; seldom sent with GET, so looked at apart."""


def select(resource: Resource, headers: Headers) -> tuple[Representation | None, bool]:
    """Choose the representation and evaluate the conditions (RFC 9110 section 13.2.2)."""
    accept: bytes | None = None
    tags: bytes | None = None
    since: bytes | None = None
    guarded = False
    for name, value in headers:
        if name == b"accept-encoding":
            accept = value if accept is None else accept + b", " + value
        elif name == b"if-none-match":
            tags = value if tags is None else tags + b", " + value
        elif name == b"if-modified-since":
            since = value if since is None else b""
        elif name in _GUARDS:
            guarded = True
    for coding in acceptable_codings(accept):
        representation = resource.representations.get(coding)
        if representation is not None:
            if guarded and _guard_fails(resource, representation, headers):
                return None, False
            return representation, _is_unchanged(resource, representation.etag, tags, since)
    return None, False


def refusal(resource: Resource, headers: Headers) -> Problem:
    """Return why ``select`` has chosen no representation: 406 or 412."""
    accepted = acceptable_codings(header(headers, b"accept-encoding"))
    if resource.representations.keys().isdisjoint(accepted):
        have = ", ".join(resource.representations)
        return Problem("not-acceptable", f"Accept-Encoding leaves none of these: {have}.")
    return Problem("precondition-failed", "If-Match or If-Unmodified-Since asks for what was here before.")


def _guard_fails(resource: Resource, representation: Representation, headers: Headers) -> bool:
    """Evaluate If-Match, and If-Unmodified-Since only without it (section 13.1.4)."""
    tags = header(headers, b"if-match")
    if tags is not None:
        return match_fails(tags, representation.etag)
    since = header(headers, b"if-unmodified-since")
    if since is None or resource.last_modified is None:
        return False
    return modified_after(since, resource.modified)


def _is_unchanged(resource: Resource, etag: bytes, tags: bytes | None, since: bytes | None) -> bool:
    """Evaluate If-None-Match, and If-Modified-Since only without it (section 13.1.3)."""
    if tags is not None:
        return tags == etag or none_match_fails(tags, etag)
    if since is None or resource.last_modified is None:
        return False
    return since == resource.last_modified or unmodified_since(since, resource.modified)
