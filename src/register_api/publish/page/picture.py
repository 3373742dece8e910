"""The timeline as a picture: announced, in use, ended, one lane for each use.

The axis covers the day of the newest version and the days in the register, never today, so that the picture
stays true when viewed later. The table around it is its text alternative.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from register_api.core.instant import local_day
from register_api.core.model import Engagement, Subprocessor
from register_api.core.timeline import engagement_on, with_change
from register_api.publish.page.view import PageView

MAX_LANES = 50
"""Maximum number of uses in one picture; those with the newest dates are chosen."""

_MAX_TICKS = 4
_STEPS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 12_000)
"""Candidate distances between ticks, in months; the first that gives few enough ticks is used."""


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One use with its days; ``ends_on`` is the first day without it; ``None``: not known or not planned."""

    vendor: Subprocessor
    engagement: Engagement
    announced_on: dt.date | None
    starts_on: dt.date | None
    ends_on: dt.date | None
    changes: tuple[dt.date, ...] = ()

    @property
    def days(self) -> tuple[dt.date, ...]:
        """All days that the lane displays."""
        named = (self.announced_on, self.starts_on, self.ends_on)
        return (*(day for day in named if day is not None), *self.changes)


class Bar(msgspec.Struct, frozen=True):
    """A segment of a lane, ``announced`` or ``in_use``, with its position and length in percent."""

    kind: str
    begin: float
    length: float


class Tick(msgspec.Struct, frozen=True):
    """The first of a month on the axis, and its position in percent."""

    day: dt.date
    at: float


class DrawnLane(msgspec.Struct, frozen=True, kw_only=True):
    """A lane with its bars, and the positions of its changes in percent."""

    lane: Lane
    bars: tuple[Bar, ...]
    changes: tuple[float, ...]


class Picture(msgspec.Struct, frozen=True):
    """Lanes on a common axis."""

    lanes: tuple[DrawnLane, ...]
    ticks: tuple[Tick, ...]


def picture(view: PageView, vendors: Iterable[Subprocessor]) -> Picture | None:
    """Draw the uses of vendors that have any date; ``None`` if there are none."""
    dated = [lane for vendor in vendors for lane in _lanes(view, vendor) if lane.days]
    lanes = sorted(dated, key=lambda lane: (max(lane.days), lane.vendor.id), reverse=True)[:MAX_LANES]
    if not lanes:
        return None
    published = local_day(view.register.published_at, view.promises.zone)
    axis = _Axis([published, *(day for lane in lanes for day in lane.days)])
    return Picture(tuple(axis.drawn(lane) for lane in lanes), axis.ticks())


def _lanes(view: PageView, vendor: Subprocessor) -> Iterator[Lane]:
    if vendor.withdrawn is not None:
        return
    for use in vendor.engagements:
        changes = sorted(
            (item for item in use.planned if item.cancelled is None), key=lambda item: item.effective_on
        )
        of_status = next((change for change in changes if "status" in change.set), None)
        activated = of_status if use.status == "available" else None
        if use.status == "available" and activated is None:
            continue
        used = with_change(use, activated) if activated else use
        announced = activated.announced if activated else use.announced
        before = announced.version == 1 and used.starts_on is None
        dropped = of_status if of_status and of_status.set["status"] == "available" else None
        ends_on = dropped.effective_on if dropped else engagement_on(use, dt.date.max).ends_on
        yield Lane(
            vendor=vendor,
            engagement=use,
            announced_on=None if before else local_day(announced.at, view.promises.zone),
            starts_on=used.starts_on,
            ends_on=used.starts_on if use.cancelled else ends_on,
            changes=tuple(item.effective_on for item in changes if item not in (activated, dropped)),
        )


def _first_of_month(day: dt.date, months: int = 0) -> dt.date:
    index = day.year * 12 + day.month - 1 + months
    return dt.date(min(index // 12, dt.MAXYEAR), index % 12 + 1, 1)


class _Axis:
    def __init__(self, days: Sequence[dt.date]) -> None:
        self._first = _first_of_month(min(days))
        self._last = _first_of_month(max(days), 2)

    def at(self, day: dt.date) -> float:
        """Return the position of a day, in percent of the width."""
        share = (day - self._first).days / ((self._last - self._first).days or 1)
        return round(100 * min(max(share, 0), 1), 2)

    def ticks(self) -> tuple[Tick, ...]:
        """Return the labelled days of the axis, at most four: first days of months at a regular step."""
        begin = dt.date(self._first.year, 1, 1)
        for months in _STEPS:
            ticks = []
            for number in itertools.count():
                day = _first_of_month(begin, number * months)
                if day >= self._last or (number and day <= begin):
                    break
                if day >= self._first:
                    ticks.append(Tick(day, self.at(day)))
            if len(ticks) <= _MAX_TICKS:
                break
        return tuple(ticks)

    def drawn(self, lane: Lane) -> DrawnLane:
        bars = []
        begin = lane.starts_on or lane.announced_on or self._first
        end = lane.ends_on or self._last
        if lane.announced_on is not None and lane.announced_on < begin:
            bars.append(self._bar("announced", lane.announced_on, min(begin, end)))
        if begin < end:
            bars.append(self._bar("in_use", begin, end))
        return DrawnLane(lane=lane, bars=tuple(bars), changes=tuple(map(self.at, lane.changes)))

    def _bar(self, kind: str, begin: dt.date, end: dt.date) -> Bar:
        at = self.at(begin)
        return Bar(kind, at, round(max(self.at(end) - at, 0.5), 2))
