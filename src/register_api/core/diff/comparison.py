"""Two registers side by side, paired entry by entry, as both hold on the day the newer one is published.

An *entry* is what has a line of its own: the register itself, its publisher, its notice promise, a
status, a category, a sub-processor, an engagement, a planned change.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from register_api.core.announcements import fresh_plans
from register_api.core.fields import content, entries
from register_api.core.instant import local_day
from register_api.core.model import (
    Cancelled,
    Engagement,
    PlannedChange,
    ReasonKind,
    Register,
    Subprocessor,
    Withdrawn,
)
from register_api.core.timeline import vendor_on, without

Key = str | tuple[str, int]
"""An entry's id; with a number from 2 where foreign input says an id more than once."""

EntryPath = tuple[Key, ...]
"""Where an entry stands: ``()``, ``("notice",)``, ``("subprocessors", id, "engagements", id)``, …"""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class FieldDelta(msgspec.Struct, frozen=True):
    """One field of one entry, before and after."""

    name: str
    before: Any
    after: Any


class Pair(msgspec.Struct, Generic[T_co], frozen=True):
    """One entry in the older and the newer register; ``None`` where it does not exist."""

    before: T_co | None
    after: T_co | None

    @property
    def known(self) -> T_co:
        """The newer of the two that there is."""
        found = self.before if self.after is None else self.after
        if found is None:
            raise ValueError("a pair of nothing")
        return found

    @property
    def in_both(self) -> bool:
        """Whether it neither came nor went."""
        return self.before is not None and self.after is not None

    def fields(self) -> tuple[FieldDelta, ...]:
        """Return the fields of content that differ, in the order of speaking; none if it came or went."""

        def is_said_anew(before: Any, after: Any) -> bool:  # by another version, for the same reason
            kinds = Withdrawn | Cancelled
            return isinstance(before, kinds) and isinstance(after, kinds) and before.reason == after.reason

        changed = (field for field in self._fields() if self.in_both and field.before != field.after)
        return tuple(field for field in changed if not is_said_anew(field.before, field.after))

    def stated(self) -> tuple[FieldDelta, ...]:
        """Return all that an entry says that came or went: each field that is stated."""
        return tuple(field for field in self._fields() if (field.before, field.after) != (None, None))

    def _fields(self) -> Iterator[FieldDelta]:
        kind: Any = type(self.known)
        for name in content(kind):
            yield FieldDelta(name, getattr(self.before, name, None), getattr(self.after, name, None))


def pairs(older: Sequence[T], newer: Sequence[T]) -> dict[Key, Pair[T]]:
    """Return the entries of two lists by key, in the newer order of reading, those that went last."""
    before, after = _keyed(older), _keyed(newer)
    return {key: Pair(before.get(key), after.get(key)) for key in after | before}


def _keyed(items: Sequence[Any]) -> dict[Key, Any]:
    seen: Counter[str] = Counter()
    found: dict[Key, Any] = {}
    for item in items:
        seen[item.id] += 1
        found[(item.id, seen[item.id]) if seen[item.id] > 1 else item.id] = item
    return found


def engagement_pairs(vendor: Pair[Subprocessor]) -> dict[Key, Pair[Engagement]]:
    """Return a vendor's engagements by key, in the newer reading order, those that went last."""
    older, newer = (item.engagements if item else () for item in (vendor.before, vendor.after))
    return pairs(older, newer)


class Comparison:
    """Two registers side by side, with what every judgement about them needs.

    Both are compared as they hold on the ``day`` on which the newer one is published. Planned changes that
    the newer one announces are left out of that: they are compared as entries of their own. So neither
    folding a planned change nor its taking effect is a difference. ``said`` has the vendors by id as
    the newer one says them. Where versions lie between the two its ``reason`` speaks for the last step only,
    so that the whole counts as a ``change``.
    """

    def __init__(self, older: Register | None, newer: Register, zone: dt.tzinfo) -> None:
        self.zone = zone
        self.day = local_day(newer.published_at, zone)
        adjacent = older is None or newer.previous is None or newer.previous.version == older.version
        self.reason: ReasonKind = newer.reason.kind if adjacent else "change"
        known = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        fresh = {item.id: fresh_plans(known.get(item.id), item) for item in newer.subprocessors}
        self.said = {vendor.id: vendor for vendor in newer.subprocessors}
        self.older = older and _holding(older, self.day, {})
        self.newer = _holding(newer, self.day, fresh)

    @cached_property
    def vendors(self) -> dict[Key, Pair[Subprocessor]]:
        """Every vendor of either register by key, in the newer reading order, those that went last."""
        return pairs(self.older.subprocessors if self.older else (), self.newer.subprocessors)

    def others(self) -> Iterator[tuple[EntryPath, Pair[msgspec.Struct]]]:
        """Yield every entry outside the list of vendors, with where it stands."""
        yield (), Pair(self.older, self.newer)
        for name in entries(Register):
            before: Any = getattr(self.older, name, ())
            after = getattr(self.newer, name)
            if not isinstance(after, tuple):
                yield (name,), Pair(before, after)
            elif name != "subprocessors":
                yield from (((name, key), pair) for key, pair in pairs(before, after).items())


def _holding(register: Register, day: dt.date, fresh: dict[str, set[tuple[str | None, str]]]) -> Register:
    """Return a register as it holds on a day but for fresh plans, with the plans that are left to come."""
    vendors = tuple(_vendor_holding(item, day, fresh.get(item.id, set())) for item in register.subprocessors)
    return msgspec.structs.replace(register, subprocessors=vendors)


def _vendor_holding(vendor: Subprocessor, day: dt.date, fresh: set[tuple[str | None, str]]) -> Subprocessor:
    if not vendor.planned and not any(item.planned for item in vendor.engagements):
        return vendor
    now = vendor_on(without(vendor, fresh), day)

    def left(owner: str | None, planned: tuple[PlannedChange, ...]) -> tuple[PlannedChange, ...]:
        return tuple(
            item
            for item in planned
            if (owner, item.id) in fresh or item.cancelled is not None or item.effective_on > day
        )

    engagements = tuple(
        msgspec.structs.replace(held, planned=left(held.id, said.planned))
        for held, said in zip(now.engagements, vendor.engagements, strict=True)
    )
    return msgspec.structs.replace(now, planned=left(None, vendor.planned), engagements=engagements)
