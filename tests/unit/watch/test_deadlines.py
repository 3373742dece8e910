"""Deadlines against plain arithmetic on dates, over many random contracts."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import holidays
import pytest

import sample_register
from register_api.core.instant import local_day
from register_api.core.notice_period import NoticeStatus
from register_api.watch.news import Deadline, breaks_contract, deadline
from register_api.watch.vendors import Vendor

if TYPE_CHECKING:
    from register_api.core.changes import Change, ChangeType

BERLIN = ZoneInfo("Europe/Berlin")
CONTRACTS = 10_000
OFF = {place: holidays.country_holidays(*place.split("-")) for place in ("DE", "DE-BE", "US", "JP")}


def announced(
    type_: ChangeType = "added", on: dt.date | None = dt.date(2026, 1, 1), **said: object
) -> Change:
    notice = NoticeStatus(**{"required": False, "announced_on": on, **said})  # type: ignore[arg-type]
    return sample_register.change(1, type_, "", notice=notice)


def day_in_berlin(instant: dt.datetime) -> dt.date:
    """Return the day of an instant by the rule of Directive 2000/84/EC."""

    def turn(month: int) -> dt.datetime:
        last = dt.datetime(instant.year, month, 31, 1, tzinfo=dt.UTC)
        return last - dt.timedelta(days=last.isoweekday() % 7)

    summer = turn(3) <= instant < turn(10)
    return (instant + dt.timedelta(hours=2 if summer else 1)).date()


def counted(begins: dt.date, days: int, counting: str, place: str) -> dt.date:
    """Count one day after the other."""
    day = begins
    while days:
        day = dt.date.fromordinal(day.toordinal() + 1)
        is_off = day.isoweekday() > 5 or (place != "" and day in OFF[place])
        days -= counting == "calendar" or not is_off
    return day


def instants(chance: random.Random) -> dt.datetime:
    """Draw an instant, often within hours of a change of clocks or the end of a year."""
    year = chance.randint(2020, 2036)
    around = chance.choice([(3, 26), (3, 31), (10, 26), (10, 31), (12, 31), (2, 28), (6, 1)])
    start = dt.datetime(year, *around, 12, tzinfo=dt.UTC)
    return start + dt.timedelta(seconds=chance.randint(-6 * 86_400, 6 * 86_400))


def test_deadlines_of_random_contracts_are_those_of_plain_arithmetic() -> None:
    chance = random.Random(17)  # noqa: S311 - examples, no secret
    kinds = set()
    for _ in range(CONTRACTS):
        published = instants(chance)
        seen = published + dt.timedelta(seconds=chance.randint(0, 10 * 86_400))
        place = chance.choice(["", *OFF])
        vendor = Vendor(
            id="x",
            name="X",
            objection_days=chance.choice([None, 0, 1, 5, 10, 14, 30, 60, 400]),
            counting=chance.choice(["calendar", "business"]),
            counts_from=chance.choice(["announced", "seen"]),
        )
        promised = chance.choice([None, published.date() + dt.timedelta(days=chance.randint(0, 60))])
        found = deadline(
            announced(objection_until=promised),
            vendor,
            seen_on=local_day(seen, BERLIN),
            announced_on=local_day(published, BERLIN),
            holidays=place,
        )
        begins = day_in_berlin(published if vendor.counts_from == "announced" else seen)
        ours = (
            None
            if vendor.objection_days is None
            else counted(begins, vendor.objection_days, vendor.counting, place)
        )
        days = [day for day in (ours, promised) if day is not None]
        assert (found.day if found else None) == min(days, default=None)
        if found is not None:
            assert {"contract": ours, "register": promised}[found.of] == found.day
        kinds.add((found and found.of, vendor.counting, vendor.counts_from))
    assert len(kinds) == 3 * 2 * 2


DAY = dt.date(2026, 12, 18)


def asked(change: Change, **contract: object) -> Deadline | None:
    vendor = Vendor(id="x", name="X", **{"objection_days": 10, **contract})  # type: ignore[arg-type]
    return deadline(change, vendor, seen_on=DAY, announced_on=DAY, holidays="DE")


@pytest.mark.parametrize(
    ("change", "contract", "day"),
    [
        (announced("added"), {}, "2026-12-28"),
        (announced("added"), {"counting": "business"}, "2027-01-05"),
        (announced("purpose_changed"), {}, None),
        (announced("purpose_changed", required=True), {}, "2026-12-28"),
        (announced("ended"), {}, None),
        (announced("added", on=None), {}, None),  # in use when the first version came
        (announced("added"), {"objection_days": None}, None),
        (announced("ended", objection_until=DAY), {}, "2026-12-18"),
    ],
)
def test_what_has_a_deadline(change: Change, contract: dict[str, object], day: str | None) -> None:
    found = asked(change, **contract)
    assert (found and found.day.isoformat()) == day


def test_a_deadline_beyond_the_calendar_is_none() -> None:
    vendor = Vendor(id="x", name="X", objection_days=3650)
    last = dt.date(9999, 12, 1)
    assert deadline(announced(), vendor, seen_on=last, announced_on=last, holidays="") is None


@pytest.mark.parametrize(
    ("change", "contract", "broken"),
    [
        (announced(effective_on=dt.date(2027, 1, 17)), {}, False),
        (announced(effective_on=dt.date(2027, 1, 16)), {}, True),
        (announced(effective_on=dt.date(2027, 1, 16)), {"notice_days": None}, False),
        (announced(effective_on=dt.date(2027, 1, 16)), {"notice_days": 20, "counting": "business"}, True),
        (announced(effective_on=dt.date(2027, 1, 19)), {"notice_days": 20, "counting": "business"}, False),
        (announced(), {}, False),  # available, and not engaged
        (announced(required=True), {}, True),
        (announced("purpose_changed", effective_on=DAY), {}, False),
        (announced(on=None, effective_on=DAY), {}, False),
    ],
)
def test_what_starts_before_the_contract_allows_breaks_it(
    change: Change, contract: dict[str, object], *, broken: bool
) -> None:
    """Thirty days after 18 December, or so many business days with New Year among them."""
    vendor = Vendor(id="x", name="X", **{"notice_days": 30, **contract})  # type: ignore[arg-type]
    assert breaks_contract(change, vendor, announced_on=DAY, holidays="DE") is broken
