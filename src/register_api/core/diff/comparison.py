"""Pairs the entries of two registers, and classifies each changed field.

An *entry* is anything compared by itself: the register, its publisher, its notice promise, a status, a
category, a sub-processor, an engagement, a planned change. Stating a fact for the first time is not a change
of fact; reordering is not a change at all; a correction or an editorial version declares that nothing changed
in reality. It cannot hide changes that require notice in their own right, or changes of the promise or dates.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from register_api.core.announcements import new_plans
from register_api.core.changes import ChangeType
from register_api.core.fields import change_of, content, entries, is_wording
from register_api.core.instant import local_day
from register_api.core.model import (
    Cancelled,
    Engagement,
    Location,
    PlannedChange,
    ProductScope,
    ReasonKind,
    Register,
    Subprocessor,
    Withdrawn,
)
from register_api.core.struct_fields import shapes
from register_api.core.timeline import FieldDelta, vendor_on, without

Key = str | tuple[str, int]
"""An entry's id; with a number from 2 if foreign input repeats an id."""

EntryPath = tuple[Key, ...]
"""Path of an entry: ``()``, ``("notice",)``, ``("subprocessors", id, "engagements", id)``, …"""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Pair(msgspec.Struct, Generic[T_co], frozen=True):
    """One entry in the older and the newer register; ``None`` if absent."""

    before: T_co | None
    after: T_co | None

    @property
    def known(self) -> T_co:
        """The newer entry, or the older one if it was removed."""
        found = self.before if self.after is None else self.after
        if found is None:
            raise ValueError("a pair of nothing")
        return found

    @property
    def in_both(self) -> bool:
        """Whether both registers contain it."""
        return self.before is not None and self.after is not None

    def fields(self) -> tuple[FieldDelta, ...]:
        """Return the content fields that differ, in the order of presentation; none if added or removed."""

        def is_restated(before: Any, after: Any) -> bool:  # in another version, with the same reason
            kinds = Withdrawn | Cancelled
            return isinstance(before, kinds) and isinstance(after, kinds) and before.reason == after.reason

        changed = (field for field in self._fields() if self.in_both and field.before != field.after)
        return tuple(field for field in changed if not is_restated(field.before, field.after))

    def stated(self) -> tuple[FieldDelta, ...]:
        """Return all stated fields of an entry that was added or removed."""
        return tuple(field for field in self._fields() if (field.before, field.after) != (None, None))

    def _fields(self) -> Iterator[FieldDelta]:
        kind: Any = type(self.known)
        for name in content(kind):
            yield FieldDelta(kind, name, getattr(self.before, name, None), getattr(self.after, name, None))


def pairs(older: Sequence[T], newer: Sequence[T]) -> dict[Key, Pair[T]]:
    """Return the entries of two lists by key, in the newer order, removed ones last."""
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
    """Return a vendor's engagements by key, in the newer order, removed ones last."""
    older, newer = (item.engagements if item else () for item in (vendor.before, vendor.after))
    return pairs(older, newer)


class Comparison:
    """Two registers, and the context needed to classify their differences.

    Both are evaluated on ``day``, the publication date of the newer one, except for planned changes that the
    newer one announces, which are compared as entries of their own. So neither folding a planned change into
    the base fields nor its taking effect is a difference. ``newer_vendors`` has the newer vendors by id, not
    evaluated. If there are versions in between, the newer ``reason`` covers only the last step, so the whole
    is a ``change``.
    """

    def __init__(self, older: Register | None, newer: Register, zone: dt.tzinfo) -> None:
        self.zone = zone
        self.day = local_day(newer.published_at, zone)
        adjacent = older is None or newer.previous is None or newer.previous.version == older.version
        self.reason: ReasonKind = newer.reason.kind if adjacent else "change"
        known = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        self.new_plans = {item.id: new_plans(known.get(item.id), item) for item in newer.subprocessors}
        self.newer_vendors = {vendor.id: vendor for vendor in newer.subprocessors}
        self.older = older and _as_of(older, self.day, {})
        self.newer = _as_of(newer, self.day, self.new_plans)

    @cached_property
    def vendors(self) -> dict[Key, Pair[Subprocessor]]:
        """All vendors of both registers by key, in the newer order, removed ones last."""
        return pairs(self.older.subprocessors if self.older else (), self.newer.subprocessors)

    def others(self) -> Iterator[tuple[EntryPath, Pair[msgspec.Struct]]]:
        """Yield every entry outside the list of vendors, with its path."""
        yield (), Pair(self.older, self.newer)
        for name in entries(Register):
            before: Any = getattr(self.older, name, ())
            after = getattr(self.newer, name)
            if not isinstance(after, tuple):
                yield (name,), Pair(before, after)
            elif name != "subprocessors":
                yield from (((name, key), pair) for key, pair in pairs(before, after).items())


