"""What the notice promise says of each change: the one that carries an event carries its notice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from register_api.core.diff.changes import ChangeType
from register_api.core.diff.differences import Column, Comparison, Difference, Pair, Reorder
from register_api.core.model import Subprocessor
from register_api.core.notice import NoticeStatus, Promises, notice_status
from register_api.core.notice_event import another_entity

ANNOUNCED_BY: frozenset[ChangeType] = frozenset(
    {"added", "replaced", "activated", "entity_changed", "schedule_changed", "relocated", "data_changed"}
)
"""Types of change in which an announcement of an engagement shows: what one may want to object to."""


def notice_of(
    difference: Difference | Column | Reorder, comparison: Comparison, promises: Promises
) -> NoticeStatus:
    """Say whether a change needed notice and got it.

    A change of the vendor itself (another legal entity) is as good as its worst engagement, and a
    column as its worst row.
    """
    if isinstance(difference, Column):
        found = _worst(notice_of(row, comparison, promises) for row in difference.rows)
        return found if found.required else _not_required(comparison)
    if not isinstance(difference, Difference) or difference.vendor is None:
        return _not_required(comparison)
    before = comparison.older.version if comparison.older is not None else 0
    plan = difference.planned.after if difference.planned is not None else None
    effective_on: dt.date | None
    if plan is not None:
        announced, effective_on = plan.announced, plan.effective_on
        said = plan.cancelled is None
    elif difference.engagement is not None and difference.engagement.after is not None:
        use = difference.engagement.after
        announced, effective_on = use.announced, use.starts_on
        said = difference.type in ANNOUNCED_BY or (difference.type == "cancelled" and use.cancelled is None)
        if difference.type == "ended":
            return _not_required(comparison, use.ends_on)
    else:
        return _of_another_entity(difference.vendor, before, comparison, promises)
    if not said or announced.version <= before:
        return _not_required(comparison, effective_on if plan is not None else None)
    return notice_status(announced, effective_on, promises.zone)


def _of_another_entity(
    vendor: Pair[Subprocessor], before: int, comparison: Comparison, promises: Promises
) -> NoticeStatus:
    """Return the notice of a change of the vendor itself: the worst of the uses that it announces anew."""
    older, newer = vendor.before, vendor.after
    if older is None or newer is None or not another_entity(older, newer):
        return _not_required(comparison)
    known = {use.id for use in older.engagements}
    anew = (use for use in newer.engagements if use.id in known and use.announced.version > before)
    found = _worst(notice_status(use.announced, use.starts_on, promises.zone) for use in anew)
    return found if found.required else _not_required(comparison)


def _not_required(comparison: Comparison, effective_on: dt.date | None = None) -> NoticeStatus:
    return NoticeStatus(required=False, announced_on=comparison.day, effective_on=effective_on)


def _worst(found: Iterable[NoticeStatus]) -> NoticeStatus:
    """Return the status that a customer would mind most."""
    return max(found, key=_gravity, default=NoticeStatus(required=False))


def _gravity(item: NoticeStatus) -> tuple[bool, bool, bool, int]:
    return item.required and not item.met, item.required, item.announced_on is not None, -(item.days or 0)
