"""Histories in memory whose starts, ends, planned changes and deadlines are close together."""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, get_args

import msgspec
from hypothesis import strategies as st

from register_api.core import model
from register_api.core.notice_period import Promises, promises_of
from strategies import ZONES, registers

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

START = dt.datetime(2009, 10, 30, tzinfo=dt.UTC)
"""A time shortly before the first version is published."""


def days_from(first: int, last: int) -> st.SearchStrategy[dt.date]:
    """Draw days by their distance from the beginning of the history."""
    return st.integers(first, last).map(lambda days: START.date() + dt.timedelta(days=days))


class Stored:
    """Versions in memory, with the interface of the service's archive."""

    def __init__(self, versions: list[model.Register], zone: ZoneInfo) -> None:
        self.versions = versions
        self.zone = zone
        self.name = "example.com/sub-processors"
        self.newest = len(versions)
        self.published = [register.published_at for register in versions]

    def register(self, version: int) -> model.Register:
        return self.versions[version - 1]

    def sha256(self, version: int) -> str:
        return f"{version:064}"

    @cached_property
    def promises(self) -> Promises:
        return promises_of(self.versions, self.zone)


@st.composite
def histories(draw: st.DrawFn, min_size: int = 0) -> Stored:
    """Draw up to four versions, minutes or days apart."""
    drawn = draw(st.lists(registers(), min_size=min_size, max_size=4))
    gaps = st.integers(1, 3000).map(lambda minutes: dt.timedelta(minutes=minutes))
    at, versions = START, []
    for number, register in enumerate(drawn, start=1):
        at += draw(gaps)
        vendors = tuple(_near(draw, vendor) for vendor in register.subprocessors)
        versions.append(
            msgspec.structs.replace(register, version=number, published_at=at, subprocessors=vendors)
        )
    return Stored(versions, draw(st.sampled_from(ZONES)))


def _near(draw: st.DrawFn, vendor: model.Subprocessor) -> model.Subprocessor:
    """Return a vendor with dates and planned changes within the days of the history."""
    day = st.none() | days_from(-3, 12)
    uses = tuple(
        msgspec.structs.replace(
            use,
            starts_on=draw(day),
            ends_on=draw(day),
            announced=_announced(draw, use.announced),
            planned=(*use.planned, *_changes_of_status(draw, use.announced)),
        )
        for use in vendor.engagements
    )
    return msgspec.structs.replace(vendor, engagements=uses)


def _announced(draw: st.DrawFn, announced: model.Announced) -> model.Announced:
    until = draw(st.none() | days_from(-3, 12))
    return msgspec.structs.replace(announced, required=until is not None, objection_until=until)


def _changes_of_status(draw: st.DrawFn, announced: model.Announced) -> list[model.PlannedChange]:
    """Draw planned changes of an engagement's status."""
    cancelled = (
        st.none() | st.none() | st.just(model.Cancelled(reason="No longer needed.", announced=announced))
    )
    number = draw(st.integers(0, 2))
    return [
        model.PlannedChange(
            id=f"status-{index}",
            effective_on=draw(days_from(-3, 12)),
            set={"status": draw(st.sampled_from(get_args(model.Status)))},
            announced=_announced(draw, announced),
            cancelled=draw(cancelled),
        )
        for index in range(number)
    ]