def _as_of(register: Register, day: dt.date, fresh: dict[str, set[tuple[str | None, str]]]) -> Register:
    """Return a register evaluated on a day, except for newly announced plans; plans to come are kept."""
    vendors = tuple(_vendor_as_of(item, day, fresh.get(item.id, set())) for item in register.subprocessors)
    return msgspec.structs.replace(register, subprocessors=vendors)


def _vendor_as_of(vendor: Subprocessor, day: dt.date, fresh: set[tuple[str | None, str]]) -> Subprocessor:
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
        msgspec.structs.replace(current, planned=left(current.id, source.planned))
        for current, source in zip(now.engagements, vendor.engagements, strict=True)
    )
    return msgspec.structs.replace(now, planned=left(None, vendor.planned), engagements=engagements)


_STATUS_RANK = {"available": 0, "conditional": 1, "active": 2}

_CORRECTABLE: frozenset[ChangeType] = frozenset(
    {
        "replaced", "entity_changed", "relocated", "data_changed", "transfer_changed", "purpose_changed",
        "condition_changed", "renamed", "safeguards_changed", "certifications_changed", "category_changed",
        "details_changed",
    }
)  # fmt: skip
"""Types reported as ``corrected`` in a correction."""


def type_of(change: FieldDelta, reason: ReasonKind) -> ChangeType:
    """Return the type of a change to one field."""
    if _is_reordered(change.before, change.after):
        return "reordered"
    if reason == "editorial" and is_reworded(change):
        return "editorial"
    rule = _TYPE_RULES.get(change.name)
    found = (rule and rule(change.before, change.after)) or change_of(change.kind, change.name)
    return "corrected" if reason == "correction" and found in _CORRECTABLE else found


def is_reworded(change: FieldDelta) -> bool:
    """Return whether a change affects wording only, so that an editorial version may make it.

    Stating something for the first time, removing it, and adding or removing a list item are not wording.
    """
    before, after = change.before, change.after
    if change.name == "locations" and before is not None and after is not None:
        return bool(_without_text(before) == _without_text(after))
    if is_empty(before) or is_empty(after) or not is_wording(change.kind, change.name):
        return False
    return not isinstance(after, tuple) or len(before) == len(after)


def is_empty(value: object) -> bool:
    """Return whether a value is ``None``, an empty text or an empty list."""
    return value is None or (isinstance(value, str | tuple | dict) and not value)


def is_unstated(kind: type[msgspec.Struct], name: str, value: object) -> bool:
    """Return whether a field is not stated: ``None``, or empty if it cannot be ``None``."""
    return value is None if shapes(kind)[name].is_optional else is_empty(value)


def _type_of_locations(before: tuple[Location, ...] | None, after: tuple[Location, ...] | None) -> ChangeType:
    """Return the type of a change of locations.

    ``relocated``: a country, place, default or activity was added or removed. ``condition_changed``: only the
    conditions of use changed. ``details_changed``: only the text changed, or a place is named for the first
    time.
    """
    before, after = before or (), after or ()
    if _where(before, after) != _where(after, before):
        return "relocated"
    older, newer = (Counter((item.country, item.conditions) for item in side) for side in (before, after))
    return "condition_changed" if older != newer else "details_changed"


def _where(locations: tuple[Location, ...], others: tuple[Location, ...]) -> Counter[Any]:
    """Count activities by location; a place is ignored in a country where one side names none."""
    unnamed = {item.country for item in (*locations, *others) if item.place is None}
    return Counter(
        (
            item.country,
            None if item.country in unnamed else item.place,
            item.is_default,
            frozenset(item.activities),
        )
        for item in locations
    )


def _without_text(locations: tuple[Location, ...]) -> Counter[Location]:
    return Counter(msgspec.structs.replace(location, text=None) for location in locations)


def _is_reordered(before: object, after: object) -> bool:
    """Return whether two lists have the same members in another order."""
    if isinstance(before, ProductScope) and isinstance(after, ProductScope):
        return before.all == after.all and _is_reordered(before.ids, after.ids)
    if not isinstance(before, tuple) or not isinstance(after, tuple):
        return False
    return len(before) == len(after) and Counter(before) == Counter(after)


_TYPE_RULES: Mapping[str, Callable[[Any, Any], ChangeType | None]] = {
    # Stating an identity for the first time does not change it.
    **dict.fromkeys(("legal_name", "seat"), lambda old, _: "details_changed" if old is None else None),
    "status": lambda old, new: "activated" if _STATUS_RANK[new] > _STATUS_RANK[old] else "deactivated",
    "locations": _type_of_locations,
    "replaces": lambda old, new: "replaced" if set(new) - set(old) else "details_changed",
    # Withdrawal is reported once; another reason for it is a detail.
    "withdrawn": lambda old, new: None if old is None else "added" if new is None else "details_changed",
    "ends_on": lambda old, _: "ended" if old is None else None,
}
"""Fields whose type of change depends on their values."""
