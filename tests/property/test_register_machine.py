"""A register's whole life, at random: edits, publications, crashes, takeovers, refreshes.

What has to hold after every step is compared with a naive model: source tables as they were published,
and ``naive_promise``, which judges them by walking days. By default a few short lives; for longer ones::

    REGISTER_MACHINE=long .venv/bin/pytest tests/property/test_register_machine.py

runs some minutes.
"""

from __future__ import annotations

import copy
import datetime as dt
import os
import random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from breaking_disk import Crash, dying_after
from memory_folder import memory_folder
from naive_promise import Said, broken, covered, first_right_day, stands, surprises
from publishers import Publisher
from quick_disk import quick_disk
from register_api.core.canonical import decode, digest
from register_api.core.model import Register
from register_api.core.tree import REGISTER, kind_of, version_register
from register_api.core.two_clocks import Moment, as_known
from register_api.errors import Refused, StoreError
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import repository
from register_api.store.reader import open_snapshot
from register_api.verify.checks.session import Options
from register_api.verify.fetch.protocol import FolderFetcher
from register_api.verify.run import verify
from toml_source import write_source
from verify_outcome import failed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from register_api.store.reader import Snapshot

    Table = dict[str, Any]

LONG = os.environ.get("REGISTER_MACHINE") == "long"
SETTINGS = settings(
    max_examples=300 if LONG else 16,
    stateful_step_count=40 if LONG else 14,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

TODAY = dt.datetime.now(dt.UTC).replace(microsecond=0)
BEGIN = (TODAY - dt.timedelta(days=378 + TODAY.weekday())).replace(hour=9, minute=0, second=0)
"""A Monday some 54 weeks ago: a trust root of then is good to this day, by which freshness is judged."""

LONG_AGO = BEGIN - dt.timedelta(days=3000)
"""When history that is taken over begins."""

ONE_DAY = dt.timedelta(days=1)
HOURS = (1, 5, 24, 24 * 3, 24 * 10, 24 * 29, 24 * 30, 24 * 45)

NOTICE_RULES = {"R10", "R12", "R13"}
OTHER_RULES = {"R03", "R09", "R14", "R15"}
"""Rules that random edits may break besides those of the promise; no other may ever be named."""

EVENTS = ("addition", "replacement", "activation", "relocation", "data_changed")
WHEN = ("never said", "last week", "today", "a day early", "just right", "a day late", "far away")
PURPOSES = ("Hosting", "Mail", "Search")
DATA = ("Names", "Messages", "Payments")


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """What follows an edit: a publication some hours later, which may die at a step on the disk."""

    hours: int
    kind: str | None = None
    dies_after: int | None = None
    taken_over: bool = False


def mostly(usual: Any, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw the usual value three times out of four."""
    return st.integers(0, 3).flatmap(lambda n: st.one_of(*others) if n == 0 else st.just(usual))


thens = st.none() | st.builds(
    Then,
    hours=st.sampled_from(HOURS),
    kind=mostly(None, st.sampled_from(("editorial", "correction"))),
    dies_after=mostly(None, st.integers(0, 700)),
    taken_over=st.booleans(),
)
whens = st.sampled_from(WHEN)
chosen = st.integers(0, 20)
statuses = st.sampled_from(("active", "active", "conditional", "available"))
scopes = st.sampled_from((["none"], ["customer_account"], ["customer_content", "customer_account"]))


class RegisterMachine(RuleBasedStateMachine):
    """A publisher who does anything at all, and one who looks on.

    Attributes:
        said: Every version as the naive model has it, oldest first.
        book: The source as it is being edited: table of the register, tables of vendors by id.
        now: The machine's clock, handed to every publication.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = memory_folder()
        self.publisher = Publisher(self._folder.__enter__())
        self.said: list[Said] = []
        self.now = BEGIN
        self.chance = random.Random(0)  # noqa: S311 (the same for each run of an example)
        self.fixed: dict[str, str] = {}
        self.steps = 0
        self.made = 0

    @initialize(
        zone=st.sampled_from(("UTC", "Pacific/Kiritimati", "America/Los_Angeles")), days=st.integers(0, 40)
    )
    def begin(self, zone: str, days: int) -> None:
        """Write a source with two vendors; nothing is published yet."""
        self.zone = ZoneInfo(zone)
        notice = {"days": days, "day_count": "calendar", "applies_to": list(EVENTS[:3]), "holidays": []}
        self.register: Table = {
            "register": "machine.example/sub-processors",
            "updated_on": BEGIN.date(),
            "order": [],
            "publisher": {"name": "Machine", "time_zone": zone, "language": "en"},
            "notice": notice,
            "statuses": [{"id": id_, "title": id_} for id_ in ("active", "conditional", "available")],
            "categories": [{"id": id_, "title": id_} for id_ in ("all", "other")],
            "extra": {"note": "first"},
        }
        self.vendors: dict[str, Table] = {}
        for _ in range(2):
            self._new_vendor(_use("use-1", "active", None))

    # What a publisher may do. Each edit may be followed by a publication, or by more edits.

    @rule(
        status=statuses,
        when=whens,
        short=st.booleans(),
        replaces=mostly(False, st.just(True)),
        off=mostly(False, st.just(True)),
        then=thens,
    )
    def add_vendor(self, status: str, when: str, short: bool, replaces: bool, off: bool, then: Then | None):
        def edit() -> None:
            vendor = self._new_vendor(_use("use-1", status, self._day(when), short=short))
            if replaces:
                vendor["replaces"] = [next(iter(self.vendors))]
            if off:
                vendor["withdrawn"] = {"reason": "Listed by mistake"}

        self._do(edit, then)

    @rule(
        which=chosen,
        status=statuses,
        when=whens,
        short=mostly(False, st.just(True)),
        purpose=st.sampled_from(PURPOSES),
        scope=scopes,
        then=thens,
    )
    def add_use(
        self,
        which: int,
        status: str,
        when: str,
        short: bool,
        purpose: str,
        scope: list[str],
        then: Then | None,
    ):
        def edit() -> None:
            uses = self._vendor(which)["engagements"]
            said = _use(f"use-{len(uses) + 1}", status, self._day(when), short=short)
            uses.append(said | {"purpose": purpose, "data_scope": scope})

        self._do(edit, then)

    @rule(which=chosen, days=st.sampled_from((-3, -1, 0, 1, 20, 60)), then=thens)
    def end(self, which: int, days: int, then: Then | None):
        def edit() -> None:
            self._used_for(which)["ends_on"] = self._today() + dt.timedelta(days=days)

        self._do(edit, then)

    @rule(which=chosen, when=whens, keep=st.booleans(), then=thens)
    def resume(self, which: int, when: str, keep: bool, then: Then | None):
        def edit() -> None:
            used_for = self._used_for(which)
            used_for.pop("ends_on", None)
            if not keep:
                used_for["starts_on"] = self._day(when)

        self._do(edit, then)

    @rule(which=chosen, then=thens)
    def withdraw_or_list_again(self, which: int, then: Then | None):
        def edit() -> None:
            vendor = self._vendor(which)
            if not vendor.pop("withdrawn", None):
                vendor["withdrawn"] = {"reason": "Listed by mistake"}

        self._do(edit, then)

    @rule(which=chosen, number=st.integers(0, 99), then=thens)
    def rename(self, which: int, number: int, then: Then | None):
        def edit() -> None:
            vendor = self._vendor(which)
            vendor["formerly"] = [vendor["name"]]
            vendor["name"] = f"Name {number}"

        self._do(edit, then)

    @rule(which=chosen, country=st.sampled_from(("FI", "US", "EEA")), then=thens)
    def move(self, which: int, country: str, then: Then | None):
        self._do(lambda: self._used_for(which).update(locations=[{"country": country}]), then)

    @rule(
        which=chosen,
        data=st.lists(st.sampled_from(DATA), unique=True),
        scope=scopes,
        when=whens,
        then=thens,
    )
    def change_data(self, which: int, data: list[str], scope: list[str], when: str, then: Then | None):
        def edit() -> None:
            self._used_for(which).update(data_categories=data, data_scope=scope, starts_on=self._day(when))

        self._do(edit, then)

    @rule(
        which=chosen,
        field=st.sampled_from(("legal_name", "seat", "kind")),
        when=whens,
        short=mostly(False, st.just(True)),
        then=thens,
    )
    def become_another(self, which: int, field: str, when: str, short: bool, then: Then | None):
        def edit() -> None:
            vendor = self._vendor(which)
            values = {"legal_name": ("One Oy", "Two Ltd"), "seat": ("FI", "US"), "kind": ("affiliate",)}
            vendor[field] = next((value for value in values[field] if value != vendor.get(field)), None)
            if field == "kind":
                vendor["legal_name"] = "Three AB"
            for used_for in vendor["engagements"]:
                if used_for["status"] != "available":
                    used_for["starts_on"] = self._day(when)
                    used_for["short_notice"] = {"reason": "It was sold"} if short else None

        self._do(edit, then)

    @rule(which=chosen, status=statuses, when=whens, then=thens)
    def change_status(self, which: int, status: str, when: str, then: Then | None):
        def edit() -> None:
            used_for = self._used_for(which)
            said = _use(used_for["id"], status, self._day(when))
            used_for |= {name: said.get(name) for name in ("status", "condition", "starts_on", "ends_on")}

        self._do(edit, then)

    @rule(which=chosen, when=whens, short=mostly(None, st.booleans()), then=thens)
    def reschedule(self, which: int, when: str, short: bool | None, then: Then | None):
        def edit() -> None:
            used_for = self._used_for(which)
            if used_for["status"] != "available":
                used_for["starts_on"] = self._day(when)
            if short is not None:
                used_for["short_notice"] = {"reason": "It was urgent"} if short else None

        self._do(edit, then)

    @rule(
        days=st.sampled_from((0, 1, 10, 30, 60)),
        business=st.booleans(),
        events=mostly(EVENTS[:3], st.just(EVENTS), st.just(EVENTS[:1]), st.just(())),
        then=thens,
    )
    def promise(self, days: int, business: bool, events: tuple[str, ...], then: Then | None):
        def edit() -> None:
            holidays = [self._today() + dt.timedelta(days=number) for number in (2, 9)] if business else []
            self.register["notice"] = {
                "days": days,
                "day_count": "business" if business else "calendar",
                "applies_to": list(events),
                "holidays": holidays,
            }

        self._do(edit, then)

    @rule(seed=st.integers(0, 9), then=thens)
    def reorder(self, seed: int, then: Then | None):
        def edit() -> None:
            order = sorted(self.vendors)
            random.Random(seed).shuffle(order)  # noqa: S311
            self.register["order"] = order

        self._do(edit, then)

    @rule(which=chosen, purpose=st.sampled_from(PURPOSES), note=st.integers(0, 3), then=thens)
    def reword(self, which: int, purpose: str, note: int, then: Then | None):
        def edit() -> None:
            self._used_for(which)["purpose"] = purpose
            self.register["extra"] = {"note": f"note {note}"}

        self._do(edit, then)

    @rule(which=chosen, whole=st.booleans(), then=thens)
    def drop(self, which: int, whole: bool, then: Then | None):
        """Take something out of the source as if it had never been published."""

        def edit() -> None:
            vendor = self._vendor(which)
            if not whole and len(vendor["engagements"]) > 1:
                vendor["engagements"].remove(self._used_for(which))
            elif len(self.vendors) > 1:
                id_ = next(id_ for id_, listed in self.vendors.items() if listed is vendor)
                del self.vendors[id_]
                self.register["order"] = [name for name in self.register["order"] if name != id_]
                for other in self.vendors.values():
                    other.pop("replaces", None)

        self._do(edit, then)

    @rule(then=thens.filter(bool))
    def publish(self, then: Then):
        self._do(lambda: None, then)

    @rule(hours=st.sampled_from(HOURS), dies_after=mostly(None, st.integers(0, 30)))
    def refresh(self, hours: int, dies_after: int | None):
        self._pass(hours)
        before = self._visible()
        try:
            with dying_after(dies_after):
                self.publisher.refresh(self.now)
        except StoreError:
            assert not self.said
        except Crash:
            pass
        after = self._visible()
        assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} <= {
            path for path in after if path.startswith("trust/")
        }

    # How it is done.

    def _new_vendor(self, used_for: Table) -> Table:
        self.made += 1
        id_ = f"vendor-{self.made}"
        self.vendors[id_] = {"name": f"Vendor {self.made}", "legal_name": "One Oy", "engagements": [used_for]}
        return self.vendors[id_]

    def _vendor(self, which: int) -> Table:
        return list(self.vendors.values())[which % len(self.vendors)]

    def _used_for(self, which: int) -> Table:
        uses = [used_for for vendor in self.vendors.values() for used_for in vendor["engagements"]]
        return uses[which % len(uses)]

    def _today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    def _day(self, when: str) -> dt.date | None:
        """Return a day round the first that the source's own promise allows."""
        day = self._today()
        right = first_right_day(day, self.register["notice"])
        return {
            "never said": None,
            "last week": day - 7 * ONE_DAY,
            "today": day,
            "a day early": right - ONE_DAY,
            "just right": right,
            "a day late": right + ONE_DAY,
            "far away": day + 150 * ONE_DAY,
        }[when]

    def _pass(self, hours: int) -> None:
        """Let time pass; near the end of the year that there is, only minutes."""
        later = self.now + dt.timedelta(hours=hours)
        room = TODAY - dt.timedelta(hours=12)
        self.now = later if later < room else self.now + dt.timedelta(minutes=1)

    def _do(self, edit: Callable[[], None], then: Then | None) -> None:
        """Edit by the day of the publication that follows."""
        if then is not None:
            self._pass(then.hours)
        edit()
        if then is not None:
            self._publish(then)

    def _publish(self, then: Then) -> None:
        at = self._instant_taken_over(then) if then.taken_over else None
        corrects = len(self.said) if then.kind == "correction" else None
        new = self._as_said(then, at)
        write_source(self.publisher.source, self.register, self.vendors)
        before = self._visible()
        try:
            with dying_after(then.dies_after):
                done = self.publisher.publish(
                    self.now, at=at, kind=then.kind, corrects=corrects, text="By the machine"
                )
        except Crash:
            snapshot = open_snapshot(self.publisher.store)
            visible = snapshot.state.version if snapshot else 0
            assert visible in {len(self.said), len(self.said) + 1}
            if visible == len(self.said) + 1:
                self._publication_is_right(new)
            return
        except Refused as refused:
            assert self._visible() == before
            self._refusal_is_right(refused, new, then)
            self._back_to_what_is_published()
            return
        if done.snapshot is None:
            assert _content(new.register, new.vendors) == _content(
                self.said[-1].register, self.said[-1].vendors
            )
            assert self._visible() == before
        else:
            self._publication_is_right(new)

    def _instant_taken_over(self, then: Then) -> dt.datetime:
        if not self.said:
            return LONG_AGO
        return min(self.now, self.said[-1].at + dt.timedelta(hours=then.hours))

    def _as_said(self, then: Then, at: dt.datetime | None) -> Said:
        usual = "change" if self.said else "initial"
        instant = at or self.now
        return Said(
            at=instant,
            day=instant.astimezone(self.zone).date(),
            live=at is None,
            kind=then.kind or usual,
            register=copy.deepcopy(self.register),
            vendors=copy.deepcopy(self.vendors),
        )

    def _back_to_what_is_published(self) -> None:
        if self.said:
            self.register = copy.deepcopy(self.said[-1].register)
            self.vendors = copy.deepcopy(self.said[-1].vendors)

    def _refusal_is_right(self, refused: Refused, new: Said, then: Then) -> None:
        rules = {finding.rule for finding in refused.findings if finding.severity == "error"}
        assert rules
        assert rules <= NOTICE_RULES | OTHER_RULES
        if rules & NOTICE_RULES:
            assert broken(self.said, new)
        if "R03" in rules:
            lost = not _ids(new) >= _ids(self.said[-1])
            assert lost or any(vendor.get("kind") == "affiliate" for vendor in new.vendors.values())
        if "R14" in rules:
            editorial = then.kind == "editorial" and (not self.said or any(covered(self.said, new)))
            assert editorial or (then.kind == "correction" and not self.said)
        if "R15" in rules:
            assert then.taken_over
            assert any(version.live for version in self.said) or new.at <= self.said[-1].at

    def _publication_is_right(self, new: Said) -> None:
        """Compare what was published with the model, and let it be judged."""
        assert not broken(self.said, new)
        assert not (new.kind == "editorial" and any(covered(self.said, new)))
        assert new.live or not any(version.live for version in self.said)
        if self.said:
            assert _ids(new) >= _ids(self.said[-1])
            assert new.at > self.said[-1].at
        self.said.append(new)
        snapshot = self._snapshot()
        data = snapshot.read(version_register(len(self.said)))
        assert snapshot.read(REGISTER) == data
        wire = msgspec.json.decode(data)
        published = {vendor.pop("id"): vendor for vendor in wire["subprocessors"]}
        assert _content(wire, published) == _content(new.register, new.vendors)
        order = new.register["order"]
        assert list(published) == [*order, *sorted(new.vendors.keys() - set(order))]
        assert wire["recorded"] == ("live" if new.live else "imported")
        assert decode(data, Register).published_at == new.at

    def _snapshot(self) -> Snapshot:
        return self.publisher.snapshot()

    def _visible(self) -> dict[str, bytes]:
        """Return what a static host would serve."""
        public = self.publisher.store / "public"
        return {
            path.relative_to(public).as_posix(): path.read_bytes()
            for path in public.rglob("*")
            if path.is_file()
        }

    # What has to hold after every step.

    @invariant()
    def versions_have_no_gaps(self) -> None:
        if self.said:
            assert list(self.publisher.registers()) == list(range(1, len(self.said) + 1))
            assert self._snapshot().state.version == len(self.said)

    @invariant()
    def no_fixed_file_ever_changes(self) -> None:
        found = {
            path: digest(data)
            for path, data in self._visible().items()
            if not path.endswith((".gz", ".br", ".zst")) and kind_of(path).cache == "fixed"
        }
        changed = {path for path, sha256 in self.fixed.items() if found.get(path, sha256) != sha256}
        assert not changed
        lost = self.fixed.keys() - found.keys()
        assert not {path for path in lost if not path.startswith("trust/")}
        self.fixed |= found

    @invariant()
    def no_id_is_lost(self) -> None:
        if self.said:
            newest = decode(self._snapshot().read(REGISTER), Register)
            ids = {(vendor.id, item.id) for vendor in newest.subprocessors for item in vendor.engagements}
            assert ids >= {ids_ for version in self.said for ids_ in _ids(version)}

    @invariant()
    def both_clocks_tell_what_was_said(self) -> None:
        """The state on some day as known on another, from the published files and from the model."""
        if not self.said:
            return
        first, last = self.said[0].day, self.said[-1].day
        stored = Stored(self.publisher, self.zone)
        for _ in range(3):
            known = first + dt.timedelta(days=self.chance.randint(-2, (last - first).days + 2))
            on = last + dt.timedelta(days=self.chance.randint(-60, 200))
            versions = [version for version in self.said if version.day <= known]
            expected = {
                (id_, used_for["id"], stands(vendor, used_for, on))
                for version in versions[-1:]
                for id_, vendor, used_for in version.uses()
            }
            answer = as_known(stored, Moment(on=on, known_at=known))
            rows = answer.rows() if answer else ()
            assert {(row.vendor.id, row.engagement.id, row.state) for row in rows} == expected
            assert (answer.register.version if answer else 0) == len(versions)

    @invariant()
    def the_newest_version_verifies_now_and_then(self) -> None:
        self.steps += 1
        if self.said and self.steps % 5 == 0:
            self._verify("none")

    def teardown(self) -> None:
        try:
            if self.said:
                self._verify("all")
                assert not surprises(self.said)
        finally:
            self._folder.__exit__(None, None, None)

    def _verify(self, history: str) -> None:
        """Check the published folder like a customer of today, with the freshness of today."""
        snapshot, keyring = self._snapshot(), Keyring.open(self.publisher.keys, create=False)
        fetcher = Refreshed(
            self.publisher.store / "public", repository.refresh(snapshot.read, keyring, TODAY)
        )
        report = verify("folder", Options(wait=0, history=history), TODAY, fetcher=fetcher)
        assert (report.exit_code, failed(report), report.version) == (0, {}, len(self.said))
        if history == "all":
            assert report.versions_checked == (1, len(self.said))


class Refreshed:
    """A published folder with a few newer files, which it does not hold yet."""

    def __init__(self, folder: Path, newer: dict[str, bytes]) -> None:
        self._folder = FolderFetcher(folder)
        self._newer = newer

    def get(self, path: str, max_bytes: int) -> bytes:
        return self._newer[path] if path in self._newer else self._folder.get(path, max_bytes)


class Stored:
    """The published versions as a reader of files has them."""

    def __init__(self, publisher: Publisher, zone: ZoneInfo) -> None:
        self.zone = zone
        self._data = publisher.registers()
        self.newest = len(self._data)
        self.published = [self.register(version).published_at for version in self._data]

    def register(self, version: int) -> Register:
        return decode(self._data[version], Register)

    def sha256(self, version: int) -> str:
        return digest(self._data[version])


def _use(id_: str, status: str, starts_on: dt.date | None, *, short: bool = False) -> Table:
    """Return an engagement that has what its status asks for."""
    return {
        "id": id_,
        "category": "all",
        "status": status,
        "purpose": "Hosting",
        "condition": {"type": "consent"} if status == "conditional" else None,
        "data_scope": ["customer_account"],
        "data_categories": ["Names"],
        "locations": [{"country": "FI"}],
        "starts_on": None if status == "available" else starts_on,
        "ends_on": None,
        "short_notice": {"reason": "It was urgent"} if short else None,
    }


def _ids(version: Said) -> set[tuple[str, str]]:
    return {(id_, used_for["id"]) for id_, _, used_for in version.uses()}


def _content(register: Table, vendors: dict[str, Table]) -> Table:
    """Return what was said, on the wire or in the source, in one form: what is empty left out."""
    return {
        "notice": _plain(register["notice"]),
        "extra": _plain(register["extra"]),
        "vendors": {id_: _plain(vendor) for id_, vendor in vendors.items()},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        items = {name: _plain(item) for name, item in value.items() if name != "announced"}
        defaults = {"kind": "third_party"}
        return {
            name: item
            for name, item in items.items()
            if item not in (None, [], {}, False) and defaults.get(name) != item
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def test_a_register_lives() -> None:
    """Whatever is done to it, the log verifies, promises are kept, and both clocks agree with the model."""
    with quick_disk():
        run_state_machine_as_test(RegisterMachine, settings=SETTINGS)
