"""What the notice promise says of each change: the one that carries an event carries its notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.diff.differences import Column, Difference
from register_api.core.diff.lifecycle import engagement_pairs
from register_api.core.notice import NoticeStatus, status
from register_api.core.notice_event import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from register_api.core.diff.changes import ChangeClass
    from register_api.core.diff.differences import Comparison, Pair, Reorder
    from register_api.core.model import Engagement, Subprocessor
    from register_api.core.notice import Promises
    from register_api.core.notice_event import Event

_CARRIERS: Mapping[Event, frozenset[ChangeClass]] = {
    "addition": frozenset({"added", "replaced"}),
    "replacement": frozenset({"added", "replaced", "entity_changed"}),
    "activation": frozenset({"added", "activated", "replaced"}),
    "rescheduled": frozenset({"schedule_changed"}),
    "relocation": frozenset({"relocated"}),
    "data_changed": frozenset({"data_changed"}),
}
"""Classes of change in which an event of the promise shows."""


def notice_of(
    difference: Difference | Column | Reorder, comparison: Comparison, promises: Promises
) -> NoticeStatus:
    """Say whether a change needed notice and got it.

    A change of the vendor itself (another legal entity) is as good as its worst engagement, and a
    column as its worst row.
    """
    if isinstance(difference, Column):
        found = _worst(notice_of(row, comparison, promises) for row in difference.rows)
        return found if found.required else NoticeStatus(required=False)
    if not isinstance(difference, Difference) or difference.vendor is None:
        return NoticeStatus(required=False)
    vendor = difference.vendor
    if difference.engagement is not None:
        return _judge(difference.class_, vendor, difference.engagement, comparison, promises)
    pairs = engagement_pairs(vendor).values() if difference.class_ == "entity_changed" else ()
    return _worst(_judge(difference.class_, vendor, pair, comparison, promises) for pair in pairs)


def _judge(
    class_: ChangeClass,
    vendor: Pair[Subprocessor],
    engagement: Pair[Engagement],
    comparison: Comparison,
    promises: Promises,
) -> NoticeStatus:
    if vendor.after is None or engagement.after is None:
        return NoticeStatus(required=False)
    found = events(
        vendor.before, vendor.after, engagement.after, day=comparison.day, reason_kind=comparison.reason
    )
    told = [what for what in found if class_ in _CARRIERS[what]]
    after = engagement.after
    return _worst(status(what, after.announced, after.starts_on, promises) for what in told)


def _worst(found: Iterable[NoticeStatus]) -> NoticeStatus:
    """Return the status that a customer would mind most."""
    return max(found, key=_gravity, default=NoticeStatus(required=False))


def _gravity(item: NoticeStatus) -> tuple[bool, bool, bool, int]:
    return item.required and not item.met, item.required, item.announced_on is not None, -(item.days or 0)
