"""Until when a customer may object: counted as the diff of the announcing version counts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.calendar import local_day
from register_api.core.diff.wording import count, english_date
from register_api.core.notice import objection_until
from register_api.core.questionnaire.answers import NOT_STATED, ObjectionAnswer

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.model import Notice
    from register_api.core.notice import Promises
    from register_api.core.two_clocks import Standing

_OVER = {
    "available": "Not engaged, so there is nothing to object to yet.",
    "ended": "No longer engaged.",
    "withdrawn": "Listed by mistake and withdrawn.",
}
"""States in which nobody has to object."""


def objection(row: Standing, on: dt.date, promises: Promises) -> ObjectionAnswer:
    """Answer until when a customer may object to an engagement.

    Args:
        row: The engagement and where it stands.
        on: The day asked about, in the publisher's time zone.
        promises: All notice promises of the register.
    """
    engagement = row.engagement
    announced_on = local_day(engagement.announced.at, promises.zone)
    notice = next(promises.binding(engagement.announced.version, announced_on), None)
    days = None if notice is None else notice.objection_days
    over = _OVER.get(row.state)
    until = None if over else objection_until(announced_on, notice)
    left = None if until is None or until < on else (until - on).days
    return ObjectionAnswer(
        stated=days is not None,
        words=over or _words(announced_on, notice, until, left),
        announced_on=announced_on,
        starts_on=engagement.starts_on,
        objection_days=days,
        until=until,
        days_left=left,
    )


def _words(announced_on: dt.date, notice: Notice | None, until: dt.date | None, left: int | None) -> str:
    announced = f"Announced on {english_date(announced_on)}"
    if notice is None or notice.objection_days is None or until is None:
        return f"{NOT_STATED} {announced}; no period for objecting is promised."
    unit = "business day" if notice.day_count == "business" else "day"
    period = f"{announced}, {count(notice.objection_days, unit)} to object"
    if left is None:
        return f"{period}: the period ended on {english_date(until)}."
    return f"{period}: until {english_date(until)}, {count(left, 'day')} left."
