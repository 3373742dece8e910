"""Until when a customer may object: counted as the diff of the announcing version counts it."""

from __future__ import annotations

import datetime as dt

from register_api.core.bitemporal import EngagementState
from register_api.core.calendar import local_day
from register_api.core.language.language import Language, message
from register_api.core.language.notice import days as in_days
from register_api.core.language.notice import objection_period
from register_api.core.model import NoticeSource
from register_api.core.notice import Promises
from register_api.core.questionnaire.answers import NOT_STATED, ObjectionAnswer

_OVER = {
    "available": message("Not in use, so there is nothing to object to yet."),
    "ended": message("No longer in use."),
    "withdrawn": message("Removed (listed in error)."),
}
"""States in which nobody has to object."""


def objection(row: EngagementState, on: dt.date, promises: Promises, language: Language) -> ObjectionAnswer:
    """Answer until when a customer may object to an engagement."""
    engagement = row.engagement
    announced_on = local_day(engagement.announced.at, promises.zone)
    required = engagement.announced.required
    binding = promises.binding(engagement.announced.version, announced_on) if required else ()
    notice = next(iter(binding), None)
    days = None if notice is None or notice.objection is None else notice.objection.days
    over = _OVER.get(row.state)
    until = None if over else engagement.announced.objection_until
    left = None if until is None or until < on else (until - on).days
    return ObjectionAnswer(
        stated=days is not None,
        words=language.text(over) if over else _words(language, announced_on, notice, until, left),
        announced_on=announced_on,
        starts_on=engagement.starts_on,
        objection_days=days,
        until=until,
        days_left=left,
    )


def _words(
    language: Language,
    announced_on: dt.date,
    notice: NoticeSource | None,
    until: dt.date | None,
    left: int | None,
) -> str:
    given = language.text("Notice given {announced}.", announced=language.day(announced_on))
    period = objection_period(language, notice) if notice is not None else None
    if period is None or until is None:
        none = language.text("No objection period is promised.")
        return f"{language.text(NOT_STATED)} {given} {none}"
    last = language.day(until)
    if left is None:
        return f"{given} {period} {language.text('The objection period ended on {day}.', day=last)}"
    return f"{given} {period} " + language.text(
        "Objection deadline: {day} ({left} left).", day=last, left=in_days(language, left, None)
    )
