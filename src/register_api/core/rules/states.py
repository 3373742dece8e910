"""R08, R09: what a status needs, and dates that make sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.notice_event import START_EVENTS, events, find_engagement
from register_api.core.rules.rule_table import found, vendor_file

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.model import Draft, EngagementSource, SubprocessorSource
    from register_api.core.rules.context import Context
    from register_api.errors import Finding


def check_statuses(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R08: a conditional engagement has a condition, an active one place and purpose."""
    for vendor in draft.subprocessors:
        for index, engagement in enumerate(vendor.engagements):
            for field, message in _missing(engagement):
                yield found("R08", vendor_file(vendor.id), f"engagements[{index}].{field}", message)


def _missing(engagement: EngagementSource) -> Iterator[tuple[str, str]]:
    if engagement.status == "conditional" and engagement.condition is None:
        yield "condition", "a conditional engagement says under which condition it is used"
    if engagement.status == "active" and not engagement.purpose:
        yield "purpose", "an active engagement says what the vendor is used for"
    if engagement.status == "active" and not engagement.locations:
        yield "locations", "an active engagement says where processing happens"
    if engagement.status == "available":
        for field in ("starts_on", "ends_on"):
            if getattr(engagement, field) is not None:
                yield field, f"an available engagement is not used, so it has no {field}"


def check_dates(draft: Draft, context: Context) -> Iterator[Finding]:
    """R09: the end comes after the start; what was published does not move into the past."""
    for vendor in draft.subprocessors:
        for index, engagement in enumerate(vendor.engagements):
            place = f"engagements[{index}]"
            starts_on, ends_on = engagement.starts_on, engagement.ends_on
            if starts_on is not None and ends_on is not None and ends_on <= starts_on:
                message = f"it would end on {ends_on}, not after its start on {starts_on}"
                hint = "on ends_on it is no longer engaged, so it is a day later at the earliest"
                yield found("R09", vendor_file(vendor.id), f"{place}.ends_on", message, hint)
            if not _may_rewrite(context):
                yield from _check_moves(vendor, place, engagement, context)


def _may_rewrite(context: Context) -> bool:
    """Tell whether dates may move into the past: history, or a correction that says why."""
    correction = context.reason.kind == "correction" and bool(context.reason.text)
    return correction or context.at is not None


def _check_moves(
    vendor: SubprocessorSource, place: str, new: EngagementSource, context: Context
) -> Iterator[Finding]:
    """Yield the dates of a published engagement that move into the past.

    A new start is not a move: rules R10 and R12 judge it.
    """
    before = context.previous_vendor(vendor.id)
    old = find_engagement(before, new.id)
    what = events(before, vendor, new, day=context.day, reason_kind=context.reason.kind)
    if old is None or new.status == "available" or not START_EVENTS.isdisjoint(what):
        return
    moves = {
        "starts_on": _start_moves_back(old.starts_on, new.starts_on, context),
        "ends_on": new.ends_on != old.ends_on and new.ends_on is not None and new.ends_on < context.day,
    }
    for field in (name for name, moved in moves.items() if moved):
        day = getattr(new, field) or "a day before version 1 (no starts_on)"
        message = f"{field} would move to {day}, before the day it is published, {context.day}"
        hint = "today is the earliest; a mistake is put right by publish --corrects N --reason …"
        yield found("R09", vendor_file(vendor.id), f"{place}.{field}", message, hint)


def _start_moves_back(old: dt.date | None, new: dt.date | None, context: Context) -> bool:
    """Tell whether a start moves into the past.

    No start means one before version 1: to state that day for the first time is no move.
    """
    if new == old or (new is not None and new >= context.day):
        return False
    first = next((policy.day for policy in context.promises.policies), None)
    return old is not None or new is None or first is None or new >= first
