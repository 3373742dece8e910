"""A source as plain tables, and random edits that a publisher may make."""

from __future__ import annotations

import copy
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st

from naive_planned import effective, folded, owners, plans, state_of
from naive_promise import first_right_day

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from naive_promise import Key

    Table = dict[str, Any]

EVENTS = ("addition", "replacement", "activation", "relocation", "data_changed")
WHEN = ("just right", "far away", "a day early", "a day late", "never said", "today", "last week")
COUNTRIES = ("US", "EEA", "SE", "JP", "FI")
DATA = ("Messages", "Payments", "Calls", "Names")
PURPOSES = ("Hosting", "Mail", "Search")
VALUES = {
    "legal_name": ("Two Ltd", "Three SE", "One Oy"),
    "seat": ("FI", "US"),
    "kind": ("affiliate", "third_party"),
}

_ONE_DAY = dt.timedelta(days=1)


class Edit(msgspec.Struct, frozen=True):
    """One edit of a source: a method of ``Book`` and its arguments."""

    name: str
    args: dict[str, Any]


class Book:
    """A source that is being edited.

    Attributes:
        register: Table of ``register.toml``.
        vendors: Tables of the vendors' files, by id.
    """

    def __init__(self, zone: str, today: dt.date, promise: Edit) -> None:
        """Start with a notice promise, and one vendor in each state."""
        self.register: Table = {
            "register": "machine.example/sub-processors",
            "order": [],
            "publisher": {"name": "Machine", "time_zone": zone, "language": "en"},
            "statuses": [{"id": id_, "title": id_} for id_ in ("active", "conditional", "available")],
            "categories": [{"id": id_, "title": id_} for id_ in ("all", "other")],
            "extra": {"note": "first"},
        }
        self.vendors: dict[str, Table] = {}
        self.apply(promise, today)
        self._made = 0
        self._planned = 0
        for status, starts_on in (
            ("active", None),
            ("available", None),
            ("conditional", None),
            ("active", today + 90 * _ONE_DAY),
        ):
            self._list(_use("use-1", status, starts_on))

    def tables(self) -> tuple[Table, dict[str, Table]]:
        """Return copies of both tables."""
        return copy.deepcopy((self.register, self.vendors))

    def take_back(self, tables: tuple[Table, dict[str, Table]]) -> None:
        """Restore earlier tables."""
        self.register, self.vendors = copy.deepcopy(tables)

    def apply(self, edit: Edit, today: dt.date) -> None:
        """Make an edit on a day."""
        getattr(self, edit.name)(today, **edit.args)

    def start(self, key: Key, day: dt.date) -> None:
        """Make an engagement or a planned change effective on a day, without a short-notice reason."""
        vendor, engagement, planned = key
        owner = dict(owners(self.vendors[vendor]))[engagement]
        for change in plans(owner):
            if change["id"] == planned:
                change.update(effective_on=day, short_notice=None)
        if planned is None:
            _date(owner, starts_on=day, short_notice=None)

    def add_vendor(
        self, today: dt.date, *, status: str, when: str, short: bool, replaces: bool, off: bool
    ) -> None:
        vendor = self._list(_use("use-1", status, self._day(when, today), short=short))
        if replaces:
            vendor["replaces"] = [next(iter(self.vendors))]
        if off:
            vendor["withdrawn"] = {"reason": "Listed by mistake"}

    def add_use(
        self,
        today: dt.date,
        *,
        which: int,
        status: str,
        when: str,
        short: bool,
        purpose: str,
        scope: list[str],
    ) -> None:
        uses = self._vendor(which)["engagements"]
        said = _use(f"use-{len(uses) + 1}", status, self._day(when, today), short=short)
        uses.append(said | {"purpose": purpose, "data_scope": scope})

    def end(self, today: dt.date, *, which: int, days: int) -> None:
        _date(self._used_for(which), ends_on=today + days * _ONE_DAY)

    def resume(self, today: dt.date, *, which: int, when: str) -> None:
        vendor, used_for = self._use(which)
        _date(used_for, ends_on=None)
        if state_of(vendor, used_for, today) != "in_force":
            _date(used_for, starts_on=self._day(when, today))

    def withdraw_or_list_again(self, _today: dt.date, *, which: int) -> None:
        vendor = self._vendor(which)
        if not vendor.pop("withdrawn", None):
            vendor["withdrawn"] = {"reason": "Listed by mistake"}

    def rename(self, _today: dt.date, *, which: int, number: int) -> None:
        vendor = self._vendor(which)
        vendor |= {"formerly": [vendor["name"]], "name": f"Name {number}"}

    def move(self, _today: dt.date, *, which: int, country: str) -> None:
        self._used_for(which)["locations"] = [{"country": country}]

    def change_data(self, _today: dt.date, *, which: int, data: list[str], scope: list[str]) -> None:
        self._used_for(which).update(data_categories=data, data_scope=scope)

    def become_another(self, today: dt.date, *, which: int, fields: set[str], when: str, short: bool) -> None:
        vendor = self._vendor(which)
        for field in fields:
            vendor[field] = next(value for value in VALUES[field] if value != vendor.get(field))
        for used_for in vendor["engagements"]:
            if state_of(vendor, used_for, today) == "announced":
                _date(used_for, starts_on=self._day(when, today), short_notice=_short(short))

    def change_status(self, today: dt.date, *, which: int, status: str, when: str) -> None:
        vendor, used_for = self._use(which)
        said = _use(used_for["id"], status, self._day(when, today))
        keeps_dates = status != "available" and state_of(vendor, used_for, today) == "in_force"
        names = ("status", "conditions") if keeps_dates else ("status", "conditions", "starts_on", "ends_on")
        used_for |= {name: said[name] for name in names}

    def reschedule(self, today: dt.date, *, which: int, when: str, short: bool) -> None:
        """Move the start of an engagement, preferably one that has not begun."""
        used_for = (self._announced(today, which) or [self._used_for(which)])[0]
        _date(used_for, starts_on=self._day(when, today), short_notice=_short(short))

    def plan(self, today: dt.date, *, which: int, sets: Table, when: str, short: bool) -> None:
        """Plan a change of an engagement, or of its vendor if the fields belong to vendors."""
        vendor, used_for = self._use(which)
        owner = vendor if sets.keys() & VALUES.keys() else used_for
        known = plans(owner)
        day = self._day(when, today) or today + 40 * _ONE_DAY
        self._planned += 1  # ids are never reused, not even after folding
        change = {"id": f"change-{self._planned}", "effective_on": day, "set": copy.deepcopy(sets)}
        owner["planned"] = [*known, change | {"short_notice": _short(short), "cancelled": None}]

    def replan(self, today: dt.date, *, which: int, days: int, short: bool) -> None:
        """Postpone a planned change or bring it forward."""
        for change in self._ahead(today, which):
            change["effective_on"] += days * _ONE_DAY
            change["short_notice"] = change["short_notice"] if not short else {"reason": f"Urgent {today}"}

    def plan_otherwise(self, today: dt.date, *, which: int, country: str) -> None:
        for change in self._ahead(today, which):
            if "locations" in change["set"]:
                change["set"]["locations"] = [{"country": country}]

    def cancel(self, today: dt.date, *, which: int) -> None:
        """Cancel a planned change that has not taken effect."""
        for change in self._ahead(today, which):
            change["cancelled"] = {"reason": "It will not come"}

    def cancel_start(self, today: dt.date, *, which: int) -> None:
        """Cancel an engagement that has not begun."""
        for used_for in self._announced(today, which):
            used_for["cancelled"] = {"reason": "It will not come"}

    def fold(self, today: dt.date) -> None:
        """Move effective planned changes into the base fields."""
        self.vendors = {id_: folded(vendor, today) for id_, vendor in self.vendors.items()}

    def days_to_next(self, today: dt.date) -> int:
        """Return the days to the next planned change; 0 if a change has taken effect."""
        days = [change["effective_on"] for change in self._all_ahead(today)]
        return 0 if self.can_fold(today) else (min(days, default=today) - today).days

    def can_fold(self, today: dt.date) -> bool:
        """Return whether a planned change has taken effect."""
        return any(effective(owner, today) for vendor in self.vendors.values() for _, owner in owners(vendor))

    def lower(self, _today: dt.date, *, days: int, events: tuple[str, ...]) -> None:
        """Promise less than before."""
        self.register["notice"] |= {"days": days, "applies_to": list(events)}

    def promise(
        self, today: dt.date, *, days: int, business: bool, events: tuple[str, ...], objection: int | None
    ) -> None:
        self.register["notice"] = {
            "days": days,
            "day_count": "business" if business else "calendar",
            "applies_to": list(events),
            "holidays": [today + number * _ONE_DAY for number in (2, 9)] if business else [],
            "objection": None
            if objection is None
            else {"days": objection, "contact": "mailto:privacy@machine.example"},
        }

    def reorder(self, _today: dt.date, *, seed: int) -> None:
        order = sorted(self.vendors)
        random.Random(seed).shuffle(order)  # noqa: S311 (an order that can be repeated)
        self.register["order"] = order

    def reword(self, _today: dt.date, *, which: int, purpose: str, note: int) -> None:
        self._used_for(which)["purpose"] = purpose
        self.register["extra"] = {"note": f"note {note}"}

    def drop(self, _today: dt.date, *, which: int, whole: bool) -> None:
        """Delete a vendor or an engagement without a trace."""
        id_ = list(self.vendors)[which % len(self.vendors)]
        if not whole and len(self.vendors[id_]["engagements"]) > 1:
            self.vendors[id_]["engagements"].pop()
        elif len(self.vendors) > 1:
            del self.vendors[id_]
            self.register["order"] = [name for name in self.register["order"] if name != id_]
            for other in self.vendors.values():
                other.pop("replaces", None)

    def _list(self, used_for: Table) -> Table:
        self._made += 1
        vendor = {"name": f"Vendor {self._made}", "legal_name": "One Oy", "engagements": [used_for]}
        self.vendors[f"vendor-{self._made}"] = vendor
        return vendor

    def _vendor(self, which: int) -> Table:
        return list(self.vendors.values())[which % len(self.vendors)]

    def _used_for(self, which: int) -> Table:
        return self._use(which)[1]

    def _use(self, which: int) -> tuple[Table, Table]:
        uses = [(vendor, used_for) for vendor in self.vendors.values() for used_for in vendor["engagements"]]
        return uses[which % len(uses)]

    def _announced(self, today: dt.date, which: int) -> list[Table]:
        """Return a list of one engagement that has not begun, or an empty one."""
        announced = [
            used_for
            for vendor in self.vendors.values()
            for used_for in vendor["engagements"]
            if state_of(vendor, used_for, today) == "announced"
        ]
        return announced[which % max(len(announced), 1) :][:1]

    def _ahead(self, today: dt.date, which: int) -> list[Table]:
        """Return a list of one planned change that has not taken effect, or an empty one."""
        ahead = self._all_ahead(today)
        return ahead[which % max(len(ahead), 1) :][:1]

    def _all_ahead(self, today: dt.date) -> list[Table]:
        return [
            change
            for vendor in self.vendors.values()
            for _, owner in owners(vendor)
            for change in plans(owner)
            if not change["cancelled"] and change["effective_on"] > today
        ]

    def _day(self, when: str, today: dt.date) -> dt.date | None:
        """Return a day near the earliest that the current promise allows."""
        right = first_right_day(today, self.register["notice"])
        return {
            "never said": None,
            "last week": today - 7 * _ONE_DAY,
            "today": today,
            "a day early": right - _ONE_DAY,
            "just right": right,
            "a day late": right + _ONE_DAY,
            "far away": today + 150 * _ONE_DAY,
        }[when]


