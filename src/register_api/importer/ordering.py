"""The order of reading, with those that left the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def with_others(order: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return an order with those that it leaves out put back, each behind the one it stood behind.

    What left the table so keeps its place in the reading order, and nothing seems to have moved.
    """
    listed = set(order)
    behind: dict[str | None, list[str]] = {}
    last: str | None = None
    for item in before:
        if item in listed:
            last = item
        else:
            behind.setdefault(last, []).append(item)
    merged = list(behind.get(None, []))
    for item in order:
        merged += [item, *behind.get(item, [])]
    return merged
