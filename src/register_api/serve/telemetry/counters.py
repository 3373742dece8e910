"""What one process has done so far, as plain numbers; requests off the hot path by kind and status.

Only the event loop adds to them, so there is no lock; whoever reads them from elsewhere may read a
number that is one behind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Literal

from register_api.serve.http.asgi import Message, Send
from register_api.serve.stored.reply_table import ReplyTable

_HEALTH = frozenset({"/healthz", "/readyz"})


def counting(
    counters: Counters, table: ReplyTable | None, url: str, is_computed: Callable[[str], bool], send: Send
) -> Send:
    """Return a ``send`` that counts the reply it begins."""

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


Kind = Literal["head", "stored", "computed", "health", "other", "refused"]
"""Head file; other file of the tree; computed answer; the service's own health; nothing of these;
refused before there was a request."""


class Counters:
    """Numbers that only grow.

    Attributes:
        found: Head files that were sent (200), on the hot path.
        unchanged: Head files that the client had already (304), on the hot path.
        others: Requests by kind and status, all that were not on the hot path.
        faults: Faults of the service, each with a request id in the log.
        connections: Connections that were accepted.
        broken: Connections that were ended because the client took a reply too slowly.
    """

    __slots__ = ("broken", "connections", "faults", "found", "others", "unchanged")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.found = 0
        self.unchanged = 0
        self.others: Counter[tuple[Kind, int]] = Counter()
        self.faults = 0
        self.connections = 0
        self.broken = 0

    def requests(self) -> dict[tuple[Kind, int], int]:
        """Return the number of requests by kind and status."""
        total = Counter(self.others)
        total["head", 200] += self.found
        total["head", 304] += self.unchanged
        return dict(total)
