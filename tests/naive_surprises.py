"""Starts that customers could not have known of in time, from plain tables without the program's code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naive_events import STARTS
from naive_planned import find, on_day, plans, runs, state_of
from naive_promise import first_right_day

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from naive_promise import NaiveVersion, Table


def surprises(versions: Sequence[NaiveVersion]) -> set[tuple[int, str, str]]:
    """Return the engagements that came into use without the promised notice.

    The promised days are counted from the first version since which all versions stated that the
    engagement would be in use by then. Only starts are checked, and only promises covering all of them.

    Returns:
        Version number, vendor and engagement.
    """
    found = set()
    for number, version in enumerate(versions, start=1):
        for id_, vendor, used_for in version.uses():
            now = find(on_day(vendor, version.day)["engagements"], used_for["id"])
            if (
                now is not None
                and runs(vendor, now, version.day)
                and _is_surprise(versions[:number], id_, used_for["id"], now.get("starts_on"))
            ):
                found.add((number, id_, used_for["id"]))
    return found


def _is_surprise(
    versions: Sequence[NaiveVersion], id_: str, engagement: str, starts_on: dt.date | None
) -> bool:
    first = len(versions) - 1
    while first > 0 and _states(versions[first - 1], id_, engagement, starts_on):
        first -= 1
    version = versions[first]
    if (
        first == 0
        or not version.live
        or any(_excused(version, id_, engagement) for version in versions[first:])
    ):
        return False
    if not set(version.register["notice"]["applies_to"]) >= STARTS:
        return False
    before = versions[first - 1]
    if _in_use_already(before, id_, engagement, version) or _known_otherwise(
        before, id_, version, engagement
    ):
        return False
    return starts_on is None or starts_on < first_right_day(version.day, version.register["notice"])


def _excused(version: NaiveVersion, id_: str, engagement: str) -> bool:
    found = version.find(id_, engagement)
    return found is not None and any(item.get("short_notice") for item in (found[1], *plans(found[1])))


def _states(version: NaiveVersion, id_: str, engagement: str, starts_on: dt.date | None) -> bool:
    """Return whether a version states that an engagement runs from a day or earlier."""
    day = max(version.day, starts_on or version.day)
    found = _holding(version, id_, engagement, day)
    if found is None or not runs(*found, day):
        return False
    start = found[1].get("starts_on")
    return start is None or (starts_on is not None and start <= starts_on)


def _holding(version: NaiveVersion, id_: str, engagement: str, day: dt.date) -> tuple[Table, Table] | None:
    """Return a vendor and its engagement as of a day, according to a version."""
    if id_ not in version.vendors:
        return None
    vendor = on_day(version.vendors[id_], day)
    used_for = find(vendor["engagements"], engagement)
    return None if used_for is None else (vendor, used_for)


def _in_use_already(before: NaiveVersion, id_: str, engagement: str, version: NaiveVersion) -> bool:
    found = before.find(id_, engagement)
    return found is not None and state_of(*found, version.day) == "in_force"


def _known_otherwise(before: NaiveVersion, id_: str, version: NaiveVersion, engagement: str) -> bool:
    """Return whether the vendor was known to be used for the same purpose by another engagement."""
    found = version.find(id_, engagement)
    vendor = before.vendors.get(id_)
    if found is None or vendor is None:
        return False
    return any(
        runs(vendor, other, version.day) and other["purpose"] == found[1]["purpose"]
        for other in on_day(vendor, version.day)["engagements"]
        if other["id"] != engagement
    )
