"""What lies ahead: every start, end and planned change, and until when one may object, by day.

It follows from one register and a day. The signed file ``/v1/upcoming.json``, the service, pages,
commands and the Python interface all show what ``upcoming`` returns (docs/format/diff.md, What lies ahead).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal, get_args

import msgspec

from register_api.core.canonical import Encoded
from register_api.core.changes import ChangeType, ListedType
from register_api.core.diff.comparison import FieldDelta
from register_api.core.diff.meaning import type_of
from register_api.core.field_forms import (
    FORMAT_MINOR,
    FormatMinor,
    Link,
    RegisterName,
    Sha256,
    Slug,
    VersionNumber,
    one_of,
)
from register_api.core.instant import local_day
from register_api.core.model import Engagement, PlannedChange, Register, Subprocessor
from register_api.core.notice_period import NoticeStatus, binding_objection, notice_status
from register_api.core.planned_changes import engagement_on, fields_set
from register_api.core.timeline import PAST, state_on
from register_api.errors import Malformed

UpcomingKind = Literal["start", "end", "change", "objection_deadline"]

# Open: a reader takes any text and shows it.
ListedUpcomingKind = Annotated[str, one_of(*get_args(UpcomingKind))]

_NO_CHANGE: ChangeType = "details_changed"
"""Type of a planned change that sets what holds already."""

_BEYOND = "a time is outside the supported years 1 to 9999"

_WEIGHT: dict[str, int] = {name: weight for weight, name in enumerate(get_args(ChangeType))}


class Upcoming(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a day brings.

    Attributes:
        day: The day, in the publisher's time zone: of a start and a change the first on which it holds, of an
            end the first on which the vendor is no longer engaged, of a deadline the last one to object.
        what: ``start``, ``end``, ``change`` (a planned one) or ``objection_deadline``.
        subprocessor: Id of the vendor.
        engagement: Id of the engagement; ``None`` for a planned change of the vendor itself.
        planned: Id of the planned change; ``None`` for the engagement itself.
        type: Type of the change; of several that a planned change brings the weightiest, and of a
            deadline that of what may be objected to.
        version: The version that announced it; ``None`` of an end, of which a register does not say it.
        notice: What the notice promise says of it.
        contact: Where an objection goes; ``None`` where none is possible any more, or nothing is promised.
    """

    day: dt.date
    what: ListedUpcomingKind
    subprocessor: Slug
    engagement: Slug | None = None
    planned: Slug | None = None
    type: ListedType
    version: VersionNumber | None = None
    notice: NoticeStatus
    contact: Link | None = None


class UpcomingEvents(msgspec.Struct, frozen=True, kw_only=True):
    """What lies ahead of the day on which a version was published (``/v1/upcoming.json``).

    Attributes:
        register: Name of the register.
        version: The newest version, from which all of it follows.
        sha256: SHA-256 of its register's bytes, in hex.
        as_of: The day of its publication, in the publisher's time zone: nothing before it is named.
        upcoming: By day, then by sub-processor.
    """

    format: Literal["sub-processor-register-upcoming/1"] = "sub-processor-register-upcoming/1"
    format_minor: FormatMinor = FORMAT_MINOR
    register: RegisterName
    version: VersionNumber
    sha256: Sha256
    as_of: dt.date
    upcoming: tuple[Upcoming, ...]


def upcoming_document(register: Encoded[Register], zone: dt.tzinfo) -> UpcomingEvents:
    """Return what lies ahead of the day on which a version was published.

    Raises:
        Malformed: As ``upcoming``.
    """
    said = register.document
    try:
        day = local_day(said.published_at, zone)
    except OverflowError as error:
        raise Malformed(_BEYOND) from error
    return UpcomingEvents(
        register=said.register,
        version=said.version,
        sha256=register.sha256,
        as_of=day,
        upcoming=upcoming(said, day, zone),
    )


