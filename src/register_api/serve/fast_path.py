"""The fast path: answers what is stored itself, and passes on only what has to be computed.

The first branch of ``__call__`` is the hot path: a head file, by GET or HEAD. No web framework
stands in its way, and nothing is encoded, hashed, compressed, read or timed on it.
"""

from __future__ import annotations

from collections.abc import Callable

from register_api.core.format import tree
from register_api.core.format.paths import is_path
from register_api.core.headers import METHODS, PREFLIGHT
from register_api.serve.http.asgi import NO_BODY, App, Receive, Scope, Send, send_body, start_message
from register_api.serve.http.problem_replies import send_problem
from register_api.serve.http.problems import Problem
from register_api.serve.http.selection import select
from register_api.serve.http.sending import send_redirect, send_stored, without_body
from register_api.serve.stored.current_replies import CurrentReplies
from register_api.serve.stored.reply import CORS, as_headers
from register_api.serve.stored.reply_table import ReplyTable
from register_api.serve.telemetry.counters import Counters, counting
from register_api.serve.telemetry.faults import fault

_METHODS = frozenset(METHODS.split(", "))
_ALLOW = (b"allow", METHODS.encode("ascii"))

_PREFLIGHT = start_message(204, (_ALLOW, *as_headers(PREFLIGHT), *CORS))
"""Answer to OPTIONS, be it a CORS preflight (Fetch standard, HTTP extensions) or not."""


class FastPath:
    """An ASGI application that stands before the one that computes."""

    def __init__(
        self,
        replies: CurrentReplies,
        computed: App,
        is_computed: Callable[[str], bool],
        counters: Counters,
    ) -> None:
        """Join the parts."""
        self._replies = replies
        self._computed = computed
        self._is_computed = is_computed
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it (and the life span) on."""
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
                    if unchanged:
                        self._counters.unchanged += 1
                    else:
                        self._counters.found += 1
                    await send(representation.unchanged if unchanged else representation.start)
                    if unchanged or method == "HEAD" or representation.body is None:
                        await send(NO_BODY)
                    else:
                        await send_body(representation.body, send)
                    return
        await self._answer(table, scope, receive, send)

    async def _answer(self, table: ReplyTable | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is not a plain request for a head file; a fault here becomes a problem too."""
        send = counting(self._counters, table, scope["path"], self._is_computed, send)
        try:
            await self._answer_well(table, scope, receive, send)
        except Problem as problem:
            if problem.name == "unreadable" and self._replies.table is not table:
                # The bytes of a publication that has been replaced meanwhile are gone; nothing was sent yet.
                await self._answer(self._replies.table, scope, receive, send)
            else:
                await send_problem(problem, scope, send)
        except Exception as error:  # noqa: BLE001 (no fault may reach the client as it is)
            await send_problem(fault(error, scope, self._counters), scope, send)

    async def _answer_well(
        self, table: ReplyTable | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        url, method = scope["path"], scope["method"]
        path = None if table is None else table.path_of(url)
        elsewhere = None if table is None else _elsewhere(table, url)
        computed = self._is_computed(url)
        is_known = path or elsewhere or computed or (url, method) == ("*", "OPTIONS")
        if method not in _METHODS and (is_known or is_path(url[1:])):  # the tree may lack what it could have
            raise Problem("method-not-allowed", f"{method} is not possible here.", headers=(_ALLOW,))
        if not is_known:
            raise _missing(table)
        if method == "OPTIONS":
            await send(_PREFLIGHT)
            await send(NO_BODY)
        elif table is not None and path is not None:
            await send_stored(table, path, scope, send)
        elif elsewhere is not None:
            await send_redirect(elsewhere, send)
        else:
            as_get = {**scope, "method": "GET"}
            await self._computed(as_get, receive, without_body(send) if method == "HEAD" else send)


def _elsewhere(table: ReplyTable, url: str) -> str | None:
    """Return the reference to which an address leads that is not itself one of a file."""
    if table.is_folder(url):  # the last slash was left out (RFC 9110 section 15.4.9)
        return url.rpartition("/")[2] + "/"
    kind = tree.HABITUAL.get(url[1:])
    return None if kind is None else "../" * url[1:].count("/") + kind.path()


def _missing(table: ReplyTable | None) -> Problem:
    if table is None:
        return Problem("nothing-published", "Come back when the first version has been published.")
    return Problem("not-found", "No file or question has this address.")
