"""What lies ahead, as the page of the register shows it: a row for each start, end and change."""

from __future__ import annotations

import msgspec

from register_api.core.ahead import Upcoming, upcoming
from register_api.core.language.change_view import Scene
from register_api.core.language.field_changes import Phrases, TypedField
from register_api.core.language.language import capital, message, shorten
from register_api.core.language.notice import notice_given
from register_api.core.model import Engagement, PlannedChange, Subprocessor
from register_api.core.planned_changes import fields_set
from register_api.publish.page.view import PageView

_LABELS = {
    "start": message("Start: {what}"),
    "end": message("End: {what}"),
    "change": message("Change: {what}"),
    "objection_deadline": message("Already in effect, objection still possible: {what}"),
}

_MOST_WORDS = 120


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """Something that lies ahead.

    Attributes:
        words: What happens.
        over: Whether the last day to object has passed.
        notice: What became of the notice promise for it; ``None`` where none covers it.
        reason: Why the notice was short, if it was.
    """

    event: Upcoming
    vendor: Subprocessor
    words: str
    over: bool
    notice: str | None
    reason: str | None


def ahead(view: PageView) -> list[Ahead]:
    """Return what lies ahead of the day of the page, the nearest first.

    The last day to object stands beside what it is about; where that has begun before, in a row of its own.
    """
    events = upcoming(view.register, view.today, view.promises.zone)
    told = {_about(event) for event in events if event.what not in {"objection_deadline", "end"}}
    vendors = {vendor.id: vendor for vendor in view.register.subprocessors}
    phrases = Scene(view.language, view.register, view.today, None).phrases
    return [
        _ahead(view, event, vendors[event.subprocessor], phrases)
        for event in events
        if event.what != "objection_deadline" or _about(event) not in told
    ]


def _about(event: Upcoming) -> tuple[str, str | None, str | None]:
    return event.subprocessor, event.engagement, event.planned


def _ahead(view: PageView, event: Upcoming, vendor: Subprocessor, phrases: Phrases) -> Ahead:
    use = next((item for item in vendor.engagements if item.id == event.engagement), None)
    owner = vendor if use is None else use
    planned = next((item for item in owner.planned if item.id == event.planned), None)
    notice = notice_given(view.language, event.notice)
    late = planned or use
    return Ahead(
        event=event,
        vendor=vendor,
        words=view.language.text(_LABELS[event.what], what=_what(vendor, use, planned, phrases)),
        over=event.notice.objection_until is not None and event.notice.objection_until < view.today,
        notice=notice,
        reason=late.short_notice.reason if notice and late and late.short_notice else None,
    )


def _what(
    vendor: Subprocessor, use: Engagement | None, planned: PlannedChange | None, phrases: Phrases
) -> str:
    """Say what an event is about: the use, or each field that a planned change changes."""
    if planned is None:
        return shorten(use.purpose, _MOST_WORDS) if use is not None else ""
    kind = type(vendor if use is None else use)
    fields = fields_set(vendor, use.id if use is not None else None, planned)
    return capital(phrases.of_all([TypedField(kind, *field) for field in fields]))
