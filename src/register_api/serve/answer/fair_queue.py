"""Whose turn it is: what clients ask for is ordered by what it costs, and what each has been given."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")


class _Waiting(NamedTuple, Generic[Item]):
    """What waits.

    Attributes:
        due: When it would be finished if all clients were served at once; the earliest is next.
        client: Who waits.
        item: What for.
    """

    due: int
    client: str
    item: Item


class FairQueue(Generic[Item]):
    """Self-clocked fair queueing (S. J. Golestani, IEEE INFOCOM 1994), with an end.

    A client that asks for much at once is told to wait behind itself, never in front of others: what it
    asks for is due one after the other, while the first thing that somebody else asks for is due as if
    nobody else were there. Of what is first for its client, the cheapest is next. Nothing waits for ever:
    the clock goes on with each turn, so what comes later is due later in the end.
    """

    def __init__(self, most: int) -> None:
        """Start empty."""
        self._most = most
        self._clock = 0
        self._waiting: list[_Waiting[Item]] = []

    def put(self, client: str, cost: int, item: Item) -> Item | None:
        """Have something wait for its turn."""
        before = (each.due for each in self._waiting if each.client == client)
        self._waiting.append(_Waiting(max(self._clock, *before, 0) + max(cost, 1), client, item))
        if len(self._waiting) <= self._most:
            return None
        last = max(reversed(self._waiting), key=lambda each: each.due)
        self._waiting.remove(last)
        return last.item

    def leave(self, item: Item) -> None:
        """Have something wait no longer, if it does; others move up."""
        self._waiting = [each for each in self._waiting if each.item is not item]

    def take(self) -> Item | None:
        """Return what has its turn now, or ``None`` if nothing waits."""
        if not self._waiting:
            return None
        first = min(self._waiting, key=lambda each: each.due)
        self._waiting.remove(first)
        self._clock = first.due
        return first.item
