"""Computed answers, made one at a time in the order of fair shares, and kept."""

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
    """Self-clocked fair queueing (S. J. Golestani, IEEE INFOCOM 1994), with an end.

    A client that asks for much at once is told to wait behind itself, never in front of others: what it
    asks for is due one after the other, while the first thing that somebody else asks for is due as if
    nobody else were there. Of what is first for its client, the cheapest is next. Nothing waits for ever:
    the clock goes on with each turn, so what comes later is due later in the end.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._clock = 0
        self._waiting: list[tuple[int, str, Item]] = []
        """When each would be finished if all clients were served at once: the earliest is next."""

    def put(self, client: str, cost: int, item: Item) -> Item | None:
        """Have something wait for its turn."""
        before = (due for due, other, _ in self._waiting if other == client)
        self._waiting.append((max(self._clock, *before, 0) + max(cost, 1), client, item))
        if len(self._waiting) <= self._most:
            return None
        last = max(reversed(self._waiting), key=itemgetter(0))
        self._waiting.remove(last)
        return last[2]

    def leave(self, item: Item) -> None:
        """Have something wait no longer, if it does; others move up."""
        self._waiting = [each for each in self._waiting if each[2] is not item]

    def take(self) -> Item | None:
        """Return what has its turn now, or ``None`` if nothing waits."""
        if not self._waiting:
            return None
        first = min(self._waiting, key=itemgetter(0))
        self._waiting.remove(first)
        self._clock = first[0]
        return first[2]


_OVERHEAD = 4096
"""Bytes of memory that headers, question and bookkeeping of one answer take: a flood is of small ones."""


class Asker(NamedTuple):
    """Who waits for an answer: whose share of the time it takes, and what waits until nobody listens."""

    network: str = ""
    leaves: Callable[[], Awaitable[object]] = lambda: asyncio.Event().wait()


SOMEBODY = Asker()
"""Who asks from within the program, and stays."""


def asker_of(scope: Scope, receive: Receive) -> Asker:
    """Return who waits for the answer to a request without a body."""

    async def leaves() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass  # the end of a body that nobody reads

    # One link is given 64 bits at least: whoever has it has all of its addresses (RFC 4291).
    return Asker(network_of(scope, {4: 32, 6: 64}), leaves)


class _Asked(NamedTuple):
    """A question whose answer is waited for."""

    question: Hashable
    compute: Callable[[], Awaitable[Resource]]
    answer: asyncio.Future[Resource]


class Answers:
    """Answers by question, as far as they fit; what is not kept is computed, one after the other.

    ``hits`` counts the questions that were answered from what was kept, ``misses`` those that were computed.
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
        """Return the answer to a question: at once if it is kept, else when it is the client's turn."""
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
        """Answer while anybody waits; what was begun is kept even if nobody waits for it any more."""
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
        except Exception as error:  # noqa: BLE001 (whatever it is goes to whoever asked)
            if not asked.answer.done():
                asked.answer.set_exception(error)
        else:
            if not asked.answer.done():
                asked.answer.set_result(found)
