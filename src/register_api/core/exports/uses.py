"""The rows of the exports: each use of a sub-processor at each of its places, as of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import msgspec

from register_api.core.bitemporal import EngagementState
from register_api.core.calendar import local_day
from register_api.core.countries import is_in_eea
from register_api.core.model import Category, Location, Register, Transfer
from register_api.core.third_countries import OPENLY_UNSTATED, without_mechanism


class UseAtPlace(msgspec.Struct, frozen=True, kw_only=True):
    """One row: a use at one of its places.

    Attributes:
        register: The version that says it.
        on: The day that it is given for, in the publisher's time zone.
        held: The use as it holds on that day, with its vendor and where it stands.
        category: The group that it belongs to; ``None`` where the register does not have it.
        announced_on: Day of the announcement, in the publisher's time zone.
        number: Number of the place among those of the use, from 1; 0 where none is stated.
        location: The place; ``None`` where none is stated.
    """

    register: Register
    on: dt.date
    held: EngagementState
    category: Category | None
    announced_on: dt.date
    number: int
    location: Location | None

    @property
    def safeguards(self) -> tuple[str, ...] | None:
        """Safeguards of the whole category and of the use; ``None`` if not stated."""
        of_all = self.category.safeguards if self.category else ()
        own = self.held.engagement.safeguards
        return (*of_all, *own) if own is not None else of_all or None

    @property
    def in_eea(self) -> bool | None:
        """Whether the place lies in the EEA; ``None`` where that is left open."""
        if self.location is None or self.location.country == "varies":
            return None
        return is_in_eea(self.location.country)

    @property
    def transfers(self) -> tuple[Transfer, ...] | None:
        """What processing at this place rests on (GDPR Chapter V).

        ``unstated`` stands where a mechanism is needed and none is stated. ``None``: no place is stated, it
        lies in the EEA, or no personal data is processed.
        """
        place, use = self.location, self.held.engagement
        if place is None or use.data_scope == () or is_in_eea(place.country):
            return None
        if place.country in without_mechanism(use):
            return (Transfer(destination=place.country, mechanism=OPENLY_UNSTATED),)
        reach = {place.country, "worldwide"}
        return tuple(item for item in use.transfers or () if item.destination in reach)

    @property
    def planned_on(self) -> tuple[dt.date, ...]:
        """Days after that of the row on which something planned for the vendor or the use takes effect."""
        planned = (*self.held.vendor.planned, *self.held.engagement.planned)
        days = {item.effective_on for item in planned if item.cancelled is None}
        return tuple(sorted(day for day in days if day > self.on))


def uses_at_places(
    register: Register, states: Iterable[EngagementState], on: dt.date, zone: dt.tzinfo
) -> Iterator[UseAtPlace]:
    """Yield a row for each place of each use, and one for a use of which no place is stated.

    Args:
        register: The version that says it.
        states: Uses as they hold on the day (``core.bitemporal``).
        on: That day, in the publisher's time zone.
        zone: That time zone.
    """
    categories = {item.id: item for item in register.categories}
    for held in states:
        places: list[tuple[int, Location | None]] = [*enumerate(held.engagement.locations or (), start=1)]
        for number, location in places or [(0, None)]:
            yield UseAtPlace(
                register=register,
                on=on,
                held=held,
                category=categories.get(held.engagement.category),
                announced_on=local_day(held.engagement.announced.at, zone),
                number=number,
                location=location,
            )
