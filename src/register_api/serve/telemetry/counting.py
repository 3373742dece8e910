"""Counts the replies that are not given on the hot path, by kind and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.serve.http.asgi import Message, Send
    from register_api.serve.stored.reply_table import ReplyTable
    from register_api.serve.telemetry.counters import Counters, Kind

_HEALTH = frozenset({"/healthz", "/readyz"})


def counting(
    counters: Counters, table: ReplyTable | None, url: str, is_computed: Callable[[str], bool], send: Send
) -> Send:
    """Return a ``send`` that counts the reply it begins.

    Args:
        counters: Where it is counted.
        table: What is published.
        url: Path of the request.
        is_computed: Tells whether a path is that of a computed answer.
        send: Where the reply goes.
    """

    async def counted(message: Message) -> None:
        if message["type"] == "http.response.start":
            counters.others[_kind(table, url, is_computed), message["status"]] += 1
        await send(message)

    return counted


def _kind(table: ReplyTable | None, url: str, is_computed: Callable[[str], bool]) -> Kind:
    if url in _HEALTH:
        return "health"
    if is_computed(url):
        return "computed"
    if table is None or table.path_of(url) is None:
        return "other"
    return "head" if url in table.ready else "stored"
