"""From a request's headers to the reply: which form, and whether the client has it already.

This is the hot path: it looks at each header once and compares; nothing is encoded, hashed, read
or timed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.serve.http.conditional import none_match_fails, unmodified_since
from register_api.serve.http.negotiation import acceptable_codings

if TYPE_CHECKING:
    from register_api.serve.http.asgi import Headers
    from register_api.serve.stored.reply import Representation, Resource


def select(resource: Resource, headers: Headers) -> tuple[Representation | None, bool]:
    """Choose the representation and evaluate the conditions (RFC 9110 section 13.2.2).

    Args:
        resource: What was asked for.
        headers: The request's headers, names in lower case.

    Returns:
        The representation, ``None`` when the client accepts none (406); and whether the client has
        it already (304).
    """
    accept: bytes | None = None
    tags: bytes | None = None
    since: bytes | None = None
    for name, value in headers:
        if name == b"accept-encoding":
            accept = value if accept is None else accept + b", " + value
        elif name == b"if-none-match":
            tags = value if tags is None else tags + b", " + value
        elif name == b"if-modified-since":
            since = value if since is None else b""
    for coding in acceptable_codings(accept):
        representation = resource.representations.get(coding)
        if representation is not None:
            return representation, _is_unchanged(resource, representation.etag, tags, since)
    return None, False


def _is_unchanged(resource: Resource, etag: bytes, tags: bytes | None, since: bytes | None) -> bool:
    """Evaluate If-None-Match, and If-Modified-Since only without it (section 13.1.3)."""
    if tags is not None:
        return tags == etag or none_match_fails(tags, etag)
    if since is None or resource.last_modified is None:
        return False
    return since == resource.last_modified or unmodified_since(since, resource.modified)
