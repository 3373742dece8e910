"""Moves: as few as possible, and right when made one after the other."""

from __future__ import annotations

from itertools import combinations, permutations

import pytest

from register_api.core.patch import plan_moves


def made(items: list[str], moves: list[tuple[int, int]]) -> list[str]:
    """Return a list after moves."""
    result = list(items)
    for source, target in moves:
        result.insert(target, result.pop(source))
    return result


def most_in_order(items: tuple[str, ...]) -> int:
    """Return how many of some items can stay where they are, by trying."""
    return max(
        size
        for size in range(len(items) + 1)
        for some in combinations(items, size)
        if list(some) == sorted(some)
    )


def test_all_orders_of_six() -> None:
    """Every order is reached, by no more moves than there are items that cannot stay."""
    items = list("abcdef")
    for order in permutations(items):
        moves = plan_moves(items, order)
        assert made(items, moves) == list(order)
        assert len(moves) <= len(items) - most_in_order(order)


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ("", "", []),
        ("a", "a", []),
        ("abcde", "eabcd", [(4, 0)]),
        ("abcde", "bcdea", [(0, 4)]),
        ("abcdef", "abedcf", [(4, 2), (4, 3)]),
    ],
)
def test_moves_are_minimal_and_ordered(older: str, newer: str, expected: list[tuple[int, int]]) -> None:
    """As many items as possible stay; each other one moves to just after its new predecessor."""
    assert plan_moves(older, newer) == expected
