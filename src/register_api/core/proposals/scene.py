"""Who leaves, who arrives and who stays between the newest version and a source, not yet explained."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.core.model import EngagementSource, Subprocessor, SubprocessorSource
from register_api.core.timeline import PAST, state_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from register_api.core.model import Draft, Register

How = Literal["vanished", "withdrawn", "ended"]


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor that was used and, by the source, is to be used no more.

    Attributes:
        before: As published.
        after: As the source says it; ``None`` where no file says it any more.
        on: The day on which it leaves: the last ``ends_on``, else the day of publication.
    """

    before: Subprocessor
    after: SubprocessorSource | None
    how: How
    on: dt.date


class Arriving(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor with engagements that were not published before.

    Attributes:
        vendor: As the source says it.
        used_for: The new engagements that are more than available and not over.
        is_new: Whether the vendor itself was not published before.
    """

    vendor: SubprocessorSource
    used_for: tuple[EngagementSource, ...]
    is_new: bool


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor of both, before and after."""

    before: Subprocessor
    after: SubprocessorSource


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """Everybody, by what happens to them.

    Attributes:
        day: Local day on which the source would be published.
        leaving: Vendors that leave; whom another vendor newly names as replaced or merged is not here.
        arriving: New vendors that name no other, and vendors with a new engagement.
        kept: Vendors of both that neither leave nor were over before.
        past: Vendors of both that were over before.
    """

    day: dt.date
    leaving: tuple[Leaving, ...]
    arriving: tuple[Arriving, ...]
    kept: tuple[Kept, ...]
    past: tuple[Kept, ...]

    @property
    def newcomers(self) -> tuple[Arriving, ...]:
        """Vendors that were not published before."""
        return tuple(item for item in self.arriving if item.is_new)

    def without(self, ids: Collection[str]) -> Scene:
        """Return the scene without vendors of which something is proposed already."""
        return Scene(
            day=self.day,
            leaving=tuple(item for item in self.leaving if item.before.id not in ids),
            arriving=tuple(item for item in self.arriving if item.vendor.id not in ids),
            kept=tuple(item for item in self.kept if item.before.id not in ids),
            past=self.past,
        )


def look(previous: Register, draft: Draft, day: dt.date) -> Scene:
    """Compare a source with the newest version.

    Args:
        previous: The newest version.
        draft: The source, which may break rules.
        day: Local day on which it would be published.
    """
    before = {vendor.id: vendor for vendor in previous.subprocessors}
    after = {vendor.id: vendor for vendor in draft.subprocessors}
    told = set(_named(after.values())) - set(_named(before.values()))
    leaving = [_leaving(vendor, after.get(vendor.id), day) for vendor in before.values()]
    gone = {item.before.id for item in leaving if item is not None}
    both = [Kept(before=before[id_], after=after[id_]) for id_ in before if id_ in after and id_ not in gone]
    return Scene(
        day=day,
        leaving=tuple(item for item in leaving if item is not None and item.before.id not in told),
        arriving=tuple(_arriving(before, after.values(), day)),
        kept=tuple(item for item in both if not is_over(item.before, day)),
        past=tuple(item for item in both if is_over(item.before, day)),
    )


def is_over(vendor: Subprocessor | SubprocessorSource, day: dt.date) -> bool:
    """Tell whether nothing is left of a vendor on a day: all its engagements ended, or it was withdrawn."""
    states = [state_on(vendor, item, day) for item in vendor.engagements]
    return vendor.withdrawn is not None or (bool(states) and PAST.issuperset(states))


def _named(vendors: Iterable[Subprocessor | SubprocessorSource]) -> Iterator[str]:
    """Yield who is said to be replaced, merged into another, or split."""
    for vendor in vendors:
        yield from (*vendor.replaces, *vendor.merged_from)
        if vendor.split_from is not None:
            yield vendor.split_from


def _leaving(before: Subprocessor, after: SubprocessorSource | None, day: dt.date) -> Leaving | None:
    if is_over(before, day):
        return None
    if after is None:
        return Leaving(before=before, after=None, how="vanished", on=day)
    if after.withdrawn is not None:
        return Leaving(before=before, after=after, how="withdrawn", on=day)
    if not any(map(_is_open, before.engagements)) or any(map(_is_open, after.engagements)):
        return None
    ends = [item.ends_on for item in after.engagements if item.ends_on is not None]
    return Leaving(before=before, after=after, how="ended", on=max(ends, default=day))


def _is_open(engagement: EngagementSource) -> bool:
    return engagement.status != "available" and engagement.ends_on is None


def _arriving(
    before: dict[str, Subprocessor], after: Iterable[SubprocessorSource], day: dt.date
) -> Iterator[Arriving]:
    for vendor in after:
        published = before.get(vendor.id)
        known = {item.id for item in published.engagements} if published else set()
        new = tuple(
            item
            for item in vendor.engagements
            if item.id not in known and state_on(vendor, item, day) in {"announced", "in_force"}
        )
        explains_itself = vendor.withdrawn or set(_named([vendor])) - set(
            _named([published] if published else [])
        )
        if not explains_itself and (published is None or new):
            yield Arriving(vendor=vendor, used_for=new, is_new=published is None)
