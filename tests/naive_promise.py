"""The notice promise, checked day by day from plain tables and docs/rules.md.

The program's code is not used, so that this finds errors in its arithmetic.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from naive_events import STARTS, happenings
from naive_planned import effective, find, on_day, owners, plans, runs, set_by, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Table = dict[str, Any]

Key = tuple[str, str | None, str | None]
"""Key of an announced change: ids of vendor, engagement and planned change."""

_ONE_DAY = dt.timedelta(days=1)


class NaiveVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version as published: source tables, with time and reason.

    Attributes:
        at: Time of publication (UTC).
        day: Date of publication in the publisher's time zone.
        live: Whether it was published live, not imported.
        kind: Kind of the reason.
    """

    at: dt.datetime
    day: dt.date
    live: bool
    kind: str
    register: Table
    vendors: dict[str, Table]

    def uses(self) -> Iterator[tuple[str, Table, Table]]:
        """Yield vendor id, vendor and engagement."""
        for id_, vendor in self.vendors.items():
            for used_for in vendor["engagements"]:
                yield id_, vendor, used_for

    def find(self, vendor: str, engagement: str) -> tuple[Table, Table] | None:
        """Return a vendor and its engagement by ids."""
        for id_, listed, used_for in self.uses():
            if (id_, used_for["id"]) == (vendor, engagement):
                return listed, used_for
        return None

    def held(self, day: dt.date) -> dict[tuple[str, str], tuple[str, Table, Table]]:
        """Return each engagement's state on a day, with its vendor and itself as of that day."""
        now = {id_: on_day(vendor, day) for id_, vendor in self.vendors.items()}
        return {
            (id_, used_for["id"]): (
                state_of(vendor, used_for, day),
                {name: value for name, value in now[id_].items() if name != "engagements"},
                next(item for item in now[id_]["engagements"] if item["id"] == used_for["id"]),
            )
            for id_, vendor, used_for in self.uses()
        }


class NaiveAnnouncement(msgspec.Struct, frozen=True, kw_only=True):
    """One change that a version announces, or makes directly to an engagement in use.

    Attributes:
        what: Its events.
        effective_on: Effective date.
        into_use: Whether it changes an engagement in use directly.
        excused: Whether it now states a reason for short notice.
        of_start: Whether it affects a start announced before, which only a promise makes news.
    """

    key: Key
    what: set[str]
    effective_on: dt.date | None
    into_use: bool = False
    excused: bool = False
    of_start: bool = False


# Counting days.


def _counts(day: dt.date, notice: Table) -> bool:
    return notice["day_count"] == "calendar" or (day.isoweekday() <= 5 and day not in notice["holidays"])


def days_on(day: dt.date, days: int, notice: Table) -> dt.date:
    """Return the day after a number of days that count."""
    while days > 0:
        day += _ONE_DAY
        days -= _counts(day, notice)
    return day


def first_right_day(announced_on: dt.date, notice: Table) -> dt.date:
    """Return the earliest date that gives the promised notice."""
    return days_on(announced_on, notice["days"], notice)


def days_given(announced_on: dt.date, effective_on: dt.date, notice: Table) -> int:
    """Count the days of notice; negative if announced after the effective date."""
    first, last = sorted((announced_on, effective_on))
    walked = (first + number * _ONE_DAY for number in range(1, (last - first).days + 1))
    count = sum(_counts(day, notice) for day in walked)
    return count if announced_on <= effective_on else -count


def last_objection(announced_on: dt.date, notice: Table) -> dt.date | None:
    """Return the objection deadline, if the promise has one."""
    objection = notice.get("objection")
    return days_on(announced_on, objection["days"], notice) if objection else None


# Which promise applies.


def _given_up(before: Sequence[NaiveVersion], new: NaiveVersion) -> Iterator[tuple[int, Table, dt.date]]:
    """Yield former promises, newest first: version, promise, and the day it stops binding."""
    versions = [*before, new]
    for number in reversed(range(1, len(versions))):
        notice, following = versions[number - 1].register["notice"], versions[number]
        if following.register["notice"] != notice:
            first = number
            while first > 1 and versions[first - 2].register["notice"] == notice:
                first -= 1
            yield first, notice, first_right_day(following.day, notice)


def binding(before: Sequence[NaiveVersion], new: NaiveVersion) -> list[Table]:
    """Return the promises that bind a version: its own, and former ones that still bind."""
    older = [notice for _, notice, free_from in _given_up(before, new) if new.day < free_from]
    return [new.register["notice"], *older]


