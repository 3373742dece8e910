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

    def __init__(self, most: int) -> None:
        self._most = most
        self._clock = 0
        self._waiting: list[tuple[int, str, Item]] = []
        """Virtual finish time, client and item; the earliest is next."""

    def put(self, client: str, cost: int, item: Item) -> Item | None:
        """Enqueue an item; return the one that is dropped if the queue is full."""
        before = (due for due, other, _ in self._waiting if other == client)
        self._waiting.append((max(self._clock, *before, 0) + max(cost, 1), client, item))
        if len(self._waiting) <= self._most:
            return None
        last = max(reversed(self._waiting), key=itemgetter(0))
        self._waiting.remove(last)
        return last[2]

    def leave(self, item: Item) -> None:
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


class Asker(NamedTuple):
    """A waiting client: its network, for fair queueing, and a wait for its disconnect."""

    network: str = ""
    leaves: Callable[[], Awaitable[object]] = lambda: asyncio.Event().wait()


SOMEBODY = Asker()
"""An internal caller, which never disconnects."""


def asker_of(scope: Scope, receive: Receive) -> Asker:
    """Return the client of a request without a body."""

    async def leaves() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the end of an empty body

    # A link has at least 64 bits, all of which one host may use (RFC 4291).
    return Asker(network_of(scope, {4: 32, 6: 64}), leaves)


class _Asked(NamedTuple):
    """A pending question."""

    question: Hashable
    compute: Callable[[], Awaitable[Resource]]
    answer: asyncio.Future[Resource]


class Answers:
    """A bounded cache of answers; missing ones are computed one at a time.

    ``hits`` counts answers from the cache, ``misses`` those computed.
    """

    def __init__(self, cache_bytes: int) -> None:
        self._kept: BoundedCache[Resource] = BoundedCache(cache_bytes, lambda answer: answer.size + _OVERHEAD)
        self._queue: FairQueue[_Asked] = FairQueue(MAX_WAITING_QUESTIONS)
        self._answering: asyncio.Task[None] | None = None
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def get(
        self, question: Hashable, asker: Asker, cost: int, compute: Callable[[], Awaitable[Resource]]
    ) -> Resource:
        """Return the answer, from the cache or when it is the client's turn."""
        found = self._kept.get(question)
        if found is not None:
            self.hits += 1
            return found
        asked = _Asked(question, compute, asyncio.get_running_loop().create_future())
        refused = self._queue.put(asker.network, cost, asked)
        if refused is not None:
            busy = Problem("busy", "Too many computed answers are waiting; try again soon.")
            refused.answer.set_exception(busy)
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        leaving = asyncio.ensure_future(asker.leaves())
        try:
            await asyncio.wait((asked.answer, leaving), return_when=asyncio.FIRST_COMPLETED)
            if asked.answer.done():
                return await asked.answer
        finally:
            asked.answer.cancel()
            leaving.cancel()
            self._queue.leave(asked)
        raise Problem("busy", "Whoever asked this has gone.")

    async def _answer_all(self) -> None:
        """Compute while requests wait; an answer is cached even if its client is gone."""
        try:
            while (asked := self._queue.take()) is not None:
                await self._answer(asked)
        finally:
            self._answering = None

    async def _answer(self, asked: _Asked) -> None:
        found = self._kept.get(asked.question)
        self.hits += found is not None
        self.misses += found is None
        try:
            if found is None:
                found = await asked.compute()
                self._kept.put(asked.question, found)
        except Exception as error:  # noqa: BLE001 (passed to the waiting client)
            if not asked.answer.done():
                asked.answer.set_exception(error)
        else:
            if not asked.answer.done():
                asked.answer.set_result(found)
