"""Cached answers, computed one at a time with fair queueing between clients."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from register_api.serve.http.limits import MAX_WAITING_QUESTIONS
from register_api.serve.http.problems import Problem
from register_api.serve.reply import BoundedCache, Receive, Resource, Scope, network_of

Item = TypeVar("Item")


class FairQueue(Generic[Item]):
    """Bounded self-clocked fair queueing (S. J. Golestani, IEEE INFOCOM 1994).

    A client with many requests waits behind its own requests, never delaying others: its requests are due one
    after another, while the first request of another client is due as if it were alone. Among these first
    requests the cheapest runs next. Nothing starves: the virtual clock advances with every request, so later
    arrivals are due later.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._clock = 0
        self._waiting: list[tuple[int, str, Item]] = []
        """Virtual finish time, client and item; the earliest is next."""

    def put(self, client: str, cost: int, item: Item) -> Item | None:
        """Enqueue an item; return the one that is dropped if the queue is full."""
        before = (due for due, other, _ in self._waiting if other == client)
        self._waiting.append((max(self._clock, *before, 0) + max(cost, 1), client, item))
        if len(self._waiting) <= self._limit:
            return None
        last = max(reversed(self._waiting), key=itemgetter(0))
        self._waiting.remove(last)
        return last[2]

    def remove(self, item: Item) -> None:
        """Remove an item, if it is still queued."""
        self._waiting = [each for each in self._waiting if each[2] is not item]

    def take(self) -> Item | None:
        """Return the next item, or ``None`` if the queue is empty."""
        if not self._waiting:
            return None
        first = min(self._waiting, key=itemgetter(0))
        self._waiting.remove(first)
        self._clock = first[0]
        return first[2]


_OVERHEAD = 4096
"""Overhead of one cached answer in bytes (headers, key); matters when there are many small ones."""


class WaitingClient(NamedTuple):
    """A waiting client: its network, for fair queueing, and a wait that ends when it disconnects."""

    network: str = ""
    disconnect: Callable[[], Awaitable[object]] = lambda: asyncio.Event().wait()


INTERNAL_CALLER = WaitingClient()
"""An internal caller, which never disconnects."""


def waiting_client(scope: Scope, receive: Receive) -> WaitingClient:
    """Return the client of a request without a body."""

    async def disconnect() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the end of an empty body

    # A link has at least 64 bits, all of which one host may use (RFC 4291).
    return WaitingClient(network_of(scope, {4: 32, 6: 64}), disconnect)


class _Pending(NamedTuple):
    question: Hashable
    compute: Callable[[], Awaitable[Resource]]
    answer: asyncio.Future[Resource]


class Answers:
    """A bounded cache of answers; missing ones are computed one at a time.

    ``hits`` counts answers from the cache, ``misses`` those computed.
    """

    def __init__(self, cache_bytes: int) -> None:
        self._cache: BoundedCache[Resource] = BoundedCache(
            cache_bytes, lambda answer: answer.size + _OVERHEAD
        )
        self._queue: FairQueue[_Pending] = FairQueue(MAX_WAITING_QUESTIONS)
        self._answering: asyncio.Task[None] | None = None
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._cache)

    async def get(
        self, question: Hashable, client: WaitingClient, cost: int, compute: Callable[[], Awaitable[Resource]]
    ) -> Resource:
        """Return the answer, from the cache or when it is the client's turn."""
        found = self._cache.get(question)
        if found is not None:
            self.hits += 1
            return found
        pending = _Pending(question, compute, asyncio.get_running_loop().create_future())
        refused = self._queue.put(client.network, cost, pending)
        if refused is not None:
            busy = Problem("busy", "Too many computed answers are waiting; try again soon.")
            refused.answer.set_exception(busy)
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        disconnecting = asyncio.ensure_future(client.disconnect())
        try:
            await asyncio.wait((pending.answer, disconnecting), return_when=asyncio.FIRST_COMPLETED)
            if pending.answer.done():
                return await pending.answer
        finally:
            pending.answer.cancel()
            disconnecting.cancel()
            self._queue.remove(pending)
        raise Problem("busy", "Whoever asked this has gone.")

    async def _answer_all(self) -> None:
        """Compute while requests wait; an answer is cached even if its client is gone."""
        try:
            while (pending := self._queue.take()) is not None:
                await self._answer(pending)
        finally:
            self._answering = None

    async def _answer(self, pending: _Pending) -> None:
        found = self._cache.get(pending.question)
        self.hits += found is not None
        self.misses += found is None
        try:
            if found is None:
                found = await pending.compute()
                self._cache.put(pending.question, found)
        except Exception as error:  # noqa: BLE001 (passed to the waiting client)
            if not pending.answer.done():
                pending.answer.set_exception(error)
        else:
            if not pending.answer.done():
                pending.answer.set_result(found)
