"""A register's whole life, at random: edits, publications, crashes, takeovers, refreshes.

What has to hold after every step is compared with a naive model: source tables as they were published,
and ``naive_promise``, which judges them and recounts each announcement by walking days. By default a few
short lives; for longer ones::

    REGISTER_MACHINE=long .venv/bin/pytest tests/property/test_register_machine.py

runs some ten minutes.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from breaking_disk import Crash, dying_after
from memory_folder import memory_folder
from naive_ahead import ahead
from naive_lasting import ids, lost_plans, used_for_another
from naive_planned import owners, plans
from naive_promise import NaiveVersion, also_binding, broken, covered, ends, records
from naive_surprises import surprises
from published_forms import content, events, held, plain, published_records, unplanned
from publishers import Publisher
from quick_disk import quick_disk
from register_api.core.canonical import decode, digest
from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.language.language import ENGLISH
from register_api.core.model import Register
from register_api.core.upcoming_events import upcoming
from register_api.errors import Refused, StoreError
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import repository
from register_api.serve.answer.archive import AsOf, register_as_of
from register_api.source.edit import SourceEdit
from register_api.source.load import load
from register_api.store.reader import open_snapshot
from register_api.verify.engine import verify
from register_api.verify.fetcher import FolderFetcher
from register_api.verify.options import Options
from source_book import Book, Edit, edits, first_promises, mostly, planned_edits, plans_made, promises, starts
from thoroughness import examples
from toml_source import write_source
from verify_outcome import failed

if TYPE_CHECKING:
    from pathlib import Path

    from naive_promise import Key
    from register_api.core.model import Draft
    from register_api.store.reader import Snapshot

    Table = dict[str, Any]

LONG = os.environ.get("REGISTER_MACHINE") == "long"
SETTINGS = settings(
    max_examples=400 if LONG else examples(20),
    stateful_step_count=40 if LONG else 15,
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

NOTICE_RULES = {"R10", "R11", "R12", "R13"}
OTHER_RULES = {"R03", "R09", "R14", "R15"}
"""Rules that random edits may break besides those of the promise; no other may ever be named."""


class Then(msgspec.Struct, frozen=True, kw_only=True):
    """What follows an edit: a publication some hours later.

    Attributes:
        dies_after: Steps on the disk after which the process dies; ``None``: it lives.
        taken_over: Whether the version is imported history.
    """

    hours: int
    kind: str | None = None
    dies_after: int | None = None
    taken_over: bool = False


publications = st.builds(
    Then,
    hours=st.sampled_from(HOURS),
    kind=mostly(None, st.sampled_from(("editorial", "correction"))),
    dies_after=mostly(None, st.none() | st.integers(0, 600)),
    taken_over=mostly(False, mostly(False, st.just(True))),
)
thens = mostly(None, publications) | publications


class RegisterMachine(RuleBasedStateMachine):
    """A publisher who does anything at all, and one who looks on.

    Attributes:
        versions: Every version as the naive model has it, oldest first.
        announced: Who announced what the newest version holds, as the naive model counts.
        ended: Who cancelled or withdrew it.
        book: The source as it is being edited.
        now: The machine's clock, handed to every publication.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder = memory_folder()
        self.publisher = Publisher(self._folder.__enter__())
        self.versions: list[NaiveVersion] = []
        self.announced: dict[Key, Table] = {}
        self.ended: dict[Key, Table] = {}
        self.now = BEGIN
        self.chance = random.Random(0)  # noqa: S311 (the same for each run of an example)
        self.fixed: dict[str, str] = {}
        self.steps = 0

    @initialize(
        zone=st.sampled_from(("UTC", "Pacific/Kiritimati", "America/Los_Angeles")),
        promise=first_promises(),
        taken_over=st.integers(0, 3),
        dies_after=mostly(None, st.integers(0, 900)),
    )
    def begin(self, zone: str, promise: Edit, taken_over: int, dies_after: int | None) -> None:
        """Publish a first version; the first ones may be imported history."""
        self.zone = ZoneInfo(zone)
        self.history = taken_over
        self.book = Book(zone, BEGIN.date(), promise)
        self._publish(Then(hours=0, dies_after=dies_after))

    @rule(edited=st.lists(edits(), max_size=3), then=thens)
    def edit(self, edited: list[Edit], then: Then | None) -> None:
        """Do things to the source, or nothing; publish it, or go on editing."""
        if then is not None:
            self._pass(then.hours)
        for each in edited:
            self.book.apply(each, self._today())
        if then is not None:
            self._publish(then)

    @rule(plan=plans_made(), more=st.lists(planned_edits(), max_size=2), then=publications)
    def plan(self, plan: Edit, more: list[Edit], then: Then) -> None:
        """Publish what comes on a day of its own, or a change of mind about it."""
        self._back_to_what_is_published()
        self._pass(then.hours)
        for each in (plan, *more):
            self.book.apply(each, self._today())
        self._publish(then)

    @rule(edit=planned_edits(), then=publications)
    def think_again(self, edit: Edit, then: Then) -> None:
        """Publish a change of mind about what was planned."""
        self._back_to_what_is_published()
        self._pass(then.hours)
        self.book.apply(edit, self._today())
        self._publish(then)

    @rule(promise=st.none() | promises(), edit=starts(), then=publications)
    def probe(self, promise: Edit | None, edit: Edit, then: Then) -> None:
        """Publish what needs notice a day too early by some promise, and then just in time."""
        self._back_to_what_is_published()
        if promise is not None:
            self._pass(1)
            self.book.apply(promise, self._today())
            self._publish(Then(hours=1))
        self._pass(then.hours)
        self.book.apply(edit, self._today())
        meant = self.book.tables()
        for days in (-1, 0):
            self.book.take_back(meant)
            for announced, right in list(covered(self.versions, self._as_version(then))):
                if not announced.into_use:
                    self.book.start(announced.key, max(right) + days * ONE_DAY)
            self._publish(then)
            self._pass(1)

    @precondition(lambda self: self.versions)
    @rule(hours=st.sampled_from(HOURS[:3]))
    def fold(self, hours: int) -> None:
        """Publish what says the same with what has taken effect in its base fields: no change to anybody."""
        self._back_to_what_is_published()
        self._pass(24 * self.book.days_to_next(self._today()) + hours)
        then = Then(hours=hours)
        day = self._as_version(then).day
        if not self.book.can_fold(day):
            return
        write_source(self.publisher.source, *self.book.tables())
        folded = self._folded_by_the_command(day)
        self.book.fold(day)
        write_source(self.publisher.source, *self.book.tables())
        assert folded == self._draft()
        older, count = self.versions[-1], len(self.versions)
        self._publish(then)
        assert len(self.versions) == count + 1
        for on in self._days_of_interest():
            assert on < day or unplanned(older.held(on)) == unplanned(self.versions[-1].held(on))
        diff = msgspec.json.decode(self._snapshot().read(tree.VERSION_DIFF.path(len(self.versions))))
        assert diff["changes"] == []

    @rule(hours=st.sampled_from(HOURS), dies_after=mostly(None, st.integers(0, 30)))
    def refresh(self, hours: int, dies_after: int | None):
        self._pass(hours)
        before = self._visible()
        try:
            with dying_after(dies_after):
                self.publisher.refresh(self.now)
        except StoreError:
            assert not self.versions
        except Crash:
            pass
        else:
            page = (self.publisher.store / "public" / tree.INDEX.path()).read_text("utf-8")
            assert f"Status as of {ENGLISH.day(self._today())}." in page
        after = self._visible()
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        pages = {path for path in changed if path.partition(".html")[0].endswith("index")}
        assert changed - pages <= {path for path in after if path.startswith("trust/")}
        assert not pages or tree.INDEX.path() in pages

    # How it is done.

    def _draft(self) -> Draft:
        loaded = load(self.publisher.source)
        assert loaded.draft is not None
        return loaded.draft

    def _folded_by_the_command(self, day: dt.date) -> Draft:
        """Return what the source says once the program's own editing has folded it."""
        source = self.publisher.source
        edit = SourceEdit(source, self._draft(), load(source).texts)
        assert list(edit.fold(self.book.vendors, day))
        edit.write()
        return self._draft()

    def _today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    def _pass(self, hours: int) -> None:
        """Let time pass; near the end of the year that there is, only minutes."""
        later = self.now + dt.timedelta(hours=hours)
        room = TODAY - dt.timedelta(hours=12)
        self.now = later if later < room else self.now + dt.timedelta(minutes=1)

    def _publish(self, then: Then) -> None:
        new = self._as_version(then)
        corrects = len(self.versions) if then.kind == "correction" else None
        write_source(self.publisher.source, *self.book.tables())
        before = self._visible()
        try:
            with dying_after(then.dies_after):
                done = self.publisher.publish(
                    self.now,
                    at=None if new.live else new.at,
                    kind=then.kind,
                    corrects=corrects,
                    text="By the machine",
                )
        except Crash:
            snapshot = open_snapshot(self.publisher.store)
            visible = snapshot.state.version if snapshot else 0
            assert visible in {len(self.versions), len(self.versions) + 1}
            if visible == len(self.versions) + 1:
                self._publication_is_right(new)
            return
        except Refused as refused:
            assert self._visible() == before
            self._refusal_is_right(refused, new, then)
            self._back_to_what_is_published()
            return
        if done.snapshot is None:
            assert content(new.register, new.vendors) == content(
                self.versions[-1].register, self.versions[-1].vendors
            )
            assert self._visible() == before
        else:
            self._publication_is_right(new)
            assert not [path for path in self.publisher.store.glob("public/**/*") if path.is_symlink()]

    def _as_version(self, then: Then) -> NaiveVersion:
        """Return the version that the source would become."""
        live = not then.taken_over and len(self.versions) >= self.history
        instant = self.now if live else self._instant_taken_over(then)
        register, vendors = self.book.tables()
        return NaiveVersion(
            at=instant,
            day=instant.astimezone(self.zone).date(),
            live=live,
            kind=then.kind or ("change" if self.versions else "initial"),
            register=register,
            vendors=vendors,
        )

    def _instant_taken_over(self, then: Then) -> dt.datetime:
        if not self.versions:
            return LONG_AGO
        return min(self.now, self.versions[-1].at + dt.timedelta(hours=then.hours))

    def _back_to_what_is_published(self) -> None:
        if self.versions:
            self.book.take_back((self.versions[-1].register, self.versions[-1].vendors))

    def _refusal_is_right(self, refused: Refused, new: NaiveVersion, then: Then) -> None:
        assert "R02" not in {finding.rule for finding in refused.findings}, refused.findings
        rules = {finding.rule for finding in refused.findings if finding.severity == "error"}
        assert rules
        assert rules <= NOTICE_RULES | OTHER_RULES
        if rules & NOTICE_RULES:
            assert broken(self.versions, new)
        if "R03" in rules:
            older = self.versions[-1] if self.versions else new
            assert not ids(new) >= ids(older) or lost_plans(older, new) or used_for_another(older, new)
        if "R14" in rules:
            editorial = then.kind == "editorial" and (not self.versions or any(covered(self.versions, new)))
            assert editorial or (then.kind == "correction" and not self.versions)
        if "R15" in rules:
            assert not new.live
            assert any(version.live for version in self.versions) or new.at <= self.versions[-1].at

    def _publication_is_right(self, new: NaiveVersion) -> None:
        """Compare what was published with the model, and let it be judged."""
        before = tuple(self.versions)
        self.versions.append(new)
        assert not broken(before, new)
        assert not (new.kind == "editorial" and any(covered(before, new)))
        assert new.live or not any(version.live for version in before)
        for older in before[-1:]:
            assert ids(new) >= ids(older)
            assert not lost_plans(older, new)
            assert new.at > older.at
            assert not used_for_another(older, new)
        snapshot = self._snapshot()
        data = snapshot.read(tree.VERSION_REGISTER.path(len(self.versions)))
        assert snapshot.read(tree.REGISTER.path()) == data
        wire = msgspec.json.decode(data)
        published = {vendor.pop("id"): vendor for vendor in wire["subprocessors"]}
        assert content(wire, published) == content(new.register, new.vendors)
        order = new.register["order"]
        assert list(published) == [*order, *sorted(new.vendors.keys() - set(order))]
        assert wire["recorded"] == ("live" if new.live else "imported")
        assert decode(data, Register).published_at == new.at
        assert wire["updated_on"] == new.day.isoformat()
        self._announcements_are_right(before, new, wire["notice"], published)

    def _announcements_are_right(
        self, before: tuple[NaiveVersion, ...], new: NaiveVersion, notice: Table, published: dict[str, Table]
    ) -> None:
        """Recount every announcement that is published, and the older promises that bind."""
        assert plain(notice["also_binding"]) == plain(also_binding(before, new))
        self.announced = records(self.announced, before, new)
        self.ended = ends(self.ended, before, new)
        found, final = published_records(published)
        assert found == self.announced
        assert final == self.ended
        if not before or all(version.register["notice"]["objection"] is None for version in (*before, new)):
            assert not any(record["objection_until"] for record in found.values())

        self._what_lies_ahead_is_right(new)

    def _what_lies_ahead_is_right(self, new: NaiveVersion) -> None:
        """Compare the signed file, and what the service answers for another day, with plain tables."""
        snapshot = self._snapshot()
        signed = msgspec.json.decode(snapshot.read(tree.UPCOMING.path()))
        assert events(signed["upcoming"]) == ahead(new, self.announced, new.day)
        day = self.chance.choice(self._days_of_interest())
        register = decode(snapshot.read(tree.REGISTER.path()), Register)
        answered = msgspec.to_builtins(upcoming(register, day, self.zone))
        assert events(answered) == ahead(new, self.announced, day)

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
        if self.versions:
            assert list(self.publisher.registers()) == list(range(1, len(self.versions) + 1))
            assert self._snapshot().state.version == len(self.versions)

    @invariant()
    def no_fixed_file_ever_changes(self) -> None:
        found = {
            path: digest(data) for path, data in self._visible().items() if kind_of(path).cache == "immutable"
        }
        changed = {path for path, sha256 in self.fixed.items() if found.get(path, sha256) != sha256}
        assert not changed
        lost = self.fixed.keys() - found.keys()
        assert not {path for path in lost if not path.startswith("trust/")}
        self.fixed |= found

    @invariant()
    def no_id_is_lost(self) -> None:
        if self.versions:
            newest = decode(self._snapshot().read(tree.REGISTER.path()), Register)
            listed = {(vendor.id, item.id) for vendor in newest.subprocessors for item in vendor.engagements}
            assert listed >= {both for version in self.versions for both in ids(version)}

    @invariant()
    def both_clocks_tell_what_was_said(self) -> None:
        """The state on some day as known on another, from the published files and from the model."""
        if not self.versions:
            return
        first, last = self.versions[0].day, self.versions[-1].day
        stored = Stored(self.publisher, self.zone)
        for _ in range(3):
            known = first + dt.timedelta(days=self.chance.randint(-2, (last - first).days + 2))
            on = self.chance.choice(self._days_of_interest())
            versions = [version for version in self.versions if version.day <= known]
            expected = versions[-1].held(on) if versions else {}
            answer = register_as_of(stored, AsOf(on=on, known_at=known))
            rows = answer.rows() if answer else ()
            assert {(row.vendor.id, row.engagement.id): held(row) for row in rows} == plain(expected)
            assert (answer.register.version if answer else 0) == len(versions)

    def _days_of_interest(self) -> list[dt.date]:
        """Return every day on which something starts, ends or takes effect, those before, and today."""
        dates = {
            table.get(name)
            for version in self.versions
            for vendor in version.vendors.values()
            for _, owner in owners(vendor)
            for table in (owner, *plans(owner))
            for name in ("starts_on", "ends_on", "effective_on")
        } - {None}
        return sorted(dates | {day - ONE_DAY for day in dates} | {self.versions[-1].day})

    @invariant()
    def the_newest_version_verifies_now_and_then(self) -> None:
        self.steps += 1
        if self.versions and self.steps % 5 == 0:
            self._verify("none")

    def teardown(self) -> None:
        try:
            if self.versions:
                self._verify("all")
                assert not surprises(self.versions)
        finally:
            self._folder.__exit__(None, None, None)

    def _verify(self, history: str) -> None:
        """Check the published folder like a customer of today, with the freshness of today."""
        snapshot, keyring = self._snapshot(), Keyring(self.publisher.keys)
        fetcher = Refreshed(
            self.publisher.store / "public", repository.refresh(snapshot.read, keyring, TODAY)
        )
        report = verify("folder", Options(wait=0, history=history), TODAY, fetcher=fetcher).report
        sentences = [check.sentence for check in report.checks if check.result == "failed"]
        assert (report.exit_code, failed(report), report.version) == (0, {}, len(self.versions)), sentences
        if history == "all":
            assert report.versions_checked == (1, len(self.versions))


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


def test_a_register_over_its_whole_life() -> None:
    """Whatever is done to it, the log verifies, promises are kept, and both clocks agree with the model."""
    with quick_disk():
        run_state_machine_as_test(RegisterMachine, settings=SETTINGS)
