"""Moves: as few as possible, and right when made one after the other."""

from __future__ import annotations

from itertools import permutations

import pytest

from register_api.core.diff.sequence import plan_moves, staying


def made(items: list[str], moves: list[tuple[int, int]]) -> list[str]:
    """Return a list after moves."""
    result = list(items)
    for source, target in moves:
        result.insert(target, result.pop(source))
    return result


def test_all_orders_of_six() -> None:
    """Every order is reached, by exactly as many moves as there are items that cannot stay."""
    items = list("abcdef")
    for order in permutations(items):
        moves = plan_moves(items, order)
        assert made(items, moves) == list(order)
        assert len(moves) <= len(items) - len(staying(items, order))


@pytest.mark.parametrize(
    ("older", "newer", "expected"),
    [
        ("", "", []),
        ("a", "a", ["a"]),
        ("abcde", "abcde", list("abcde")),
        ("abcde", "eabcd", list("abcd")),
        ("abcde", "bcdea", list("bcde")),
        ("abcdef", "abedcf", list("abcf")),
    ],
)
def test_what_stays(older: str, newer: str, expected: list[str]) -> None:
    """As many as possible stay, in their common order."""
    assert staying(older, newer) == expected
