"""What was promised about notice, version by version: kept between runs, so that deadlines can be counted.

A deadline to object goes by the promise of the version that announced something, which may be years old.
Rows are kept as the versions say it; days are counted when somebody asks.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from register_api.clock import zone_of
from register_api.core.calendar import local_day
from register_api.core.model import Notice
from register_api.core.notice import Promises, objection_until
from register_api.core.timeline import state_on
from register_api.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from register_api.core.model import Engagement, Register

MOST_DAYS = 3660
"""Days to object that are counted; nobody promises ten years."""


class Promised(msgspec.Struct, frozen=True, kw_only=True):
    """The notice promise from one version on.

    Attributes:
        version: Number of the version that first made it, or of the first that was not imported.
        published_at: When that version was published, UTC.
        time_zone: The publisher's time zone at that time.
        live: Whether the version was published here, not imported.
        notice: The promise.
    """

    version: int
    published_at: dt.datetime
    time_zone: str
    live: bool
    notice: Notice


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """Until when a customer may object to what was announced.

    Attributes:
        subprocessor: Id of the vendor.
        engagement: Id of the engagement.
        version: Number of the version that announced it.
        announced_on: Day of the announcement, in the publisher's time zone.
        effective_on: First day of use; ``None``: before version 1.
        until: Last day to object; ``None`` where no run has read the version that announced it, so that
            its promise is not known here.
    """

    subprocessor: str
    engagement: str
    version: int
    announced_on: dt.date
    effective_on: dt.date | None
    until: dt.date | None


def joined_by(rows: tuple[Promised, ...], register: Register) -> tuple[Promised, ...]:
    """Return the rows with what one version more adds to them: a row, or nothing.

    Args:
        rows: What is known of all versions before it.
        register: The version.
    """
    live = register.recorded == "live"
    is_first_live = live and not any(row.live for row in rows)
    if rows and rows[-1].notice == register.notice and not is_first_live:
        return rows
    new = Promised(
        version=register.version,
        published_at=register.published_at,
        time_zone=register.publisher.time_zone,
        live=live,
        notice=register.notice,
    )
    return (*rows, new)


def open_deadlines(
    register: Register, rows: tuple[Promised, ...], known_to: int, on: dt.date
) -> tuple[Deadline, ...]:
    """Return until when a customer may object, the nearest first."""
    known = {*range(1, known_to + 1), register.version}
    try:
        promises = _promises(joined_by(rows, register), zone_of(register.publisher.time_zone))
        listed = list(_deadlines(register, promises, known, on))
    except OverflowError as error:
        raise Malformed("the register has days that lie beyond the year 9999") from error
    found = [one for one in listed if one.until is None or one.until >= on]
    return tuple(sorted(found, key=lambda one: (one.until or dt.date.min, one.subprocessor, one.engagement)))


def _promises(rows: Iterable[Promised], zone: dt.tzinfo) -> Promises:
    promises = Promises(zone=zone, first_live=None, policies=())
    for row in rows:
        day = local_day(row.published_at, zone_of(row.time_zone))
        promises = promises.joined_by(row.version, day, row.notice, live=row.live)
    return promises


def _deadlines(
    register: Register, promises: Promises, known: Container[int], on: dt.date
) -> Iterator[Deadline]:
    """Yield the deadline of every engagement that is in use or announced, and that has one."""
    for vendor in register.subprocessors:
        for engagement in vendor.engagements:
            if state_on(vendor, engagement, on) not in {"in_force", "announced"}:
                continue
            announced = engagement.announced
            day = local_day(announced.at, promises.zone)
            until = _until(engagement, day, promises) if announced.version in known else None
            if until is not None or announced.version not in known:
                yield Deadline(
                    subprocessor=vendor.id,
                    engagement=engagement.id,
                    version=announced.version,
                    announced_on=day,
                    effective_on=engagement.starts_on,
                    until=until,
                )


def _until(engagement: Engagement, day: dt.date, promises: Promises) -> dt.date | None:
    """Return the last day to object to an engagement that was announced on a day, if there is one.

    A first list announces only what starts after it, and so does each imported version.
    """
    starts_later = engagement.starts_on is not None and engagement.starts_on > day
    if promises.is_baseline(engagement.announced.version) and not starts_later:
        return None
    notice = next(promises.binding(engagement.announced.version, day), None)
    if notice is not None and (notice.objection_days or 0) > MOST_DAYS:
        raise Malformed(f"a promise of {notice.objection_days} days to object is not one that can be counted")
    return objection_until(day, notice)
