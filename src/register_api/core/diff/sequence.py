"""From one order of the same things to another in as few moves as possible.

What need not move is a longest increasing subsequence (C. Schensted, "Longest increasing and
decreasing subsequences", 1961); every other item moves once. Positions while items move are counted
by a binary indexed tree (P. M. Fenwick, 1994), so that a shuffle of n items costs n log n.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def staying(older: Sequence[Item], newer: Sequence[Item]) -> list[Item]:
    """Return a largest set of items that need not move, in their common order."""
    place = {item: index for index, item in enumerate(older)}
    return [newer[index] for index in _longest_increasing([place[item] for item in newer])]


def plan_moves(older: Sequence[Item], newer: Sequence[Item]) -> list[tuple[int, int]]:
    """Return the fewest moves that turn one order into the other, to be made one after the other."""
    if list(older) == list(newer):
        return []
    kept = set(staying(older, newer))
    slots, leaving, arriving = _layout(older, newer, kept)
    present = _Counter([1 if occupied else 0 for occupied in slots])
    moves = []
    for item in newer:
        if item not in kept:
            present.add(leaving[item], -1)
            source = present.before(leaving[item])
            moves.append((source, present.before(arriving[item])))
            present.add(arriving[item], 1)
    return [move for move in moves if move[0] != move[1]]


def _layout(
    older: Sequence[Item], newer: Sequence[Item], kept: set[Item]
) -> tuple[list[bool], dict[Item, int], dict[Item, int]]:
    """Give each item a slot in one row: kept items once, moving ones where they leave and where they arrive.

    Between two kept items those that arrive stand first, in their new order, then those that leave.
    """
    arrivals, departures = _gaps(newer, kept), _gaps(older, kept)
    slots: list[bool] = []
    leaving: dict[Item, int] = {}
    arriving: dict[Item, int] = {}
    for arrive, leave in zip(arrivals, departures, strict=True):
        for item in arrive:
            arriving[item] = len(slots)
            slots.append(False)
        for item in leave:
            leaving[item] = len(slots)
            slots.append(True)
        slots.append(True)
    return slots, leaving, arriving


def _gaps(items: Sequence[Item], kept: set[Item]) -> list[Sequence[Item]]:
    """Cut a sequence at the kept items, which are left out."""
    cuts = [-1, *(index for index, item in enumerate(items) if item in kept), len(items)]
    return [items[start + 1 : end] for start, end in pairwise(cuts)]


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return the indices of a longest strictly increasing subsequence."""
    tails: list[int] = []
    tail_index: list[int] = []
    previous: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(tails, number)
        previous.append(tail_index[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        tail_index[length : length + 1] = [index]
    found = []
    index = tail_index[-1] if tail_index else -1
    while index >= 0:
        found.append(index)
        index = previous[index]
    return found[::-1]


class _Counter:
    """Counts of a row of slots with sums of prefixes in logarithmic time."""

    def __init__(self, counts: Sequence[int]) -> None:
        self._sums = [0, *counts]
        for index in range(1, len(self._sums)):
            parent = index + (index & -index)
            if parent < len(self._sums):
                self._sums[parent] += self._sums[index]

    def add(self, slot: int, count: int) -> None:
        """Change the count of a slot."""
        index = slot + 1
        while index < len(self._sums):
            self._sums[index] += count
            index += index & -index

    def before(self, slot: int) -> int:
        """Return the sum of all slots before one."""
        total = 0
        index = slot
        while index > 0:
            total += self._sums[index]
            index -= index & -index
        return total