def also_binding(before: Sequence[NaiveVersion], new: NaiveVersion) -> list[Table]:
    """Return the former promises that still bind and exceed the current one, as published."""
    newest = new.register["notice"]
    return [
        {
            "version": version,
            "until": (free_from - _ONE_DAY).isoformat(),
            **{
                name: notice.get(name)
                for name in ("days", "day_count", "holidays", "applies_to", "objection")
            },
        }
        for version, notice, free_from in _given_up(before, new)
        if new.day < free_from
        and (
            set(notice["applies_to"]) - set(newest["applies_to"])
            or first_right_day(new.day, notice) > first_right_day(new.day, newest)
            or (last_objection(new.day, notice) or dt.date.min)
            > (last_objection(new.day, newest) or dt.date.min)
        )
    ]


def covering(before: Sequence[NaiveVersion], new: NaiveVersion, what: set[str]) -> list[Table]:
    """Return the promises that cover any of these events, newest first."""
    if not before or not new.live:
        return []
    what = what | STARTS if "rescheduled" in what else what  # a promise for any start covers it
    return [notice for notice in binding(before, new) if what & set(notice["applies_to"])]


# What a version announces.


def announcements_of(before: Sequence[NaiveVersion], new: NaiveVersion) -> Iterator[NaiveAnnouncement]:
    """Yield all changes that a version announces."""
    for id_, vendor in new.vendors.items():
        older = before[-1].vendors.get(id_) if before else None
        yield from _announcements_of_engagements(id_, older, vendor, new)
        for name, owner in owners(vendor):
            old_owner = older if name is None else find(older["engagements"], name) if older else None
            for change in fresh(old_owner, owner):
                old = find(plans(old_owner), change["id"]) if old_owner else None
                yield NaiveAnnouncement(
                    key=(id_, name, change["id"]),
                    what=_planned_happenings(vendor, name, change, new.kind),
                    effective_on=change["effective_on"],
                    excused=_says_why(old, change),
                )
        yield from _announcements_of_activations(id_, older, vendor, new)


def _announcements_of_activations(
    id_: str, older: Table | None, vendor: Table, new: NaiveVersion
) -> Iterator[NaiveAnnouncement]:
    """Yield the known plans that start an available engagement, if something has changed for that day."""
    for used_for in vendor["engagements"] if older else []:
        held = find(on_day(vendor, new.day)["engagements"], used_for["id"])
        later = [item for item in effective(used_for, dt.date.max) if item["effective_on"] > new.day]
        turned = [item for item in later if item["set"].get("status", "available") != "available"]
        old_owner = find(older["engagements"], used_for["id"]) if older else None
        if held is None or held["status"] != "available" or not turned:
            continue
        change = turned[0]
        old = find(plans(old_owner), change["id"]) if old_owner else None
        if old is None or change in fresh(old_owner, used_for):
            continue
        then, now = (on_day(item, change["effective_on"]) for item in (older or {}, vendor))
        meant = find(now["engagements"], used_for["id"])
        what = happenings(then, now, meant or {}, change["effective_on"], new.kind)
        if what:
            yield NaiveAnnouncement(
                key=(id_, used_for["id"], change["id"]),
                what=what,
                effective_on=change["effective_on"],
                excused=_says_why(old, change),
                of_start="rescheduled" not in what,
            )


def fresh(old_owner: Table | None, owner: Table) -> list[Table]:
    """Return the planned changes that are new, altered or moved to an earlier date."""

    def is_fresh(change: Table) -> bool:
        old = find(plans(old_owner), change["id"]) if old_owner else None
        return not change.get("cancelled") and (
            old is None
            or bool(old.get("cancelled"))
            or old["set"] != change["set"]
            or change["effective_on"] < old["effective_on"]
        )

    return [change for change in plans(owner) if is_fresh(change)]


def _announcements_of_engagements(
    id_: str, older: Table | None, vendor: Table, new: NaiveVersion
) -> Iterator[NaiveAnnouncement]:
    past = on_day(older, new.day) if older else None
    now = on_day(_without_fresh(older, vendor), new.day)
    for used_for in now["engagements"]:
        old = find(past["engagements"], used_for["id"]) if past else None
        what = happenings(past, now, used_for, new.day, new.kind)
        if what or old is None:
            into_use = bool(past and old) and state_of(past or {}, old or {}, new.day) == "in_force"
            ran = past is not None and old is not None and runs(past, old, new.day)
            yield NaiveAnnouncement(
                key=(id_, used_for["id"], None),
                what=what,
                effective_on=used_for.get("starts_on"),
                into_use=into_use,
                excused=_says_why(old, used_for),
                of_start=ran and "rescheduled" not in what,
            )


def _without_fresh(older: Table | None, vendor: Table) -> Table:
    def without(old_owner: Table | None, owner: Table) -> Table:
        news = fresh(old_owner, owner)
        return owner | {"planned": [item for item in plans(owner) if item not in news]}

    before = older["engagements"] if older else []
    uses = [without(find(before, used_for["id"]), used_for) for used_for in vendor["engagements"]]
    return without(older, vendor) | {"engagements": uses}


