"""Until when to object: the earlier of what the register promises and what the contract says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

import holidays as public_holidays

from register_api.core.calendar import later_day
from register_api.core.diff.change_notice import ANNOUNCED_BY

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.model import DayCount
    from register_api.core.notice import NoticeStatus
    from register_api.watch.vendors import Vendor

_BUSINESS_DAYS_A_YEAR = 200
"""Fewer than any calendar has."""


class Deadline(NamedTuple):
    """The last day to object.

    Attributes:
        of: Who sets it: the ``register``, in the publisher's time zone, or the ``contract``, in ours.
    """

    day: dt.date
    of: Literal["register", "contract"]


class Noticed(Protocol):
    """What a deadline is asked of: a change, or an event that lies ahead."""

    @property
    def type(self) -> str:
        """Type of the change."""

    @property
    def notice(self) -> NoticeStatus:
        """What the notice promise says of it."""


class ContractDays(NamedTuple):
    """How a contract counts days, in the years that are needed."""

    day_count: DayCount
    holidays: tuple[dt.date, ...]


def deadline(
    what: Noticed, vendor: Vendor, *, seen_on: dt.date, announced_on: dt.date, holidays: str
) -> Deadline | None:
    """Return the last day to object to something; ``None`` where nobody sets one.

    Args:
        what: What was announced.
        vendor: The vendor, with what the contract says.
        seen_on: Day in our time zone on which we first saw it.
        announced_on: Day in our time zone on which it was published.
        holidays: Whose public holidays are no business days: ``DE``, ``DE-BE``, or an empty text.
    """
    of_register = what.notice.objection_until
    of_contract = _contract_day(what, vendor, seen_on, announced_on, holidays)
    if of_contract is not None and (of_register is None or of_contract <= of_register):
        return Deadline(of_contract, "contract")
    return None if of_register is None else Deadline(of_register, "register")


def _contract_day(
    what: Noticed, vendor: Vendor, seen_on: dt.date, announced_on: dt.date, holidays: str
) -> dt.date | None:
    """Return the day that the contract gives; what a first version already has in use was no announcement."""
    is_announcement = what.notice.required or (
        what.type in ANNOUNCED_BY and what.notice.announced_on is not None
    )
    if vendor.objection_days is None or not is_announcement:
        return None
    begins = announced_on if vendor.counts_from == "announced" else seen_on
    counted = contract_days(vendor.counting, begins, vendor.objection_days, holidays)
    try:
        return later_day(begins, vendor.objection_days, counted)
    except OverflowError:
        return None


def contract_days(counting: DayCount, begins: dt.date, days: int, holidays: str) -> ContractDays:
    """Return how days are counted from a day on, with the holidays of all years that this can reach."""
    if counting == "calendar" or not holidays:
        return ContractDays(counting, ())
    country, _, part = holidays.partition("-")
    years = range(begins.year, begins.year + days // _BUSINESS_DAYS_A_YEAR + 2)
    found = public_holidays.country_holidays(country, subdiv=part or None, years=years)
    return ContractDays(counting, tuple(found))
