"""Who leaves, who stays and who arrives between the newest version and a source, not yet explained."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Literal

import msgspec

from register_api.core.model import Draft, EngagementSource, Register, Subprocessor, SubprocessorSource
from register_api.core.similarity import identifiers_of, normalise_name
from register_api.core.timeline import PAST, state_on

Vendor = Subprocessor | SubprocessorSource
Fate = Literal["over", "stays", "vanished", "withdrawn", "ended"]
"""What becomes of a vendor: it was over before, it stays, or it leaves in one of three ways."""

LEAVING: frozenset[Fate] = frozenset({"vanished", "withdrawn", "ended"})

_COMMON = 8
"""What more newcomers than that share (a group's number, a host of many) tells none of them apart."""


class KnownVendor(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor that was published.

    Attributes:
        before: As published.
        after: As the source says it; ``None`` where no file says it any more.
        fate: What becomes of it.
        on: The day on which it leaves: the last ``ends_on``, else the day of publication.
    """

    before: Subprocessor
    after: SubprocessorSource | None
    fate: Fate
    on: dt.date


class Arriving(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor of the source that was not published before, or has engagements that were not.

    Attributes:
        vendor: As the source says it.
        used_for: The new engagements that are more than available and not over.
        is_new: Whether the vendor itself was not published before.
    """

    vendor: SubprocessorSource
    used_for: tuple[EngagementSource, ...]
    is_new: bool


class VendorComparison(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody of whom something may be proposed.

    Attributes:
        day: Local day on which the source would be published.
        known: Who was published, but for those who leave and whom another vendor newly names as its past.
        arriving: New vendors and vendors with a new engagement, but for those who newly name their past.
    """

    day: dt.date
    known: tuple[KnownVendor, ...]
    arriving: tuple[Arriving, ...]

    def without(self, ids: Iterable[str]) -> VendorComparison:
        """Return the scene without some vendors."""
        gone = frozenset(ids)
        return VendorComparison(
            day=self.day,
            known=tuple(item for item in self.known if item.before.id not in gone),
            arriving=tuple(item for item in self.arriving if item.vendor.id not in gone),
        )

    def pairs(self, fits: Callable[[KnownVendor, Arriving], bool]) -> Iterator[tuple[KnownVendor, Arriving]]:
        """Yield who was known with the one who arrives and fits, where neither fits anybody else.

        Only vendors that have something telling in common are compared.
        """
        sharing: dict[Hashable, list[Arriving]] = defaultdict(list)
        for other in self.arriving:
            for trait in _traits(other.vendor):
                sharing[trait].append(other)
        found = {
            (one.before.id, other.vendor.id): (one, other)
            for one in self.known
            for trait in _traits(one.before)
            if len(sharing[trait]) <= _COMMON
            for other in sharing[trait]
            if fits(one, other)
        }
        ones, others = Counter(one for one, _ in found), Counter(other for _, other in found)
        yield from (pair for (one, other), pair in found.items() if ones[one] == others[other] == 1)


def compare_vendors(previous: Register, draft: Draft, day: dt.date) -> VendorComparison:
    """Compare a source with the newest version."""
    before = {vendor.id: vendor for vendor in previous.subprocessors}
    after = {vendor.id: vendor for vendor in draft.subprocessors}
    told = _past(*after.values()) - _past(*before.values())
    known = [_known(vendor, after.get(vendor.id), day) for vendor in before.values()]
    arriving = [_arriving(before.get(vendor.id), vendor, day) for vendor in after.values()]
    return VendorComparison(
        day=day,
        known=tuple(item for item in known if item.fate not in LEAVING or item.before.id not in told),
        arriving=tuple(item for item in arriving if item is not None),
    )


def _past(*vendors: Vendor) -> set[str]:
    """Return who is said to be replaced, merged into another, or split."""
    named = (name for item in vendors for name in (*item.replaces, *item.merged_from, item.split_from))
    return {name for name in named if name is not None}


def _known(before: Subprocessor, after: SubprocessorSource | None, day: dt.date) -> KnownVendor:
    fate, on = _fate(before, after, day), day
    if after is not None and fate == "ended":
        on = max((item.ends_on for item in after.engagements if item.ends_on is not None), default=day)
    return KnownVendor(before=before, after=after, fate=fate, on=on)


def _fate(before: Subprocessor, after: SubprocessorSource | None, day: dt.date) -> Fate:
    if after is None:
        return "vanished"
    states = [state_on(before, item, day) for item in before.engagements]
    if before.withdrawn is not None or (states and PAST.issuperset(states)):
        return "over"
    if after.withdrawn is not None:
        return "withdrawn"
    closes = any(map(is_open, before.engagements)) and not any(map(is_open, after.engagements))
    return "ended" if closes else "stays"


def is_open(engagement: EngagementSource) -> bool:
    """Tell whether an engagement is more than available and has no end."""
    return engagement.status != "available" and engagement.ends_on is None


def _arriving(before: Subprocessor | None, after: SubprocessorSource, day: dt.date) -> Arriving | None:
    known = {item.id for item in before.engagements} if before else set()
    new = tuple(
        item
        for item in after.engagements
        if item.id not in known and state_on(after, item, day) in {"announced", "in_force"}
    )
    explains_itself = after.withdrawn or _past(after) - (_past(before) if before else set())
    if explains_itself or (before is not None and not new):
        return None
    return Arriving(vendor=after, used_for=new, is_new=before is None)


def _traits(vendor: Vendor) -> set[Hashable]:
    uses = {
        use for item in vendor.engagements for use in (item.category, ("purpose", item.purpose.casefold()))
    }
    return {normalise_name(vendor.name), *identifiers_of(vendor), *uses}