def _use(id_: str, status: str, starts_on: dt.date | None, *, short: bool = False) -> Table:
    """Return an engagement with the fields that its status requires."""
    return {
        "id": id_,
        "category": "all",
        "status": status,
        "purpose": "Hosting",
        "conditions": [{"type": "consent"}] if status == "conditional" else [],
        "data_scope": ["customer_account"],
        "data_categories": ["Names"],
        "locations": [{"country": "FI"}],
        "starts_on": None if status == "available" else starts_on,
        "ends_on": None,
        "short_notice": _short(short),
    }


def _short(said: bool) -> Table | None:
    return {"reason": "It was urgent"} if said else None


def _date(used_for: Table, **days: Any) -> None:
    """Set dates of an engagement, unless its status forbids them."""
    if used_for["status"] != "available":
        used_for.update(days)


def mostly(usual: Any, *others: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Draw the usual value three times out of four."""
    return st.integers(0, 3).flatmap(lambda number: st.just(usual) if number < 3 else st.one_of(*others))


_SELDOM = mostly(False, st.just(True))
_WHICH = st.integers(0, 20)
_EVENTS = mostly(EVENTS, st.just(EVENTS[:3]), st.just(EVENTS[:3]), st.just(EVENTS[:1]), st.just(()))
_PURPOSE = st.sampled_from(PURPOSES)
_SCOPE = st.sampled_from((["customer_content", "customer_account"], ["customer_account"], []))
_COUNTRY = st.sampled_from(COUNTRIES)
_DATA = st.lists(st.sampled_from(DATA), unique=True)
_START = {
    "status": st.sampled_from(("active", "active", "conditional", "available")),
    "when": st.sampled_from(WHEN[:2]) | st.sampled_from(WHEN),
}


def edits() -> SearchStrategy[Edit]:
    """Draw an edit."""
    return starts() | promises() | _others()


def starts() -> SearchStrategy[Edit]:
    """Draw an edit that a notice promise may cover."""
    return st.one_of(
        _edit("add_vendor", **_START, short=_SELDOM, replaces=_SELDOM, off=_SELDOM),
        _edit("add_use", which=_WHICH, **_START, short=_SELDOM, purpose=_PURPOSE, scope=_SCOPE),
        _edit("resume", which=_WHICH, when=_START["when"]),
        _edit("withdraw_or_list_again", which=_WHICH),
        _edit(
            "become_another",
            which=_WHICH,
            fields=st.sets(st.sampled_from(sorted(VALUES)), min_size=1, max_size=2),
            when=_START["when"],
            short=_SELDOM,
        ),
        _edit("change_status", which=_WHICH, **_START),
        _edit("reschedule", which=_WHICH, when=_START["when"], short=_SELDOM),
        _edit(
            "change_data",
            which=_WHICH,
            data=_DATA,
            scope=_SCOPE,
        ),
        _edit("move", which=_WHICH, country=_COUNTRY),
        planned_edits(),
    )


def planned_edits() -> SearchStrategy[Edit]:
    """Draw an edit that plans a change, or alters a planned one."""
    return st.one_of(
        plans_made(),
        _edit("replan", which=_WHICH, days=st.sampled_from((-40, -3, -1, 1, 30)), short=_SELDOM),
        _edit("plan_otherwise", which=_WHICH, country=_COUNTRY),
        _edit("cancel", which=_WHICH),
        _edit("cancel_start", which=_WHICH),
    )


def plans_made() -> SearchStrategy[Edit]:
    """Draw a planned change, usually one that a promise may cover."""
    sets = st.one_of(
        _COUNTRY.map(lambda country: {"locations": [{"country": country}]}),
        _DATA.filter(bool).map(lambda data: {"data_categories": data}),
        _SCOPE.map(lambda scope: {"data_scope": scope}),
        st.sampled_from(("active", "active", "available")).map(lambda status: {"status": status}),
        st.sets(st.sampled_from(sorted(VALUES)), min_size=1, max_size=2).flatmap(
            lambda names: st.fixed_dictionaries({name: st.sampled_from(VALUES[name]) for name in names})
        ),
    )
    return _edit("plan", which=_WHICH, sets=sets, when=_START["when"], short=_SELDOM)


def promises() -> SearchStrategy[Edit]:
    """Draw another notice promise."""
    return first_promises() | first_promises() | _edit("lower", days=st.sampled_from((14, 5)), events=_EVENTS)


def first_promises() -> SearchStrategy[Edit]:
    """Draw a notice promise."""
    return _edit(
        "promise",
        days=st.sampled_from((30, 30, 60, 10, 1, 0)),
        business=st.booleans(),
        events=_EVENTS,
        objection=st.sampled_from((None, 0, 5, 14, 30, 45)),
    )


def _others() -> SearchStrategy[Edit]:
    return st.one_of(
        _edit("end", which=_WHICH, days=st.sampled_from((0, 1, 20, 60, -1))),
        _edit("rename", which=_WHICH, number=st.integers(0, 99)),
        _edit("reorder", seed=st.integers(0, 9)),
        _edit("reword", which=_WHICH, purpose=_PURPOSE, note=st.integers(0, 3)),
        _edit("fold"),
        _edit("drop", which=_WHICH, whole=st.booleans()),
    )


def _edit(name: str, **args: SearchStrategy[Any]) -> SearchStrategy[Edit]:
    return st.builds(Edit, st.just(name), st.fixed_dictionaries(args))
