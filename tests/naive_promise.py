"""The notice promise judged the slow way: from plain tables and docs/rules.md, by walking days.

Nothing of the program is used here, so that a fault of its own arithmetic does not excuse itself.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Table = dict[str, Any]

STARTS = {"addition", "replacement", "activation"}


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One version as it was said: source tables, with when and why they were published.

    Attributes:
        at: Instant of publication (UTC).
        day: That instant's day at the publisher's.
        live: Whether it was not taken over from elsewhere.
        kind: Kind of the reason.
    """

    at: dt.datetime
    day: dt.date
    live: bool
    kind: str
    register: Table
    vendors: dict[str, Table]

    def uses(self) -> Iterator[tuple[str, Table, Table]]:
        """Yield vendor id, vendor and engagement, in no order."""
        for id_, vendor in self.vendors.items():
            for used_for in vendor["engagements"]:
                yield id_, vendor, used_for

    def find(self, vendor: str, engagement: str) -> tuple[Table, Table] | None:
        """Return a vendor and its engagement by ids."""
        for id_, listed, used_for in self.uses():
            if (id_, used_for["id"]) == (vendor, engagement):
                return listed, used_for
        return None


def runs(vendor: Table, used_for: Table, day: dt.date) -> bool:
    """Tell whether an engagement is used or announced on a day."""
    ends_on = used_for.get("ends_on")
    return (
        used_for["status"] != "available"
        and not vendor.get("withdrawn")
        and (ends_on is None or day < ends_on)
    )


def stands(vendor: Table, used_for: Table, day: dt.date) -> str:
    """Say where an engagement stands on a day."""
    if vendor.get("withdrawn"):
        return "withdrawn"
    if used_for["status"] == "available":
        return "available"
    if not runs(vendor, used_for, day):
        return "ended"
    starts_on = used_for.get("starts_on")
    return "in_force" if starts_on is None or starts_on <= day else "announced"


def first_right_day(announced_on: dt.date, notice: Table) -> dt.date:
    """Walk as many days on as were promised."""
    day, left = announced_on, notice["days"]
    while left > 0:
        day += dt.timedelta(days=1)
        counts = notice["day_count"] == "calendar" or (
            day.isoweekday() <= 5 and day not in notice["holidays"]
        )
        left -= counts
    return day


def binding(before: Sequence[Said], new: Said) -> list[Table]:
    """Return the promises that bind what a version announces: its own, and older ones within their days."""
    found = [new.register["notice"]]
    versions = [*before, new]
    for number in range(len(versions) - 1):
        notice, following = versions[number].register["notice"], versions[number + 1]
        # It was given up by the version after it; until its own days are over it holds.
        given_up = following.register["notice"] != notice
        if given_up and new.day < first_right_day(following.day, notice):
            found.append(notice)
    return found


def covered(before: Sequence[Said], new: Said) -> Iterator[tuple[tuple[str, str], Table, list[dt.date]]]:
    """Yield what a version does that some promise covers.

    Yields:
        Ids of vendor and engagement, the engagement, and the first right day by each such promise.
    """
    if not before or not new.live:
        return
    promises = binding(before, new)
    for id_, vendor, used_for in new.uses():
        what = set(happenings(before[-1], id_, vendor, used_for, new))
        if "rescheduled" in what:
            what |= STARTS  # a promise that covers any of them covers it, too
        days = [first_right_day(new.day, notice) for notice in promises if what & set(notice["applies_to"])]
        if days:
            yield (id_, used_for["id"]), used_for, days


def broken(before: Sequence[Said], new: Said) -> set[tuple[str, str]]:
    """Return the engagements (ids of vendor and engagement) for which a version breaks a promise."""
    return {
        ids
        for ids, used_for, days in covered(before, new)
        if used_for.get("starts_on") is None
        or (not used_for.get("short_notice") and used_for["starts_on"] < max(days))
    }


