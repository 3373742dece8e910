"""The fast path: serves stored files, and forwards only what must be computed.

The first branch of ``__call__`` is the hot path: GET or HEAD of a current file. It involves no web
framework, and nothing is encoded, hashed, compressed, read or timed on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from register_api.core.format import tree
from register_api.core.format.paths import is_path
from register_api.core.headers import METHODS, PREFLIGHT
from register_api.errors import StoreDamaged
from register_api.serve.http.negotiation import (
    acceptable_codings,
    match_fails,
    modified_after,
    none_match_fails,
    unmodified_since,
)
from register_api.serve.http.problems import NOTHING_PUBLISHED, Problem, send_problem
from register_api.serve.logs import Counters, logged_problem
from register_api.serve.reply import (
    CACHE_CONTROL,
    CORS,
    NO_BODY,
    App,
    Headers,
    Receive,
    Representation,
    Resource,
    Scope,
    Send,
    as_headers,
    header,
    start_message,
)
from register_api.serve.reply_table import CurrentReplies, ReplyTable

_PRECONDITIONS = frozenset({b"if-match", b"if-unmodified-since"})
"""Preconditions that lead to 412; rare with GET, so evaluated separately."""


def select(resource: Resource, headers: Headers) -> tuple[Representation | None, bool]:
    """Select the representation and evaluate the preconditions (RFC 9110 section 13.2.2)."""
    accept: bytes | None = None
    tags: bytes | None = None
    since: bytes | None = None
    has_precondition = False
    for name, value in headers:
        if name == b"accept-encoding":
            accept = value if accept is None else accept + b", " + value
        elif name == b"if-none-match":
            tags = value if tags is None else tags + b", " + value
        elif name == b"if-modified-since":
            since = value if since is None else b""
        elif name in _PRECONDITIONS:
            has_precondition = True
    for coding in acceptable_codings(accept):
        representation = resource.representations.get(coding)
        if representation is not None:
            if has_precondition and _precondition_fails(resource, representation, headers):
                return None, False
            return representation, _is_unchanged(resource, representation.etag, tags, since)
    return None, False


def _precondition_fails(resource: Resource, representation: Representation, headers: Headers) -> bool:
    """Evaluate If-Match, or without it If-Unmodified-Since (section 13.1.4)."""
    tags = header(headers, b"if-match")
    if tags is not None:
        return match_fails(tags, representation.etag)
    since = header(headers, b"if-unmodified-since")
    if since is None or resource.last_modified is None:
        return False
    return modified_after(since, resource.modified)


def _is_unchanged(resource: Resource, etag: bytes, tags: bytes | None, since: bytes | None) -> bool:
    """Evaluate If-None-Match, or without it If-Modified-Since (section 13.1.3)."""
    if tags is not None:
        return tags == etag or none_match_fails(tags, etag)
    if since is None or resource.last_modified is None:
        return False
    return since == resource.last_modified or unmodified_since(since, resource.modified)


async def send_resource(resource: Resource, scope: Scope, send: Send) -> None:
    """Send a resource in the negotiated encoding, or 304; raise the problem for 406 or 412."""
    representation, unchanged = select(resource, scope["headers"])
    if representation is None:
        accepted = acceptable_codings(header(scope["headers"], b"accept-encoding"))
        if resource.representations.keys().isdisjoint(accepted):
            have = ", ".join(resource.representations)
            raise Problem("not-acceptable", f"Accept-Encoding leaves none of these: {have}.")
        what = "If-Match or If-Unmodified-Since asks for what was here before."
        raise Problem("precondition-failed", what)
    await _send_form(representation, scope["method"], send, unchanged=unchanged)


async def _send_form(representation: Representation, method: str, send: Send, *, unchanged: bool) -> None:
    await send(representation.unchanged if unchanged else representation.start)
    if unchanged or method == "HEAD":
        await send(NO_BODY)
    else:
        *first, last = representation.body
        for piece in first:
            await send(piece)
            await asyncio.sleep(0)
        await send(last)


async def send_redirect(reference: str, send: Send) -> None:
    """Send a permanent redirect (RFC 9110 section 15.4.9)."""
    headers = (
        (b"location", reference.encode("ascii")),
        (b"content-length", b"0"),
        (b"cache-control", CACHE_CONTROL["mutable"]),
        *CORS,
    )
    await send(start_message(308, headers))
    await send(NO_BODY)


_METHODS = frozenset(METHODS.split(", "))
_ALLOW = (b"allow", METHODS.encode("ascii"))

_PREFLIGHT = start_message(204, (_ALLOW, *as_headers(PREFLIGHT), *CORS))
"""Response to OPTIONS, whether or not it is a CORS preflight (Fetch standard, HTTP extensions)."""


class FastPath:
    """ASGI application that wraps the one for computed answers."""

    def __init__(
        self, replies: CurrentReplies, computed: App, is_computed: Callable[[str], bool], counters: Counters
    ) -> None:
        self._replies = replies
        self._computed = computed
        self._is_computed = is_computed
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or forward it (and the lifespan)."""
        if scope["type"] != "http":
            await self._computed(scope, receive, send)
            return
        table = self._replies.table
        method = scope["method"]
        if table is not None and method in {"GET", "HEAD"}:
            resource = table.ready.get(scope["path"])
            if resource is not None:
                representation, unchanged = select(resource, scope["headers"])
                if representation is not None:
                    self._counters.requests["head", 304 if unchanged else 200] += 1
                    await _send_form(representation, method, send, unchanged=unchanged)
                    return
        await self._answer(table, scope, receive, send)

    async def _answer(self, table: ReplyTable | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer everything except a plain request for a current file; faults become error responses."""
        send = self._counters.counting(table, scope["path"], self._is_computed, send)
        try:
            await self._dispatch(table, scope, receive, send)
        except Problem as problem:
            if problem.name == "unreadable" and self._replies.table is not table:
                # The publication was replaced and its files are gone; nothing was sent yet, so retry.
                await self._answer(self._replies.table, scope, receive, send)
            else:
                await send_problem(problem, scope, send)
        except Exception as error:  # noqa: BLE001 (no traceback may reach the client)
            await send_problem(self._counters.fault(error, scope), scope, send)

    async def _dispatch(self, table: ReplyTable | None, scope: Scope, receive: Receive, send: Send) -> None:
        url, method = scope["path"], scope["method"]
        path = None if table is None else table.path_of(url)
        redirect = None if table is None else _redirect_of(table, url)
        computed = self._is_computed(url)
        is_known = path or redirect or computed or (url, method) == ("*", "OPTIONS")
        if method not in _METHODS and (is_known or is_path(url[1:])):  # also valid paths without a file
            raise Problem("method-not-allowed", f"{method} is not possible here.", headers=(_ALLOW,))
        if not is_known and table is None:
            raise Problem("nothing-published", NOTHING_PUBLISHED)
        if not is_known:
            raise Problem("not-found", "No file or question has this address.")
        if method == "OPTIONS":
            await send(_PREFLIGHT)
            await send(NO_BODY)
        elif table is not None and path is not None:
            try:
                resource = await table.resource(path)
            except StoreDamaged as error:
                raise logged_problem(
                    "unreadable", "This file cannot be read at the moment.", error
                ) from error
            await send_resource(resource, scope, send)
        elif redirect is not None:
            await send_redirect(redirect, send)
        else:
            await self._computed(scope, receive, send)


def _redirect_of(table: ReplyTable, url: str) -> str | None:
    """Return the redirect target of a URL that does not name a file itself."""
    if table.is_folder(url):  # the trailing slash is missing (RFC 9110 section 15.4.9)
        return url.rpartition("/")[2] + "/"
    kind = tree.FEED_ALIASES.get(url[1:])
    return None if kind is None else "../" * url[1:].count("/") + kind.path()
