"""A source as plain tables, and everything a publisher may do to it, drawn at random."""

from __future__ import annotations

import copy
import datetime as dt
import random
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import strategies as st

from naive_promise import first_right_day

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Table = dict[str, Any]

EVENTS = ("addition", "replacement", "activation", "relocation", "data_changed")
WHEN = ("just right", "far away", "a day early", "a day late", "never said", "today", "last week")
PURPOSES = ("Hosting", "Mail", "Search")
VALUES = {"legal_name": ("One Oy", "Two Ltd"), "seat": ("FI", "US"), "kind": ("affiliate", "third_party")}

_ONE_DAY = dt.timedelta(days=1)


class Edit(msgspec.Struct, frozen=True):
    """One thing done to a source: a method of ``Book`` and its arguments."""

    name: str
    args: dict[str, Any]


class Book:
    """A source that is being edited.

    Attributes:
        register: Table of ``register.toml``.
        vendors: Tables of the vendors' files, by id.
    """

    def __init__(self, zone: str, updated_on: dt.date, days: int) -> None:
        """Begin with a promise of some days, and one vendor in each state."""
        self.register: Table = {
            "register": "machine.example/sub-processors",
            "updated_on": updated_on,
            "order": [],
            "publisher": {"name": "Machine", "time_zone": zone, "language": "en"},
            "notice": {
                "days": days,
                "day_count": "calendar",
                "applies_to": list(EVENTS[:3]),
                "holidays": [],
            },
            "statuses": [{"id": id_, "title": id_} for id_ in ("active", "conditional", "available")],
            "categories": [{"id": id_, "title": id_} for id_ in ("all", "other")],
            "extra": {"note": "first"},
        }
        self.vendors: dict[str, Table] = {}
        self._made = 0
        for status, starts_on in (
            ("active", None),
            ("available", None),
            ("conditional", None),
            ("active", updated_on + 90 * _ONE_DAY),
        ):
            self._list(_use("use-1", status, starts_on))

    def tables(self) -> tuple[Table, dict[str, Table]]:
        """Return copies of both tables."""
        return copy.deepcopy((self.register, self.vendors))

    def take_back(self, tables: tuple[Table, dict[str, Table]]) -> None:
        """Let the source say again what it said."""
        self.register, self.vendors = copy.deepcopy(tables)

    def apply(self, edit: Edit, today: dt.date) -> None:
        """Do something on a day."""
        getattr(self, edit.name)(today, **edit.args)

    def start(self, vendor: str, engagement: str, day: dt.date) -> None:
        """Let an engagement start on a day, without excuse."""
        for used_for in self.vendors[vendor]["engagements"]:
            if used_for["id"] == engagement:
                _date(used_for, starts_on=day, short_notice=None)

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
        _date(self._used_for(which), ends_on=None, starts_on=self._day(when, today))

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
            _date(used_for, starts_on=self._day(when, today), short_notice=_short(short))

    def change_status(self, today: dt.date, *, which: int, status: str, when: str) -> None:
        used_for = self._used_for(which)
        said = _use(used_for["id"], status, self._day(when, today))
        used_for |= {name: said[name] for name in ("status", "conditions", "starts_on", "ends_on")}

    def reschedule(self, today: dt.date, *, which: int, when: str, short: bool) -> None:
        _date(self._used_for(which), starts_on=self._day(when, today), short_notice=_short(short))

    def promise(self, today: dt.date, *, days: int, business: bool, events: tuple[str, ...]) -> None:
        self.register["notice"] = {
            "days": days,
            "day_count": "business" if business else "calendar",
            "applies_to": list(events),
            "holidays": [today + number * _ONE_DAY for number in (2, 9)] if business else [],
        }

    def reorder(self, _today: dt.date, *, seed: int) -> None:
        order = sorted(self.vendors)
        random.Random(seed).shuffle(order)  # noqa: S311 (an order that can be repeated)
        self.register["order"] = order

    def reword(self, _today: dt.date, *, which: int, purpose: str, note: int) -> None:
        self._used_for(which)["purpose"] = purpose
        self.register["extra"] = {"note": f"note {note}"}

    def drop(self, _today: dt.date, *, which: int, whole: bool) -> None:
        """Take something out as if it had never been published."""
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
        uses = [used_for for vendor in self.vendors.values() for used_for in vendor["engagements"]]
        return uses[which % len(uses)]

    def _day(self, when: str, today: dt.date) -> dt.date | None:
        """Return a day round the first that the newest promise allows."""
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
    """Return an engagement that has what its status asks for."""
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
    """Set dates of an engagement, if it may have any."""
    if used_for["status"] != "available":
        used_for.update(days)


def mostly(usual: Any, *others: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Draw the usual value three times out of four."""
    return st.integers(0, 3).flatmap(lambda number: st.just(usual) if number < 3 else st.one_of(*others))


_SELDOM = mostly(False, st.just(True))
_WHICH = st.integers(0, 20)
_PURPOSE = st.sampled_from(PURPOSES)
_SCOPE = st.sampled_from(([], ["customer_account"], ["customer_content", "customer_account"]))
_START = {
    "status": st.sampled_from(("active", "active", "conditional", "available")),
    "when": st.sampled_from(WHEN[:2]) | st.sampled_from(WHEN),
}


def edits() -> SearchStrategy[Edit]:
    """Draw one thing to do."""
    return starts() | promises() | _others()


def starts() -> SearchStrategy[Edit]:
    """Draw something that a promise may cover."""
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
            data=st.lists(st.sampled_from(("Names", "Messages", "Payments")), unique=True),
            scope=_SCOPE,
        ),
        _edit("move", which=_WHICH, country=st.sampled_from(("FI", "US", "EEA"))),
    )


def promises() -> SearchStrategy[Edit]:
    """Draw another notice promise."""
    return _edit(
        "promise",
        days=st.sampled_from((30, 60, 10, 1, 0)),
        business=st.booleans(),
        events=mostly(EVENTS[:3], st.just(EVENTS), st.just(EVENTS[:1]), st.just(())),
    )


def _others() -> SearchStrategy[Edit]:
    return st.one_of(
        _edit("end", which=_WHICH, days=st.sampled_from((0, 1, 20, 60, -1))),
        _edit("rename", which=_WHICH, number=st.integers(0, 99)),
        _edit("reorder", seed=st.integers(0, 9)),
        _edit("reword", which=_WHICH, purpose=_PURPOSE, note=st.integers(0, 3)),
        _edit("drop", which=_WHICH, whole=st.booleans()),
    )


def _edit(name: str, **args: SearchStrategy[Any]) -> SearchStrategy[Edit]:
    return st.builds(Edit, st.just(name), st.fixed_dictionaries(args))
