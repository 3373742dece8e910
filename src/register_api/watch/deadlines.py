"""Until when to object: the earlier of what the register promises and what the contract says."""

from __future__ import annotations

import datetime as dt
from typing import Literal, NamedTuple, Protocol

import holidays as public_holidays

from register_api.core.calendar import later_day
from register_api.core.diff.changes import ANNOUNCED_BY
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
    """Return the last day to object to something; ``None`` where nobody sets one."""
    of_register = what.notice.objection_until
    begins = announced_on if vendor.counts_from == "announced" else seen_on
    of_contract = _later(begins, vendor.objection_days, vendor, holidays) if _is_announced(what) else None
    if of_contract is not None and (of_register is None or of_contract <= of_register):
        return Deadline(of_contract, "contract")
    return None if of_register is None else Deadline(of_register, "register")


def breaks_contract(what: Noticed, vendor: Vendor, *, announced_on: dt.date, holidays: str) -> bool:
    """Tell whether something starts before the days of notice that the contract asks for are over."""
    earliest = _later(announced_on, vendor.notice_days, vendor, holidays) if _is_announced(what) else None
    starts_on = what.notice.effective_on or (announced_on if what.notice.required else None)
    return earliest is not None and starts_on is not None and starts_on < earliest


def _is_announced(what: Noticed) -> bool:
    """Tell whether the contract's days are counted; what a first version has in use was not announced."""
    return what.notice.required or (what.type in ANNOUNCED_BY and what.notice.announced_on is not None)


def _later(begins: dt.date, days: int | None, vendor: Vendor, holidays: str) -> dt.date | None:
    if days is None:
        return None
    try:
        return later_day(begins, days, contract_days(vendor.counting, begins, days, holidays))
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


def is_place(holidays: str) -> bool:
    """Tell whether the public holidays of a place are known."""
    try:
        contract_days("business", dt.date(2026, 1, 1), 0, holidays)
    except NotImplementedError:
        return False
    return True
