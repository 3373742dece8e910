"""What must persist from version to version (R03), from plain tables without the program's code."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from naive_planned import effective, find, on_day, owners, plans

if TYPE_CHECKING:
    from naive_promise import NaiveVersion

_ONE_DAY = dt.timedelta(days=1)


def ids(version: NaiveVersion) -> set[tuple[str, str]]:
    """Return the vendor and engagement ids of a version."""
    return {(id_, used_for["id"]) for id_, _, used_for in version.uses()}


def used_for_another(older: NaiveVersion, newer: NaiveVersion) -> bool:
    """Return whether an id now denotes a company of another name and kind."""
    listed = newer.vendors.items()
    pairs = [
        (on_day(older.vendors[id_], newer.day), on_day(vendor, newer.day))
        for id_, vendor in listed
        if id_ in older.vendors and newer.kind != "correction"
    ] + [
        (on_day(vendor, change["effective_on"] - _ONE_DAY), on_day(vendor, change["effective_on"]))
        for _, vendor in listed
        for change in plans(vendor)
        if not change["cancelled"] and change["effective_on"] > newer.day
    ]
    return any(
        old["legal_name"] != new["legal_name"]
        and old.get("kind", "third_party") != new.get("kind", "third_party")
        for old, new in pairs
    )


def lost_plans(older: NaiveVersion, newer: NaiveVersion) -> bool:
    """Return whether a planned change is missing without having taken effect and been folded."""
    for id_ in older.vendors.keys() & newer.vendors.keys():
        past, now = on_day(older.vendors[id_], newer.day), on_day(newer.vendors[id_], newer.day)
        kept = dict(owners(now))
        for name, owner in owners(past):
            done = effective(owner, newer.day)
            for change in plans(owner) if name in kept else ():
                is_folded = change in done and all(owner[it] == kept[name].get(it) for it in change["set"])
                if find(plans(kept[name]), change["id"]) is None and not is_folded:
                    return True
    return False
