"""Upcoming changes, computed from plain tables by docs/format/diff.md without the program's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naive_planned import find, on_day, owners, plans, state_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from naive_promise import Key, NaiveVersion, Table

    Event = tuple[str, str, Key]


def ahead(version: NaiveVersion, announced: dict[Key, Table], day: dt.date) -> set[Event]:
    """Return the upcoming events: day, type, and the entry concerned.

    Args:
        version: A version.
        announced: Which version announced each entry (``naive_promise.records``).
        day: Earliest day to include.
    """
    found = {
        event
        for id_, vendor in version.vendors.items()
        if not vendor.get("withdrawn")
        for name, owner in owners(vendor)
        for event in _of_owner((id_, name, None), vendor, owner, announced, day)
    }
    return {event for event in found if event[0] >= day.isoformat()}


def _of_owner(
    key: Key, vendor: Table, owner: Table, announced: dict[Key, Table], day: dt.date
) -> Iterator[Event]:
    id_, engagement, _ = key
    if engagement is not None:
        if owner.get("cancelled"):
            return
        yield from _dates(key, vendor, owner)
        if state_of(vendor, owner, day) not in {"ended", "available"}:
            yield from _deadline(key, announced)
    for change in plans(owner):
        if (
            engagement is not None
            and state_of(vendor, owner, day) == "ended"
            and change["effective_on"] <= day
        ):
            continue
        is_over = engagement is not None and state_of(vendor, owner, change["effective_on"]) == "ended"
        if not change.get("cancelled") and not is_over:
            planned = (id_, engagement, change["id"])
            yield change["effective_on"].isoformat(), "change", planned
            yield from _deadline(planned, announced)


def _dates(key: Key, vendor: Table, used_for: Table) -> Iterator[Event]:
    """Yield an engagement's start and end dates, unless a planned change overrides them."""
    start, end = used_for.get("starts_on"), used_for.get("ends_on")
    if end is not None and state_of(vendor, used_for, end) == "ended":
        yield end.isoformat(), "end", key
    if start is not None and state_of(vendor, used_for, start) == "in_force":
        now = find(on_day(vendor, start)["engagements"], used_for["id"])
        if now is not None and now["starts_on"] == start:
            yield start.isoformat(), "start", key


def _deadline(key: Key, announced: dict[Key, Table]) -> Iterator[Event]:
    until = announced[key]["objection_until"]
    if until is not None:
        yield until, "objection_deadline", key
