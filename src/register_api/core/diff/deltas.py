"""The difference of two registers as an algebra: entry by entry, and closed under composition.

An *entry* is what has a line of its own: the register itself, its publisher, its notice promise, a
status, a category, a sub-processor, an engagement. ``between(a, b)`` joined with ``between(b, c)`` is
``between(a, c)``, so that a reader who missed versions is told exactly what one who missed none was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from register_api.core.fields import content, entries
from register_api.core.model import Cancelled, Register, Withdrawn

Key = str | tuple[str, int]
"""An entry's id; with a number from 2 where foreign input says an id more than once."""

EntryPath = tuple[Key, ...]
"""Where an entry stands: ``()``, ``("notice",)``, ``("subprocessors", id, "engagements", id)``, …"""


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=_Identified)


class FieldDelta(msgspec.Struct, frozen=True):
    """One field of one entry, before and after."""

    name: str
    before: Any
    after: Any


class Delta(msgspec.Struct, frozen=True):
    """One entry before and after, without the entries inside it; ``None`` where it does not exist."""

    before: msgspec.Struct | None
    after: msgspec.Struct | None

    def fields(self) -> Iterator[FieldDelta]:
        """Yield the fields of content that differ, in the order of speaking; none if it came or went."""
        if self.before is None or self.after is None:
            return
        for name in content(type(self.after)):
            before, after = getattr(self.before, name), getattr(self.after, name)
            if before != after and not _is_said_anew(before, after):
                yield FieldDelta(name, before, after)


def _is_said_anew(before: Any, after: Any) -> bool:
    """Tell whether two withdrawals or cancellations say the same, announced by two versions."""
    if not (isinstance(before, Withdrawn | Cancelled) and isinstance(after, Withdrawn | Cancelled)):
        return False
    return before.reason == after.reason


class OrderDelta(msgspec.Struct, frozen=True):
    """The ids of a list in order of reading, before and after."""

    before: tuple[str, ...]
    after: tuple[str, ...]

    def common(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return both orders without ids that came, went or stand there twice."""
        counts = Counter(self.before), Counter(self.after)
        both = {name for name in counts[0] if counts[0][name] == counts[1][name] == 1}
        return tuple(filter(both.__contains__, self.before)), tuple(filter(both.__contains__, self.after))


class Deltas(msgspec.Struct, frozen=True):
    """All that differs between two registers: entries by place, and orders by the place of the list."""

    entries: dict[EntryPath, Delta]
    orders: dict[EntryPath, OrderDelta]


def between(older: Register | None, newer: Register | None) -> Deltas:
    """Compare two registers; ``None`` stands for one that says nothing."""
    found = Deltas({}, {})
    _compare(found, (), older, newer)
    return found


def keyed(items: Sequence[T]) -> dict[Key, T]:
    """Return entries by key, in order of reading."""
    found: dict[Key, T] = {item.id: item for item in items}
    if len(found) == len(items):
        return found
    seen: Counter[str] = Counter()
    found = {}
    for item in items:
        seen[item.id] += 1
        found[(item.id, seen[item.id]) if seen[item.id] > 1 else item.id] = item
    return found


def _compare(
    found: Deltas, place: EntryPath, older: msgspec.Struct | None, newer: msgspec.Struct | None
) -> None:
    """Note how an entry and all inside it differ; equal ones cost one comparison."""
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
    before, after = keyed(older), keyed(newer)
    for key in after | before:
        _compare(found, (*place, key), before.get(key), after.get(key))


def _alone(record: msgspec.Struct | None, inside: tuple[str, ...]) -> msgspec.Struct | None:
    """Return a record without the entries inside it."""
    if record is None or not inside:
        return record
    return msgspec.structs.replace(record, **dict.fromkeys(inside, ()))
