"""What was found to differ, typed but not yet told: the step between deltas and changes."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import Generic, TypeVar

import msgspec

from register_api.core.announcements import fresh_plans
from register_api.core.calendar import local_day
from register_api.core.diff.changes import ChangeType
from register_api.core.diff.deltas import Deltas, EntryPath, FieldDelta, Key, between, keyed
from register_api.core.model import (
    Engagement,
    PlannedChange,
    ReasonKind,
    Register,
    Subprocessor,
)
from register_api.core.planned_changes import vendor_on, without

EntryKind = type[msgspec.Struct]

T_co = TypeVar("T_co", covariant=True)


class Pair(msgspec.Struct, Generic[T_co], frozen=True):
    """One thing in the older and the newer register; ``None`` where it does not exist."""

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


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of one entry whose change is of one type, or an entry that came or went.

    Attributes:
        place: The entry, for entries of the register itself; ``()`` below sub-processors.
        record: The entry that the fields belong to.
        planned: The planned change that brings it, or that is cancelled or moved.
        fields: Fields that differ, of the engagement if there is one; of an entry that came or went all
            that say something.
        vendor_fields: Fields of the vendor that are told together with those of its engagement.
    """

    type: ChangeType
    record: Pair[msgspec.Struct]
    place: EntryPath = ()
    vendor: Pair[Subprocessor] | None = None
    engagement: Pair[Engagement] | None = None
    planned: Pair[PlannedChange] | None = None
    fields: tuple[FieldDelta, ...] = ()
    vendor_fields: tuple[FieldDelta, ...] = ()


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One field that was empty everywhere and is filled everywhere.

    Attributes:
        level: Whose field it is.
        rows: The entries and what they say now, in reading order.
    """

    type: ChangeType
    level: EntryKind
    name: str
    rows: tuple[Difference, ...]


class Reorder(msgspec.Struct, frozen=True, kw_only=True):
    """A list of which entries that stayed stand in another order, by id."""

    place: EntryPath
    before: tuple[str, ...]
    after: tuple[str, ...]
    vendor: Pair[Subprocessor] | None = None
    type: ChangeType = "reordered"


class Comparison:
    """Two registers side by side, with what every judgement about them needs.

    Both are compared as they hold on the day on which the newer one is published. Planned changes that
    the newer one announces are left out of that: they are compared as entries of their own. So neither
    folding a planned change nor its taking effect is a difference.

    Attributes:
        older: The older register as it holds on that day, or ``None`` before the first.
        newer: The newer register, likewise.
        said: The vendors of the newer register by id, as it says them.
        day: The publisher's local day of the newer one's publication.
        zone: The publisher's time zone.
        reason: Why the newer one was published. Where versions lie between the two it speaks for
            the last step only, so that the whole counts as a ``change``.
        deltas: How the two differ.
    """

    def __init__(self, older: Register | None, newer: Register, zone: dt.tzinfo) -> None:
        self.day = local_day(newer.published_at, zone)
        self.zone = zone
        self.reason: ReasonKind = newer.reason.kind if _adjacent(older, newer) else "change"
        known = {vendor.id: vendor for vendor in older.subprocessors} if older else {}
        fresh = {item.id: fresh_plans(known.get(item.id), item) for item in newer.subprocessors}
        self.said = {vendor.id: vendor for vendor in newer.subprocessors}
        self.older = older and _holding(older, self.day, {})
        self.newer = _holding(newer, self.day, fresh)
        self.deltas: Deltas = between(self.older, self.newer)

    @cached_property
    def vendors(self) -> dict[Key, Pair[Subprocessor]]:
        """Every vendor of either register by key, in the newer reading order, those that went last."""
        before = keyed(self.older.subprocessors) if self.older else {}
        after = keyed(self.newer.subprocessors)
        return {key: Pair(before.get(key), after.get(key)) for key in after | before}


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


def _adjacent(older: Register | None, newer: Register) -> bool:
    if older is None or newer.previous is None:
        return True
    return newer.previous.version == older.version
