"""What will start or end after a day (docs/format.md, HTTP)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from register_api.serve.answer_documents import UpcomingAnswer, UpcomingEvent
from register_api.serve.moment import Moment, basis, known_register

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.model import Engagement, Subprocessor
    from register_api.serve.archive import Archive


def upcoming(archive: Archive, moment: Moment) -> UpcomingAnswer:
    """Return what will start or end after a day, soonest first.

    Raises:
        Problem: Nothing was published by then.
    """
    register = known_register(archive, moment)
    events = [event for vendor in register.subprocessors for event in _events(vendor, moment.on)]
    events.sort(key=lambda event: event.day)
    return UpcomingAnswer(**basis(archive, register, moment), upcoming=tuple(events))


def _events(vendor: Subprocessor, today: dt.date) -> Iterator[UpcomingEvent]:
    """Yield a vendor's dates to come; what is withdrawn or only available has none."""
    if vendor.withdrawn is not None:
        return
    for engagement in vendor.engagements:
        if engagement.status != "available":
            yield from _event(vendor, engagement, "starts", engagement.starts_on, today)
            yield from _event(vendor, engagement, "ends", engagement.ends_on, today)


def _event(
    vendor: Subprocessor,
    engagement: Engagement,
    event: Literal["starts", "ends"],
    day: dt.date | None,
    today: dt.date,
) -> Iterator[UpcomingEvent]:
    if day is not None and day > today:
        yield UpcomingEvent(
            event=event,
            day=day,
            days_left=(day - today).days,
            subprocessor=vendor.id,
            name=vendor.name,
            engagement=engagement.id,
            purpose=engagement.purpose,
        )
