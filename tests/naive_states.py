"""The state of an engagement on a day, computed without the core."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core import model


def naive_state(vendor: model.Subprocessor, item: model.Engagement, on: dt.date) -> str:
    """Return the engagement's state, by the last event up to a day."""
    if vendor.withdrawn or item.cancelled:
        return "withdrawn" if vendor.withdrawn else "cancelled"
    status, starts_on, ends_on = item.status, item.starts_on, item.ends_on
    for change in sorted(item.planned, key=lambda change: change.effective_on):
        if change.cancelled or change.effective_on > on or "status" not in change.set:
            continue
        if change.set["status"] == "available":
            starts_on = ends_on = None
        elif status == "available":
            starts_on = change.effective_on
        status = change.set["status"]
    if status == "available":
        return "available"
    if ends_on and on >= ends_on:
        return "ended"
    return "announced" if starts_on and on < starts_on else "in_force"