def happenings(older: Said, id_: str, vendor: Table, used_for: Table, new: Said) -> Iterator[str]:
    """Yield what happens to an engagement by the table of docs/rules.md, What needs notice."""
    if used_for["status"] == "available" or vendor.get("withdrawn"):
        return
    listed = older.vendors.get(id_)
    found = older.find(id_, used_for["id"])
    ran = found is not None and runs(*found, new.day)
    running = runs(vendor, used_for, new.day)
    if found is not None and ran:
        if running:
            yield from _to_a_running_one(*found, vendor, used_for, new)
        return
    told_before = found is not None and found[1]["status"] != "available"
    if not running and told_before:
        return
    was_available = found is not None and not told_before
    replacing = set(vendor.get("replaces", ())) - set(listed.get("replaces", ()) if listed else ())
    if was_available:
        yield "activation"
    if replacing:
        yield "replacement"
    if not was_available and not replacing:
        others = listed["engagements"] if listed else []
        if not any(runs(listed, other, new.day) and _says_as_much(other, used_for) for other in others):
            yield "addition"


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
    old_vendor: Table, old: Table, vendor: Table, used_for: Table, new: Said
) -> Iterator[str]:
    corrected = new.kind == "correction"
    was, now = old.get("starts_on"), used_for.get("starts_on")
    if was is not None and was > new.day and (now is None or now < was):
        yield "rescheduled"
    if old["status"] == "conditional" and used_for["status"] == "active":
        yield "activation"
    if corrected:
        return
    for name in ("legal_name", "seat"):
        if old_vendor.get(name) is not None and old_vendor[name] != vendor.get(name):
            yield "replacement"
    if {place["country"] for place in used_for["locations"]} - {
        place["country"] for place in old["locations"]
    }:
        yield "relocation"
    more = set(used_for["data_categories"]) - set(old["data_categories"])
    if more or set(used_for["data_scope"]) - set(old["data_scope"]):
        yield "data_changed"


def surprises(versions: Sequence[Said]) -> set[tuple[int, str, str]]:
    """Return what a customer could not have known of in time, by what had been said until then.

    For each version and each engagement that runs then: from which version on was it said, without a
    break, that it would be in use by that day? From that version's day the promised days are counted.
    Only starts are looked at, of promises that cover every kind of them.

    Returns:
        Number of the version, vendor and engagement.
    """
    return {
        (number, id_, used_for["id"])
        for number, version in enumerate(versions, start=1)
        for id_, vendor, used_for in version.uses()
        if runs(vendor, used_for, version.day)
        and _is_surprise(versions[:number], id_, used_for["id"], used_for.get("starts_on"))
    }


def _is_surprise(versions: Sequence[Said], id_: str, engagement: str, starts_on: dt.date | None) -> bool:
    first = len(versions) - 1
    while first > 0 and _said_by(versions[first - 1], id_, engagement, starts_on):
        first -= 1
    run = [version.find(id_, engagement) for version in versions[first:]]
    told = versions[first]
    if first == 0 or not told.live or any(item is not None and item[1].get("short_notice") for item in run):
        return False
    if not set(told.register["notice"]["applies_to"]) >= STARTS:
        return False
    before = versions[first - 1]
    if _in_use_already(before, id_, engagement, told) or _known_otherwise(before, id_, told, engagement):
        return False
    return starts_on is None or starts_on < first_right_day(told.day, told.register["notice"])


def _said_by(version: Said, id_: str, engagement: str, starts_on: dt.date | None) -> bool:
    """Tell whether a version says that an engagement runs, from a day or from earlier on."""
    found = version.find(id_, engagement)
    if found is None or not runs(*found, version.day):
        return False
    start = found[1].get("starts_on")
    return start is None or (starts_on is not None and start <= starts_on)


def _in_use_already(before: Said, id_: str, engagement: str, told: Said) -> bool:
    found = before.find(id_, engagement)
    return found is not None and stands(*found, told.day) == "in_force"


def _known_otherwise(before: Said, id_: str, told: Said, engagement: str) -> bool:
    """Tell whether the vendor was known to be used for just this, under another engagement."""
    found = told.find(id_, engagement)
    vendor = before.vendors.get(id_)
    if found is None or vendor is None:
        return False
    return any(
        runs(vendor, other, told.day) and other["purpose"] == found[1]["purpose"]
        for other in vendor["engagements"]
        if other["id"] != engagement
    )
