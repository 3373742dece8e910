"""What is certain of an announcement's count even if not every promise is known.

Further promises only require more: none makes late notice timely or a deadline to object earlier, and
calendar days between two dates are the same for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from register_api.core import model
from register_api.core.instant import days_of_notice, local_day
from register_api.core.judging.changes import Contradiction
from register_api.core.timeline import plan_owners

Announcement = tuple[str | None, str | None, dt.date | None, Any]
"""Ids of the engagement and of the planned change, either or ``None``; day of effect; what is announced."""

_COUNTED = ("promised_days", "day_count", "objection_until", "days", "met")
"""Fields of an announcement that are null unless notice was required."""


def announcements_of(vendor: model.Subprocessor) -> Iterator[Announcement]:
    """Yield what a vendor has announced: engagements and planned changes."""
    for engagement, owner in plan_owners(vendor):
        if engagement is not None:
            yield engagement, None, owner.starts_on, owner
        for plan in owner.planned:
            yield engagement, plan.id, plan.effective_on, plan


def impossible_counts(
    published: model.Register, recounted: model.Register, zone: dt.tzinfo, skipped: frozenset[str]
) -> Iterator[Contradiction]:
    """Yield what a version says of its notices that no further promise could explain."""
    for vendor, other in zip(published.subprocessors, recounted.subprocessors, strict=True):
        pairs = zip(announcements_of(vendor), announcements_of(other), strict=True)
        for (engagement, planned, effective_on, one), (*_, recount) in pairs:
            place = "/".join(filter(None, (vendor.id, engagement, planned)))
            if place in skipped:
                continue
            announced, least = one.announced, recount.announced
            if announced.version != least.version:
                # Whether this version announces it again may depend on an unknown promise.
                least = model.Announced(version=announced.version, at=announced.at)
            if announced.version != published.version:
                faults = _carried(announced, least) if least is recount.announced else iter(())
            elif announced.required:
                faults = _fresh(announced, least, effective_on, zone)
            else:
                faults = ((name, None) for name in _COUNTED if getattr(announced, name) is not None)
            for name, follows in faults:
                value = getattr(announced, name)
                yield Contradiction.between(published.version, f"{place} announced {name}", value, follows)


def _fresh(
    announced: model.Announced, least: model.Announced, effective_on: dt.date | None, zone: dt.tzinfo
) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a new announcement that are wrong, with what follows.

    ``least`` is the count by the known promises, of which none may cover it.
    """
    if announced.promised_days is None or announced.day_count is None:
        name = "promised_days" if announced.promised_days is None else "day_count"
        yield name, getattr(least, name)
        return
    announced_on, days = local_day(announced.at, zone), None
    if effective_on is not None:
        counting = model.NoticeSource(days=0, day_count=announced.day_count, applies_to=())
        days = days_of_notice(announced_on, effective_on, counting)
    met = False
    if announced.days is None or days is None or effective_on is None:
        if announced.days != days:
            yield "days", days
    else:
        # Holidays of an unknown promise leave fewer business days, also of late notice.
        none = 0 if announced.day_count == "business" else days
        if not min(none, days) <= announced.days <= max(none, days):
            yield "days", days
        enough = announced.days >= announced.promised_days and effective_on >= announced_on
        met = enough and least.met is not False
    if announced.met != met:
        yield "met", met
    if least.objection_until and (announced.objection_until or dt.date.min) < least.objection_until:
        yield "objection_until", least.objection_until
    in_calendar_days = announced.day_count == least.day_count == "calendar"
    if in_calendar_days and announced.promised_days < (least.promised_days or 0):
        yield "promised_days", least.promised_days


def _carried(announced: model.Announced, recount: model.Announced) -> Iterator[tuple[str, Any]]:
    """Yield the fields of an earlier announcement that differ, except business days.

    Those depend on holidays of the promise, which may be unknown.
    """
    for name in ("required", *_COUNTED):
        counted = name in {"days", "met"} and recount.day_count == "business"
        if getattr(announced, name) != getattr(recount, name) and not counted:
            yield name, getattr(recount, name)
