"""R10, R12, R13: the notice promise (GDPR Art. 28(2)), with exact boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.core.calendar import days_of_notice, earliest_start
from register_api.core.forms import MAX_DAYS
from register_api.core.model import EngagementSource, Notice
from register_api.core.notice import Promises, strictest
from register_api.core.notice_event import Event, events
from register_api.core.rules.rule_table import found, vendor_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.model import Draft
    from register_api.core.rules.context import Context
    from register_api.errors import Finding

_SHORT = 'or say openly why notice is short: short_notice = { reason = "…" }'


class CoveredChange(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to an engagement, where a promise covers it.

    Attributes:
        file: The vendor's file.
        place: Key path of the engagement in it.
        what: Everything that happens to it, the weightiest first.
        notice: Of the promises that cover some of it, the one with the latest first right day.
    """

    file: str
    place: str
    engagement: EngagementSource
    what: tuple[Event, ...]
    notice: Notice


def promised(draft: Draft, context: Context) -> Iterator[CoveredChange]:
    """Yield every engagement to which something happens that a promise covers."""
    if context.is_baseline or not 0 <= draft.register.notice.days <= MAX_DAYS:
        return  # nothing was promised, or a number (R17) that cannot be counted with
    promises = context.promises_with(draft)
    for vendor in draft.subprocessors:
        before = context.previous_vendor(vendor.id)
        for index, engagement in enumerate(vendor.engagements):
            what = tuple(events(before, vendor, engagement, day=context.day, reason_kind=context.reason.kind))
            notice = _strictest_of(what, context, promises)
            if notice is not None:
                yield CoveredChange(
                    file=vendor_file(vendor.id),
                    place=f"engagements[{index}]",
                    engagement=engagement,
                    what=what,
                    notice=notice,
                )


def _strictest_of(what: tuple[Event, ...], context: Context, promises: Promises) -> Notice | None:
    covering = [strictest(event, context.version, context.day, promises) for event in what]
    return max(
        (notice for notice in covering if notice is not None),
        key=lambda notice: earliest_start(context.day, notice),
        default=None,
    )


def check_promise(draft: Draft, context: Context) -> Iterator[Finding]:
    """R10, R12, R13: what the promise covers starts late enough, or says openly that it does not."""
    promises = context.promises_with(draft)
    newest = msgspec.structs.replace(promises, policies=promises.policies[-1:])
    for item in promised(draft, context):
        fault = _fault(item, item.notice, context)
        if fault is None:
            continue
        today = _strictest_of(item.what, context, newest)
        if today is None or _fault(item, today, context) is None:
            yield _as_older_promise(fault, item.notice, promises)
        else:
            yield fault


def _fault(item: CoveredChange, notice: Notice, context: Context) -> Finding | None:
    """Judge one engagement by one promise."""
    key, starts_on = f"{item.place}.starts_on", item.engagement.starts_on
    right = f"{earliest_start(context.day, notice)} is the first day that is right"
    if starts_on is None:
        message = f"it needs {_days(notice)} of notice, so it needs a day on which it starts ({item.what[0]})"
        return found("R10", item.file, key, message, right)
    if item.engagement.short_notice is not None or starts_on >= earliest_start(context.day, notice):
        return None
    if starts_on < context.day:
        message = f"it starts on {starts_on}, before the day it is announced, {context.day} ({item.what[0]})"
        return found("R12", item.file, key, message, f"{right}; {_SHORT}")
    given = days_of_notice(context.day, starts_on, notice)
    message = (
        f"{given} of {_days(notice)} of notice: "
        f"announced on {context.day}, it starts on {starts_on} ({item.what[0]})"
    )
    return found("R10", item.file, key, message, f"{right}; {_SHORT}")


def _days(notice: Notice) -> str:
    kind = "business day" if notice.day_count == "business" else "day"
    return f"{notice.days} {kind}" if notice.days == 1 else f"{notice.days} {kind}s"


def _as_older_promise(finding: Finding, notice: Notice, promises: Promises) -> Finding:
    """Name rule R13 where the newest promise would allow it and only an older one forbids it."""
    index = next(index for index, row in enumerate(promises.policies) if row.notice is notice)
    until = earliest_start(promises.policies[index + 1].day, notice)
    message = (
        f"{finding.message}; the promise of version {promises.policies[index].version} "
        f"binds what is announced before {until}"
    )
    return found("R13", finding.file, finding.key, message, finding.hint)
