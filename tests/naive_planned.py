"""The state on a day, from plain source tables without the program's code.

See docs/format/register.md, PlannedChange.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator

Table = dict[str, Any]


def find(items: Iterable[Table], id_: str) -> Table | None:
    """Return the table with an id."""
    return next((item for item in items if item["id"] == id_), None)


def plans(owner: Table) -> list[Table]:
    """Return the planned changes of a vendor or an engagement."""
    return owner.get("planned") or []


def owners(vendor: Table) -> Iterator[tuple[str | None, Table]]:
    """Yield what may have planned changes: the vendor (with id ``None``) and each engagement."""
    yield None, vendor
    for used_for in vendor["engagements"]:
        yield used_for["id"], used_for


def effective(owner: Table, day: dt.date) -> list[Table]:
    """Return the planned changes in effect on a day, ordered by date."""
    coming = [item for item in plans(owner) if not item.get("cancelled") and item["effective_on"] <= day]
    return sorted(coming, key=lambda item: item["effective_on"])


def set_by(owner: Table, change: Table) -> Table:
    """Return an owner with a planned change applied."""
    after = {**owner, **copy.deepcopy(change["set"])}
    if "status" in change["set"]:
        if after["status"] == "available":
            after |= {"starts_on": None, "ends_on": None}
        elif owner["status"] == "available":
            after["starts_on"] = change["effective_on"]
    return after


def on_day(vendor: Table, day: dt.date) -> Table:
    """Return a vendor and its engagements as of a day."""
    now = _resolved(vendor, day)
    return now | {"engagements": [_resolved(used_for, day) for used_for in vendor["engagements"]]}


def _resolved(owner: Table, day: dt.date) -> Table:
    for change in effective(owner, day):
        owner = set_by(owner, change)
    return owner


def folded(vendor: Table, day: dt.date) -> Table:
    """Return a vendor with effective planned changes moved into its base fields."""
    after = on_day(vendor, day)
    for before, owner in zip(owners(vendor), owners(after), strict=True):
        done = effective(before[1], day)
        owner[1]["planned"] = [item for item in plans(before[1]) if item not in done]
    return copy.deepcopy(after)


def runs(vendor: Table, used_for: Table, day: dt.date) -> bool:
    """Return whether an engagement, resolved for a day, is in use or announced."""
    ends_on = used_for.get("ends_on")
    return (
        used_for["status"] != "available"
        and not vendor.get("withdrawn")
        and not used_for.get("cancelled")
        and (ends_on is None or day < ends_on)
    )


def state_of(vendor: Table, used_for: Table, day: dt.date) -> str:
    """Return the state of an engagement on a day."""
    for final in ("withdrawn", "cancelled"):
        if (vendor if final == "withdrawn" else used_for).get(final):
            return final
    used_for = _resolved(used_for, day)
    if used_for["status"] == "available":
        return "available"
    if not runs(vendor, used_for, day):
        return "ended"
    starts_on = used_for.get("starts_on")
    return "in_force" if starts_on is None or starts_on <= day else "announced"
