"""Differences of registers, entry by entry, which can be composed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from register_api.core.diff.comparison import pairs
from register_api.core.fields import entries

if TYPE_CHECKING:
    from register_api.core.diff.comparison import EntryPath
    from register_api.core.model import Register


class Delta(msgspec.Struct, frozen=True):
    """One entry before and after, without nested entries; ``None`` if it does not exist."""

    before: msgspec.Struct | None
    after: msgspec.Struct | None


class OrderDelta(msgspec.Struct, frozen=True):
    """The ids of a list in display order, before and after."""

    before: tuple[str, ...]
    after: tuple[str, ...]


class Deltas(msgspec.Struct, frozen=True):
    """All differences between two registers: entries by path, and orders by the path of the list."""

    entries: dict[EntryPath, Delta]
    orders: dict[EntryPath, OrderDelta]


def between(older: Register | None, newer: Register | None) -> Deltas:
    """Compare two registers; ``None`` stands for an empty one."""
    found = Deltas({}, {})
    _compare(found, (), older, newer)
    return found


def _compare(
    found: Deltas, place: EntryPath, older: msgspec.Struct | None, newer: msgspec.Struct | None
) -> None:
    """Record how an entry and its nested entries differ."""
    if older == newer:
        return
    record = older if newer is None else newer
    inside = entries(type(record)) if record is not None else ()
    delta = Delta(_alone(older, inside), _alone(newer, inside))
    if delta.before != delta.after:
        found.entries[place] = delta
    for name in inside:
        before, after = getattr(older, name, None), getattr(newer, name, None)
        if isinstance(before, tuple) or isinstance(after, tuple):
            _compare_list(found, (*place, name), before or (), after or ())
        else:
            _compare(found, (*place, name), before, after)


def _compare_list(found: Deltas, place: EntryPath, older: tuple[Any, ...], newer: tuple[Any, ...]) -> None:
    order = OrderDelta(tuple(item.id for item in older), tuple(item.id for item in newer))
    if order.before != order.after:
        found.orders[place] = order
    for key, pair in pairs(older, newer).items():
        _compare(found, (*place, key), pair.before, pair.after)


def _alone(record: msgspec.Struct | None, inside: tuple[str, ...]) -> msgspec.Struct | None:
    """Return a record without its nested entries."""
    if record is None or not inside:
        return record
    return msgspec.structs.replace(record, **dict.fromkeys(inside, ()))


Ends = TypeVar("Ends", Delta, OrderDelta)


def compose(first: Deltas, second: Deltas) -> Deltas:
    """Compose two differences; the second must start from the result of the first.

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
