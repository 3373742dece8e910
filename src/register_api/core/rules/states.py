"""R08, R09: what a status needs, and dates that make sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.notice import find_engagement
from register_api.core.rules.table import found, vendor_file

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from register_api.core.finding import Finding
    from register_api.core.model import Draft, EngagementSource
    from register_api.core.rules.context import Context


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
        before = context.previous_vendor(vendor.id)
        for index, engagement in enumerate(vendor.engagements):
            place = f"engagements[{index}]"
            starts_on, ends_on = engagement.starts_on, engagement.ends_on
            if starts_on is not None and ends_on is not None and ends_on <= starts_on:
                message = f"it would end on {ends_on}, not after its start on {starts_on}"
                yield found("R09", vendor_file(vendor.id), f"{place}.ends_on", message)
            old = find_engagement(before, engagement.id)
            if old is not None and not _may_rewrite(context):
                yield from _check_moves(vendor.id, place, old, engagement, context.day)


def _may_rewrite(context: Context) -> bool:
    """Tell whether dates may move into the past: history, or a correction that says why."""
    correction = context.reason.kind == "correction" and bool(context.reason.text)
    return correction or context.at is not None


def _check_moves(
    vendor: str, place: str, old: EngagementSource, new: EngagementSource, day: dt.date
) -> Iterator[Finding]:
    moves = {
        # A start that was before version 1 may be stated later on; it does not move.
        "starts_on": new.starts_on if old.starts_on is not None else None,
        "ends_on": new.ends_on,
    }
    for field, moved in moves.items():
        if moved is not None and moved != getattr(old, field) and moved < day:
            yield found(
                "R09",
                vendor_file(vendor),
                f"{place}.{field}",
                f"{field} would move to {moved}, before the day it is published ({day})",
                "today is the earliest; a mistake is put right by publish --corrects N --reason …",
            )
