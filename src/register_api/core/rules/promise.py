"""R10 to R13: the notice promise (GDPR Art. 28(2)), with exact boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.calendar import days_of_notice, earliest_start
from register_api.core.notice import event, strictest
from register_api.core.rules.table import found, vendor_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.core.finding import Finding
    from register_api.core.model import Draft, EngagementSource, Notice
    from register_api.core.notice import Event
    from register_api.core.rules.context import Context

_SHORT = 'or say openly why notice is short: short_notice = { reason = "…" }'


def check_promise(draft: Draft, context: Context) -> Iterator[Finding]:
    """R10, R12, R13: what the promise covers starts late enough, or says openly that it does not."""
    if context.is_baseline or not draft.register.notice.days >= 0:
        return
    promises = context.promises_with(draft)
    for file, place, engagement, what in covered_events(draft, context):
        promise = strictest(what, context.version, context.day, promises)
        if promise is not None:
            for finding in _judge(file, place, engagement, promise, context):
                yield _as_older_promise(finding, draft, promise)


def covered_events(draft: Draft, context: Context) -> Iterator[tuple[str, str, EngagementSource, Event]]:
    """Yield file, key, engagement and event of all that happens to engagements in the new version."""
    for vendor in draft.subprocessors:
        before = context.previous_vendor(vendor.id)
        for index, engagement in enumerate(vendor.engagements):
            what = event(before, vendor, engagement, day=context.day, reason_kind=context.reason.kind)
            if what is not None:
                yield vendor_file(vendor.id), f"engagements[{index}]", engagement, what


def _judge(
    file: str, place: str, engagement: EngagementSource, promise: Notice, context: Context
) -> Iterator[Finding]:
    earliest = earliest_start(context.day, promise)
    starts_on = engagement.starts_on
    key = f"{place}.starts_on"
    if starts_on is None:
        message = f"it needs {promise.days} days' notice, so it needs a day on which it starts"
        yield found("R10", file, key, message, f"{earliest} is the first day that is right")
        return
    if engagement.short_notice is not None or starts_on >= earliest:
        return
    if starts_on < context.day:
        message = f"it starts on {starts_on}, before the day it is announced ({context.day})"
        yield found("R12", file, key, message, f"{earliest} is the first day that is right; {_SHORT}")
        return
    given = days_of_notice(context.day, starts_on, promise)
    message = f"{given} of {promise.days} days' notice: announced on {context.day}, it starts on {starts_on}"
    yield found("R10", file, key, message, f"{earliest} is the first day that is right; {_SHORT}")


def _as_older_promise(finding: Finding, draft: Draft, promise: Notice) -> Finding:
    """Name the rule R13 where only an older, longer promise still forbids it."""
    if promise == draft.register.notice:
        return finding
    message = f"{finding.message}; the promise of {promise.days} days that was replaced still binds"
    return found("R13", finding.file, finding.key, message, finding.hint)


def check_short_notice(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R11: whoever breaks the promise says why, for all to see."""
    for vendor in draft.subprocessors:
        for index, engagement in enumerate(vendor.engagements):
            short = engagement.short_notice
            if short is not None and not short.reason.strip():
                key = f"engagements[{index}].short_notice.reason"
                yield found("R11", vendor_file(vendor.id), key, "short notice without a reason")
