"""R08, R09: what a status needs, and dates that make sense."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from register_api.core.announcements import find_engagement
from register_api.core.model import Draft, EngagementSource, PlannedChangeSource, Subprocessor
from register_api.core.planned_changes import same_set
from register_api.core.rules.rule_table import found, owners, uses, vendor_file
from register_api.core.versioning import Context
from register_api.errors import Finding

_CORRECT = "a mistake is put right by publish --corrects N --reason …"

_Fault = tuple[str, str, str]
"""Field, message and hint."""


def check_statuses(draft: Draft, _context: Context) -> Iterator[Finding]:
    """R08: a conditional engagement has a condition, an active one place and purpose."""
    for file, place, _, engagement in uses(draft):
        for field, message in _missing(engagement):
            yield found("R08", file, f"{place}.{field}", message)


def _missing(engagement: EngagementSource) -> Iterator[tuple[str, str]]:
    if engagement.status == "conditional" and not engagement.conditions:
        yield "conditions", "a conditional engagement says under which condition it is used"
    if engagement.status == "active" and not engagement.purpose:
        yield "purpose", "an active engagement says what the vendor is used for"
    if engagement.status == "active" and not engagement.locations:
        yield "locations", "an active engagement says where processing happens"
    if engagement.status == "available":
        for field in ("starts_on", "ends_on"):
            if getattr(engagement, field) is not None:
                yield field, f"an available engagement is not used, so it has no {field}"


def check_dates(draft: Draft, context: Context) -> Iterator[Finding]:
    """R09: the end comes after the start; what was published and has passed stays as it was."""
    for file, place, vendor, engagement in uses(draft):
        starts_on, ends_on = engagement.starts_on, engagement.ends_on
        if starts_on is not None and ends_on is not None and ends_on <= starts_on:
            message = f"it would end on {ends_on}, not after its start on {starts_on}"
            hint = "ends_on is the first day without it, so it is a day later at the earliest"
            if starts_on > context.day:
                hint += '; to give up a plan, write cancelled = { reason = "…" }'
            yield found("R09", file, f"{place}.ends_on", message, hint)
        if not may_rewrite(context):
            old = find_engagement(context.previous_vendor(vendor.id), engagement.id)
            for field, message, hint in _moves(old, engagement, context):
                yield found("R09", file, f"{place}.{field}", message, hint)


def may_rewrite(context: Context) -> bool:
    """Tell whether days that have passed may change: history, or a correction that says why."""
    correction = context.reason.kind == "correction" and bool(context.reason.text)
    return correction or context.at is not None


def _moves(old: EngagementSource | None, new: EngagementSource, context: Context) -> Iterator[_Fault]:
    """Yield published days of an engagement that have passed and change."""
    if old is None or new.cancelled is not None or "available" in (old.status, new.status):
        return
    today = context.day
    if old.starts_on != new.starts_on and (old.starts_on is None or old.starts_on <= today):
        if not _states_old_start(old.starts_on, new.starts_on, context):
            message = (
                f"it has been in use since {old.starts_on or 'before version 1'}, "
                f"so its start cannot become {new.starts_on or 'a day before version 1'}"
            )
            hint = (
                "leave starts_on, and write what changes as a planned change ([[engagements.planned]]) "
                f"or as a further engagement; {_CORRECT}"
            )
            yield "starts_on", message, hint
    elif new.starts_on is None and old.starts_on is not None:
        message = f"its start on {old.starts_on} was announced, so it was not in use before version 1"
        yield "starts_on", message, _CORRECT
    if old.ends_on != new.ends_on and old.ends_on is not None and old.ends_on <= today:
        message = f"it ended on {old.ends_on}, and that has passed"
        hint = f"a resumed use is another engagement with its own starts_on; {_CORRECT}"
        yield "ends_on", message, hint


def _states_old_start(old: dt.date | None, new: dt.date | None, context: Context) -> bool:
    """Tell whether a start before version 1 is stated for the first time, which moves nothing."""
    first = next((policy.day for policy in context.promises.policies), None)
    return old is None and new is not None and (first is None or new < first)


def check_plans(draft: Draft, context: Context) -> Iterator[Finding]:
    """R09: a plan can be moved or cancelled until the day before it takes effect, and not revived."""
    if may_rewrite(context):
        return
    for vendor in draft.subprocessors:
        file, before = vendor_file(vendor.id), context.previous_vendor(vendor.id)
        for prefix, owner in owners(vendor):
            old: Subprocessor | EngagementSource | None = before
            if isinstance(owner, EngagementSource):
                old = use = find_engagement(before, owner.id)
                for field, message, hint in _cancelled_faults(use, owner, owner.starts_on, context):
                    yield found("R09", file, f"{prefix}{field}", message, hint)
            known = {item.id: item for item in old.planned} if old is not None else {}
            for index, plan in enumerate(owner.planned):
                for field, message, hint in _plan_faults(type(owner), known.get(plan.id), plan, context):
                    yield found("R09", file, f"{prefix}planned[{index}].{field}", message, hint)


def _plan_faults(
    kind: type, old: PlannedChangeSource | None, new: PlannedChangeSource, context: Context
) -> Iterator[_Fault]:
    yield from _cancelled_faults(old, new, new.effective_on, context)
    if old is None or old.cancelled is not None or old.effective_on > context.day:
        return
    moved = {"effective_on": old.effective_on != new.effective_on, "set": not same_set(kind, old, new)}
    for field, differs in moved.items():
        if differs:
            message = f"this change took effect on {old.effective_on} and stays as it was"
            yield field, message, f"write what changes next as a further planned change; {_CORRECT}"


def _cancelled_faults(
    old: PlannedChangeSource | EngagementSource | None,
    new: PlannedChangeSource | EngagementSource,
    day: dt.date | None,
    context: Context,
) -> Iterator[_Fault]:
    """Yield what is wrong with a cancellation that comes, or that is taken back."""
    was = old.cancelled if old is not None else None
    if was is not None and new.cancelled is None:
        message = "this was cancelled; announce it again as a new change"
        yield "cancelled", message, f"keep it, and add another entry with its own id; {_CORRECT}"
    if was is None and new.cancelled is not None:
        if old is None:
            yield "cancelled", "it was never announced, so there is nothing to cancel", "leave the entry out"
        elif day is None or day <= context.day:
            message = "it has begun, so it can no longer be cancelled"
            hint = "an engagement ends by ends_on; a change is undone by a further planned change"
            yield "cancelled", message, hint
