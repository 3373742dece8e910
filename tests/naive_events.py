"""Notice events of an engagement, from plain tables by docs/rules.md without the program's code."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from naive_planned import find, runs

if TYPE_CHECKING:
    from collections.abc import Iterator

    Table = dict[str, Any]

STARTS = {"addition", "replacement", "activation"}


def happenings(before: Table | None, vendor: Table, used_for: Table, day: dt.date, kind: str) -> set[str]:
    """Return the events of an engagement between two states.

    Args:
        before: The vendor before, if it was listed.
        vendor: The vendor afterwards.
        used_for: Its engagement.
        day: The day for which both states are given.
        kind: Kind of the reason.
    """
    return set(_happenings(before, vendor, used_for, day, kind))


def _happenings(
    before: Table | None, vendor: Table, used_for: Table, day: dt.date, kind: str
) -> Iterator[str]:
    if used_for["status"] == "available" or vendor.get("withdrawn") or used_for.get("cancelled"):
        return
    old = find(before["engagements"], used_for["id"]) if before else None
    running = runs(vendor, used_for, day)
    if before and old and runs(before, old, day):
        if running:
            yield from _to_a_running_one(before, old, vendor, used_for, day, kind)
        return
    told_before = old is not None and old["status"] != "available"
    if told_before and (not running or kind == "correction"):
        return
    was_available = old is not None and not told_before
    replacing = set(vendor.get("replaces", ())) - set(before.get("replaces", ()) if before else ())
    if was_available:
        yield "activation"
    if replacing:
        yield "replacement"
    if not was_available and not replacing:
        others = before["engagements"] if before else []
        same = [
            item for item in others if before and runs(before, item, day) and _says_as_much(item, used_for)
        ]
        if not same:
            yield "addition"
        elif kind != "correction":
            found = [set(_beyond(before or {}, item, vendor, used_for)) for item in same]
            countries = _countries(used_for) - set().union(*map(_countries, same))
            data = set(used_for["data_categories"]) - {
                name for item in same for name in item["data_categories"]
            }
            yield from ["relocation"] * bool(countries) + ["data_changed"] * bool(data)
            yield from ["replacement"] * all("replacement" in item for item in found)


def _beyond(before: Table, old: Table, vendor: Table, used_for: Table) -> Iterator[str]:
    was_entity, entity = old.get("entity") or before, used_for.get("entity") or vendor
    for name in ("legal_name", "seat"):
        if was_entity.get(name) is not None and was_entity[name] != entity.get(name):
            yield "replacement"
    if _countries(used_for) - _countries(old):
        yield "relocation"
    more = set(used_for["data_categories"]) - set(old["data_categories"])
    if more or set(used_for["data_scope"]) - set(old["data_scope"]):
        yield "data_changed"


def _says_as_much(other: Table, used_for: Table) -> bool:
    starts = [item.get("starts_on") or dt.date.min for item in (other, used_for)]
    return (
        other["category"] == used_for["category"]
        and other["purpose"] == used_for["purpose"]
        and not set(used_for["data_scope"]) - set(other["data_scope"])
        and not (other["status"] == "conditional" and used_for["status"] == "active")
        and starts[0] <= starts[1]
    )


def _to_a_running_one(
    before: Table, old: Table, vendor: Table, used_for: Table, day: dt.date, kind: str
) -> Iterator[str]:
    was, now = old.get("starts_on"), used_for.get("starts_on")
    if was is not None and was > day and (now is None or now < was):
        yield "rescheduled"
    if old["status"] == "conditional" and used_for["status"] == "active":
        yield "activation"
    if kind != "correction":
        yield from _beyond(before, old, vendor, used_for)


def _countries(used_for: Table) -> set[str]:
    return {place["country"] for place in used_for["locations"]}