def _planned_happenings(vendor: Table, engagement: str | None, change: Table, kind: str) -> set[str]:
    """Return the events of a planned change, from the day before it to its day."""
    day = change["effective_on"]
    before = on_day(vendor, day - _ONE_DAY)
    if engagement is None:
        after = set_by(before, change)
    else:
        uses = [set_by(item, change) if item["id"] == engagement else item for item in before["engagements"]]
        after = before | {"engagements": uses}
    meant = [item for item in after["engagements"] if engagement in {None, item["id"]}]
    found = [happenings(before, after, item, day, kind) for item in meant if runs(after, item, day)]
    return set().union(*found)


def _says_why(old: Table | None, new: Table) -> bool:
    reason = new.get("short_notice")
    return bool(reason) and (old is None or old.get("short_notice") != reason)


# Whether the promise is kept.


def covered(
    before: Sequence[NaiveVersion], new: NaiveVersion
) -> Iterator[tuple[NaiveAnnouncement, list[dt.date]]]:
    """Yield the announced changes covered by a promise, with the earliest date under each promise."""
    for item in announcements_of(before, new):
        days = [first_right_day(new.day, notice) for notice in covering(before, new, item.what)]
        if days:
            yield item, days


def broken(before: Sequence[NaiveVersion], new: NaiveVersion) -> set[Key]:
    """Return the keys of the changes for which a version breaks a promise."""
    return {
        item.key
        for item, days in covered(before, new)
        if item.into_use or item.effective_on is None or (item.effective_on < max(days) and not item.excused)
    }


def records(known: dict[Key, Table], before: Sequence[NaiveVersion], new: NaiveVersion) -> dict[Key, Table]:
    """Return the announcement records of a version, as published.

    Args:
        known: The records of the previous version.
        before: All earlier versions.
        new: The version.
    """
    version = len(before) + 1
    found = {
        item.key: _record(version, new, item, covering(before, new, item.what))
        for item in announcements_of(before, new)
        if not item.into_use and not (item.of_start and not covering(before, new, item.what))
    }
    keys = {
        (id_, name, change and change["id"])
        for id_, vendor in new.vendors.items()
        for name, owner in owners(vendor)
        for change in (*([None] if name else []), *plans(owner))
    }
    kept = {key: _moved(record, key, before, new) for key, record in known.items()}
    return {key: found.get(key) or kept.get(key) or _record(version, new, None, []) for key in keys}


def _moved(record: Table, key: Key, before: Sequence[NaiveVersion], new: NaiveVersion) -> Table:
    """Return a record, its days recounted if the date was moved without a new announcement."""
    day = _day_of(key, new)
    if not record["required"] or day == _day_of(key, before[-1]):
        return record
    then = before[record["version"] - 1]
    counted = [
        notice
        for notice in binding(before[: record["version"] - 1], then)
        if (notice["days"], notice["day_count"]) == (record["promised_days"], record["day_count"])
    ]
    right, number = max((first_right_day(then.day, notice), -n) for n, notice in enumerate(counted))
    given = days_given(then.day, day, counted[-number]) if day else None
    return record | {"days": given, "met": day is not None and day >= right}


def _day_of(key: Key, version: NaiveVersion) -> dt.date | None:
    """Return the effective date of an announced change in a version."""
    id_, engagement, change = key
    owner: Table | None = version.vendors.get(id_)
    if owner is not None and engagement is not None:
        owner = find(owner["engagements"], engagement)
    if owner is not None and change is not None:
        owner = find(plans(owner), change)
    return owner.get("effective_on" if change else "starts_on") if owner else None


def ends(known: dict[Key, Table], before: Sequence[NaiveVersion], new: NaiveVersion) -> dict[Key, Table]:
    """Return the records of the versions that first published each cancellation and withdrawal."""
    keys = [
        (id_, name, item["id"] if item is not owner else None)
        for id_, vendor in new.vendors.items()
        for name, owner in owners(vendor)
        for item in (owner, *plans(owner))
        if item.get("cancelled") or item.get("withdrawn")
    ]
    return {key: known.get(key) or _record(len(before) + 1, new, None, []) for key in keys}


def _record(version: int, new: NaiveVersion, item: NaiveAnnouncement | None, promises: list[Table]) -> Table:
    record: Table = {"version": version, "at": new.at.isoformat().replace("+00:00", "Z")}
    names = ("promised_days", "days", "day_count", "met", "objection_until")
    if item is None or not promises:
        return record | {"required": False} | dict.fromkeys(names)
    rights = [first_right_day(new.day, notice) for notice in promises]
    strictest, day = promises[rights.index(max(rights))], item.effective_on
    until = max(last_objection(new.day, notice) or dt.date.min for notice in promises)
    return record | {
        "required": True,
        "promised_days": strictest["days"],
        "days": days_given(new.day, day, strictest) if day else None,
        "day_count": strictest["day_count"],
        "met": day is not None and day >= max(rights),
        "objection_until": None if until == dt.date.min else until.isoformat(),
    }