def upcoming(register: Register, day: dt.date, zone: dt.tzinfo) -> tuple[Upcoming, ...]:
    """Return what a day and those after it bring, the nearest first.

    Args:
        register: A version; what it says alone is enough.
        day: A day in the publisher's time zone.
        zone: That time zone.

    Raises:
        Malformed: A planned change sets what it cannot, or an instant has no day in that time zone.
    """
    objection = binding_objection(register.notice)
    contact = objection.contact if objection else None
    try:
        found = [
            _with_contact(item, day, contact)
            for vendor in register.subprocessors
            if vendor.withdrawn is None
            for item in _of_vendor(vendor, day, zone)
            if item.day >= day
        ]
    except OverflowError as error:
        raise Malformed(_BEYOND) from error
    return tuple(sorted(found, key=_order))


def _with_contact(item: Upcoming, day: dt.date, contact: str | None) -> Upcoming:
    until = item.notice.objection_until
    return item if until is None or until < day else msgspec.structs.replace(item, contact=contact)


def _order(item: Upcoming) -> tuple[dt.date, str, str, str, str]:
    return item.day, item.subprocessor, item.engagement or "", item.planned or "", item.what


class _Place(msgspec.Struct, frozen=True):
    """Whose days they are: vendor, engagement, planned change."""

    subprocessor: str
    engagement: str | None
    planned: str | None = None

    def event(
        self, day: dt.date, what: UpcomingKind, type_: ChangeType, version: int | None, notice: NoticeStatus
    ) -> Upcoming:
        return Upcoming(
            day=day,
            what=what,
            subprocessor=self.subprocessor,
            engagement=self.engagement,
            planned=self.planned,
            type=type_,
            version=version,
            notice=notice,
        )

    def announced(
        self, day: dt.date | None, what: UpcomingKind, type_: ChangeType, version: int, notice: NoticeStatus
    ) -> Iterator[Upcoming]:
        """Yield what was announced for a day, if there is one, and until when one may object to it."""
        if day is not None:
            yield self.event(day, what, type_, version, notice)
        if notice.objection_until is not None:
            yield self.event(notice.objection_until, "objection_deadline", type_, version, notice)


def _of_vendor(vendor: Subprocessor, day: dt.date, zone: dt.tzinfo) -> Iterator[Upcoming]:
    for change in vendor.planned:
        yield from _of_planned(vendor, None, change, zone)
    for engagement in vendor.engagements:
        if engagement.cancelled is None:
            yield from _of_engagement(vendor, engagement, day, zone)


def _of_engagement(
    vendor: Subprocessor, engagement: Engagement, day: dt.date, zone: dt.tzinfo
) -> Iterator[Upcoming]:
    start, end = engagement.starts_on, engagement.ends_on
    place = _Place(vendor.id, engagement.id)
    if end is not None and state_on(vendor, engagement, end) == "ended":
        notice = NoticeStatus(required=False, effective_on=end)
        yield place.event(end, "end", "ended", None, notice)
    if state_on(vendor, engagement, day) in PAST:
        return
    if engagement_on(engagement, day).status != "available":
        said = engagement.announced
        ahead = start if start is not None and _starts(vendor, engagement, start) else None
        yield from place.announced(ahead, "start", "added", said.version, notice_status(said, start, zone))
    for change in engagement.planned:
        if state_on(vendor, engagement, change.effective_on) not in PAST:
            yield from _of_planned(vendor, engagement, change, zone)


def _starts(vendor: Subprocessor, engagement: Engagement, day: dt.date) -> bool:
    """Tell whether an engagement starts on the day that it names: a planned change can have overtaken it."""
    return engagement_on(engagement, day).starts_on == day and state_on(vendor, engagement, day) == "in_force"


def _of_planned(
    vendor: Subprocessor, engagement: Engagement | None, change: PlannedChange, zone: dt.tzinfo
) -> Iterator[Upcoming]:
    if change.cancelled is not None:
        return
    place = _Place(vendor.id, engagement.id if engagement else None, change.id)
    notice = notice_status(change.announced, change.effective_on, zone)
    kind = type(vendor if engagement is None else engagement)
    found = [
        type_of(kind, FieldDelta(*item), "change") for item in fields_set(vendor, place.engagement, change)
    ]
    weightiest = min(found, key=_WEIGHT.__getitem__, default=_NO_CHANGE)
    yield from place.announced(change.effective_on, "change", weightiest, change.announced.version, notice)
