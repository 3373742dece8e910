"""What happens to an engagement from one version to the next, in terms of the notice promise.

The words are those of docs/rules.md, What needs notice; whether a promise covers an event, and was
kept, is judged in ``core.notice``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from register_api.core.model import (
    EngagementSource,
    NoticeEvent,
    ReasonKind,
    Subprocessor,
    SubprocessorSource,
)

Vendor = Subprocessor | SubprocessorSource


Event = NoticeEvent | Literal["rescheduled"]
"""What happens to an engagement, as the promise sees it; ``rescheduled`` is a start moved earlier."""

START_EVENTS: frozenset[Event] = frozenset({"addition", "replacement", "activation"})
"""Events that begin something; a promise that covers one of them covers rescheduling, too."""


def is_engaged(vendor: Vendor, engagement: EngagementSource, day: dt.date) -> bool:
    """Tell whether a vendor is used, or announced to be, as of a day: neither available nor over.

    Here as in ``events``, vendor and engagement are as they hold on that day (``vendor_on``).
    """
    if vendor.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return False
    return engagement.ends_on is None or engagement.ends_on > day


def find_engagement(vendor: Vendor | None, engagement: str) -> EngagementSource | None:
    """Return a vendor's engagement by id, or ``None``."""
    for item in vendor.engagements if vendor is not None else ():
        if item.id == engagement:
            return item
    return None


def events(
    before: Vendor | None,
    after: Vendor,
    engagement: EngagementSource,
    *,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Yield everything a change is in terms of the notice promise (docs/rules.md, What needs notice).

    A use that is first told of when it is already over is a start all the same: one without notice.
    """
    old = find_engagement(before, engagement.id)
    if after.withdrawn is not None or engagement.cancelled is not None or engagement.status == "available":
        return
    if before is not None and old is not None and is_engaged(before, old, day):
        if is_engaged(after, engagement, day):
            yield from _changes(before, old, after, engagement, day, reason_kind)
    elif old is None or old.status == "available" or _runs_again(after, engagement, day, reason_kind):
        yield from _starts(before, old, after, engagement, day)


def _runs_again(after: Vendor, engagement: EngagementSource, day: dt.date, reason_kind: ReasonKind) -> bool:
    """Tell whether what had ended or was withdrawn runs again; a correction says that it never stopped."""
    return reason_kind != "correction" and is_engaged(after, engagement, day)


def _starts(
    before: Vendor | None,
    old: EngagementSource | None,
    after: Vendor,
    engagement: EngagementSource,
    day: dt.date,
) -> Iterator[Event]:
    """Name the start of an engagement that was not one before."""
    activated = old is not None and old.status == "available"
    replacing = bool(set(after.replaces) - set(before.replaces if before else ()))
    if activated:
        yield "activation"
    if replacing:
        yield "replacement"
    running = [item for item in before.engagements if is_engaged(before, item, day)] if before else []
    if not activated and not replacing and not any(_includes(item, engagement) for item in running):
        yield "addition"


def _includes(running: EngagementSource, new: EngagementSource) -> bool:
    """Tell whether a running engagement already says all that a new one does, and from as early on."""
    same = running.category == new.category and running.purpose == new.purpose
    unconditional = running.status == "active" or new.status == "conditional"
    early = running.starts_on is None or (new.starts_on is not None and running.starts_on <= new.starts_on)
    narrower = set(new.data_scope or ()) <= set(running.data_scope or ())
    return same and unconditional and early and narrower


def _changes(
    before: Vendor,
    old: EngagementSource,
    after: Vendor,
    new: EngagementSource,
    day: dt.date,
    reason_kind: ReasonKind,
) -> Iterator[Event]:
    """Name what happens to a running engagement, the weightiest first."""
    corrected = reason_kind == "correction"
    if not corrected and another_entity(before, after):
        yield "replacement"
    if old.status == "conditional" and new.status == "active":
        yield "activation"
    if _starts_earlier(old, new, day):
        yield "rescheduled"
    if corrected:
        return
    if _countries(new) - _countries(old):
        yield "relocation"
    if _wider_data(old, new):
        yield "data_changed"


def another_entity(before: Vendor, after: Vendor) -> bool:
    """Tell whether legal name or seat changed; to state for the first time what was unknown is no change."""
    pairs = ((before.legal_name, after.legal_name), (before.seat, after.seat))
    return any(old is not None and old != new for old, new in pairs)


def _starts_earlier(old: EngagementSource, new: EngagementSource, day: dt.date) -> bool:
    """Tell whether a start that is still to come moves earlier."""
    if old.starts_on is None or old.starts_on <= day:
        return False
    return new.starts_on is None or new.starts_on < old.starts_on


def _countries(engagement: EngagementSource) -> set[str]:
    return {location.country for location in engagement.locations or ()}


def _wider_data(old: EngagementSource, new: EngagementSource) -> bool:
    wider = set(new.data_scope or ()) - set(old.data_scope or ())
    more = set(new.data_categories or ()) - set(old.data_categories or ())
    return bool(wider or more or (new.special_categories and not old.special_categories))
