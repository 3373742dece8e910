"""Differences joined one after the other: the algebra that ``core.diff.deltas`` promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from register_api.core.diff.deltas import Delta, Deltas, OrderDelta

if TYPE_CHECKING:
    from register_api.core.diff.deltas import EntryPath

Ends = TypeVar("Ends", Delta, OrderDelta)


def compose(first: Deltas, second: Deltas) -> Deltas:
    """Join two differences of which the second begins where the first ends.

    Returns:
        The difference from the older end of ``first`` to the newer end of ``second``.
    """
    return Deltas(_compose(first.entries, second.entries), _compose(first.orders, second.orders))


def _compose(first: dict[EntryPath, Ends], second: dict[EntryPath, Ends]) -> dict[EntryPath, Ends]:
    found = first | second
    for place in first.keys() & second.keys():
        before, after = first[place].before, second[place].after
        if before == after:
            del found[place]
        else:
            found[place] = type(second[place])(before, after)
    return found
