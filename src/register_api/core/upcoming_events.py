"""Upcoming events: starts, ends, planned changes and objection deadlines (docs/format/diff.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal, get_args

import msgspec

from register_api.core import field_forms
from register_api.core.canonical import Encoded
from register_api.core.changes import WEIGHT, ChangeType, ListedType
from register_api.core.diff.comparison import type_of
from register_api.core.instant import local_day
from register_api.core.model import Engagement, PlannedChange, Register, Subprocessor
from register_api.core.notice_period import NoticeStatus, binding_objection, notice_status
from register_api.core.timeline import PAST, engagement_on, fields_set, state_on
from register_api.errors import Malformed

UpcomingKind = Literal["start", "end", "change", "objection_deadline"]

# Open: a reader accepts any text and displays it.
ListedUpcomingKind = Annotated[str, field_forms.one_of(*get_args(UpcomingKind))]

_NO_EFFECT: ChangeType = "details_changed"
"""Type of a planned change that sets only current values."""

_OUT_OF_RANGE = "a time is outside the supported years 1 to 9999"


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """An upcoming event.

    Attributes:
        day: Day of the event, in the publisher's time zone: for a start or change, the first day on which it
            applies; for an end, the first day on which the vendor is no longer engaged; for a deadline, the
            last day to object.
        what: ``start``, ``end``, ``change`` (a planned one) or ``objection_deadline``.
        subprocessor: Id of the vendor.
        engagement: Id of the engagement; ``None`` for a planned change of the vendor itself.
        planned: Id of the planned change; ``None`` for the engagement itself.
        type: Type of the change: for a planned change with several, the most important; for a deadline, that
            of the change that may be objected to.
        version: The version that announced it; ``None`` for an end, for which the register does not state
            it.
        notice: Whether it needs notice, and whether it was given.
        contact: Where to send an objection; ``None`` if none is possible any more, or none is promised.
    """

    day: dt.date
    what: ListedUpcomingKind
    subprocessor: field_forms.Slug
    engagement: field_forms.Slug | None = None
    planned: field_forms.Slug | None = None
    type: ListedType
    version: field_forms.VersionNumber | None = None
    notice: NoticeStatus
    contact: field_forms.Link | None = None


class UpcomingEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Upcoming events as of the day on which a version was published (``/v1/upcoming.json``).

    Attributes:
        register: Name of the register.
        version: The newest version, from which all events follow.
        sha256: SHA-256 of its register's bytes, in hex.
        as_of: The day of its publication, in the publisher's time zone; no earlier event is listed.
        upcoming: By day, then by sub-processor.
    """

    format: Literal["sub-processor-register-upcoming/1"] = "sub-processor-register-upcoming/1"
    format_minor: field_forms.FormatMinor = field_forms.FORMAT_MINOR
    register: field_forms.RegisterName
    version: field_forms.VersionNumber
    sha256: field_forms.Sha256
    as_of: dt.date
    upcoming: tuple[Upcoming, ...]


def upcoming_document(register: Encoded[Register], zone: dt.tzinfo) -> UpcomingEvents:
    """Return the events after the day on which a version was published; raises as ``upcoming``."""
    newest = register.document
    try:
        day = local_day(newest.published_at, zone)
    except OverflowError as error:
        raise Malformed(_OUT_OF_RANGE) from error
    return UpcomingEvents(
        register=newest.register,
        version=newest.version,
        sha256=register.sha256,
        as_of=day,
        upcoming=upcoming(newest, day, zone),
    )


def upcoming(register: Register, day: dt.date, zone: dt.tzinfo) -> tuple[Upcoming, ...]:
    """Return the events on and after a day in the publisher's time zone, the nearest first.

    Raises:
        Malformed: A planned change cannot be applied, or an instant has no date in that time zone.
    """
    objection = binding_objection(register.notice)
    contact = objection.contact if objection else None
    found = []
    try:
        for item in (item for vendor in register.subprocessors for item in _of_vendor(vendor, day, zone)):
            is_open = (item.notice.objection_until or dt.date.min) >= day
            if item.day >= day:
                found.append(msgspec.structs.replace(item, contact=contact) if is_open else item)
    except OverflowError as error:
        raise Malformed(_OUT_OF_RANGE) from error
    found.sort(key=lambda of: (of.day, of.subprocessor, of.engagement or "", of.planned or "", of.what))
    return tuple(found)


def _of_vendor(vendor: Subprocessor, day: dt.date, zone: dt.tzinfo) -> Iterator[Upcoming]:
    if vendor.withdrawn is not None:
        return
    for change in vendor.planned:
        yield from _of_planned(vendor, None, change, zone)
    for engagement in vendor.engagements:
        if engagement.cancelled is None:
            yield from _of_engagement(vendor, engagement, day, zone)


def _of_engagement(
    vendor: Subprocessor, engagement: Engagement, day: dt.date, zone: dt.tzinfo
) -> Iterator[Upcoming]:
    start, end = engagement.starts_on, engagement.ends_on
    if end is not None and state_on(vendor, engagement, end) == "ended":
        yield Upcoming(
            day=end,
            what="end",
            subprocessor=vendor.id,
            engagement=engagement.id,
            type="ended",
            notice=NoticeStatus(required=False, effective_on=end),
        )
    is_over = state_on(vendor, engagement, day) in PAST
    if not is_over and engagement_on(engagement, day).status != "available":
        # A planned change may have moved the start.
        then = start and (engagement_on(engagement, start).starts_on, state_on(vendor, engagement, start))
        event = Upcoming(
            day=start or day,
            what="start",
            subprocessor=vendor.id,
            engagement=engagement.id,
            type="added",
            version=engagement.announced.version,
            notice=notice_status(engagement.announced, start, zone),
        )
        yield from _announced(event, dated=start is not None and then == (start, "in_force"))
    for change in engagement.planned:
        # A later change may make an ended engagement available, and another one activate it again.
        is_later = not is_over or change.effective_on > day
        if is_later and state_on(vendor, engagement, change.effective_on) not in PAST:
            yield from _of_planned(vendor, engagement, change, zone)


def _of_planned(
    vendor: Subprocessor, engagement: Engagement | None, change: PlannedChange, zone: dt.tzinfo
) -> Iterator[Upcoming]:
    if change.cancelled is not None:
        return
    use = engagement.id if engagement else None
    found = [type_of(item, "change") for item in fields_set(vendor, use, change)]
    event = Upcoming(
        day=change.effective_on,
        what="change",
        subprocessor=vendor.id,
        engagement=use,
        planned=change.id,
        type=min(found, key=WEIGHT.__getitem__, default=_NO_EFFECT),
        version=change.announced.version,
        notice=notice_status(change.announced, change.effective_on, zone),
    )
    yield from _announced(event, dated=True)


def _announced(event: Upcoming, *, dated: bool) -> Iterator[Upcoming]:
    """Yield an announced event, if it has a date, and its objection deadline, if any."""
    if dated:
        yield event
    if (until := event.notice.objection_until) is not None:
        yield msgspec.structs.replace(event, day=until, what="objection_deadline")
