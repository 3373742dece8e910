"""The outbox under workers that die between any two steps, on both databases.

Whatever happens: everyone concerned is told of each version by one row, and nobody twice save where the
record says *unknown*.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run

from memory_folder import memory_folder
from notices import AT, add_contacts, add_subscribers, database_of
from patience import in_background
from postgresql import DATABASES, postgresql
from register_api.notify.bounces import DeliveryReport, take_report
from register_api.notify.contacts import ContactRow, import_contacts, list_recipients
from register_api.notify.deliveries import add_to_digest, queue_delivery, versions_in
from register_api.notify.schema import STEPS
from register_api.sending.database import opened
from register_api.sending.outbox import RETRY_AFTER, Leased, Outbox, SendResult
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LEASE = 100
DONE = {"sent", "bounced", "refused", "opted_out"}
ANSWERS = st.sampled_from(["sent", "deferred", "refused", "unknown: taken", "unknown: lost"])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


def insert_publication(run_: Callable[..., object], version: int) -> None:
    run_(
        "INSERT INTO publications VALUES (?, 'r', 'd', ?, 'h', ?, ?, 1, ?, ?)",
        *(version, version, AT, AT, b"", b""),
    )


class Mind:
    """What a worker has in memory, and loses when it dies."""

    def __init__(self, machine: OutboxMachine) -> None:
        machine.born += 1
        self.outbox = Outbox(machine.database, f"worker-{machine.born}", LEASE)
        self.rows: list[Leased] = []
        self.begun: Leased | None = None
        self.wrote: dict[str, tuple[int, ...]] = {}
        self.answer: SendResult | None = None


class OutboxMachine(RuleBasedStateMachine):
    """Two workers, a mail server that is a counter, and a clock."""

    kind, server = "sqlite", ""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        folder = self.stack.enter_context(memory_folder())
        self.database = self.stack.enter_context(database_of(self.kind, folder, self.server))
        self.now = AT
        self.born = self.versions = self.people = 0
        self.workers = [Mind(self), Mind(self)]
        self.taken: Counter[str] = Counter()
        self.wrote: dict[str, tuple[int, ...]] = {}
        self.subscribed: dict[str, int] = {}

    @initialize()
    def begin_with_four(self) -> None:
        for _ in range(3):
            self.add_a_contact()
        self.add_a_subscriber()
        self.publish()

    @rule()
    def add_a_contact(self) -> None:
        self.people += 1
        add_contacts(self.database, [f"p{self.people}@c.example"])

    @rule()
    def add_a_subscriber(self) -> None:
        """Somebody who gets digests, from the next version on."""
        self.people += 1
        address = f"s{self.people}@c.example"
        add_subscribers(self.database, [address], frequency="daily")
        self.subscribed[address] = self.versions + 1

    @precondition(lambda self: self.versions < 4)
    @rule()
    def publish(self) -> None:
        self.versions += 1
        with self.database.transaction() as run_:
            insert_publication(run_, self.versions)
            for row in run_("SELECT id, frequency FROM recipients WHERE state = 'active'"):
                if row["frequency"] == "daily":
                    add_to_digest(run_, self.versions, row["id"], self.now, self.now)
                else:
                    queue_delivery(run_, self.versions, row["id"], self.now)

    @rule()
    def replace_a_contact(self) -> None:
        """The oldest contact leaves; another comes in their place."""
        contacts = (each for each in list_recipients(self.database) if each.kind == "contact")
        old = next((each for each in contacts if each.state == "active"), None)
        if old is not None and old.address:
            self.people += 1
            new = ContactRow(customer=old.customer, email=f"p{self.people}@c.example", replaces=old.address)
            assert not import_contacts(self.database, {1: new}, self.now).faults

    @rule(seconds=st.sampled_from([1, LEASE // 2, LEASE, RETRY_AFTER[2], RETRY_AFTER[-1]]))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @rule(which=st.integers(0, 1), most=st.integers(1, 3))
    def lease(self, which: int, most: int) -> None:
        worker = self.workers[which]
        if not worker.rows and worker.begun is None:
            worker.rows = worker.outbox.lease(self.now, most, ["mail"])
            worker.wrote = {row.id: versions_in(self.database, row.id) for row in worker.rows}

    @rule(which=st.integers(0, 1))
    def begin(self, which: int) -> None:
        worker = self.workers[which]
        if worker.rows and worker.begun is None:
            row = worker.rows.pop(0)
            if worker.outbox.begin(row.id, row.id.encode(), f"<{row.id}@x>", self.now):
                worker.begun = row
                self.wrote.setdefault(row.id, worker.wrote[row.id])

    @rule(which=st.integers(0, 1), answer=ANSWERS)
    def answer(self, which: int, answer: str) -> None:
        worker = self.workers[which]
        if worker.begun is not None and worker.answer is None:
            what, _, how = answer.partition(": ")
            self.taken[worker.begun.id] += what == "sent" or how == "taken"
            worker.answer = SendResult(what, answer)  # type: ignore[arg-type]

    @rule(which=st.integers(0, 1))
    def finish(self, which: int) -> None:
        worker = self.workers[which]
        if worker.begun is not None and worker.answer is not None:
            worker.outbox.finish(worker.begun, worker.answer, self.now)
            worker.begun = worker.answer = None

    @rule(which=st.integers(0, 1))
    def refuse_before_the_bytes(self, which: int) -> None:
        worker = self.workers[which]
        if worker.rows:
            worker.outbox.finish(worker.rows.pop(0), SendResult("deferred", "451"), self.now)

    @rule(which=st.integers(0, 1))
    def give_back(self, which: int) -> None:
        worker = self.workers[which]
        worker.outbox.give_back(worker.rows, self.now)
        worker.rows = []

    @rule(which=st.integers(0, 1))
    def kill(self, which: int) -> None:
        self.workers[which] = Mind(self)

    @rule()
    def bounce(self) -> None:
        for row in self.database.query("SELECT id FROM deliveries WHERE state = 'sent' LIMIT 1"):
            take_report(self.database, DeliveryReport((row["id"],), "failed", "5.1.1"), self.now)

    @invariant()
    def nobody_is_told_twice_without_the_record_saying_so(self) -> None:
        now = {worker.begun.id for worker in self.workers if worker.begun is not None}
        for row in self.database.query("SELECT id, state, unknowns FROM deliveries"):
            assert self.taken[row["id"]] <= 2
            in_doubt = row["unknowns"] + (row["id"] in now and row["state"] == "sending")
            assert self.taken[row["id"]] <= max(1, 1 + in_doubt), row
            if row["state"] in {"sent", "bounced"}:
                assert self.taken[row["id"]] >= 1, row

    def teardown(self) -> None:
        """A worker that does not die tells everyone who is left."""
        try:
            self.workers = [Mind(self), Mind(self)]
            for _ in range(40):
                self.now += max(RETRY_AFTER[-1], LEASE) + 1
                self.lease(0, 1000)
                while self.workers[0].rows or self.workers[0].begun:
                    self.begin(0)
                    self.answer(0, "sent")
                    self.finish(0)
                self.nobody_is_told_twice_without_the_record_saying_so()
            left = self.database.query("SELECT state, unknowns, due_at FROM deliveries")
            assert all(row["due_at"] is None for row in left)
            assert all(row["state"] in DONE or row["unknowns"] == 2 for row in left), left
            self.everyone_concerned_has_a_row()
        finally:
            self.stack.close()

    def everyone_concerned_has_a_row(self) -> None:
        """Who was a contact when a version was recorded, or whoever came in their place."""
        rows = self.database.query(
            "SELECT r.customer, d.version, d.state FROM deliveries d JOIN recipients r ON r.id = d.recipient"
        )
        reached = {(row["customer"], row["version"]) for row in rows if row["state"] != "opted_out"}
        asked = {(row["customer"], row["version"]) for row in rows}
        assert reached == asked
        self.every_version_is_in_one_digest()

    def every_version_is_in_one_digest(self) -> None:
        """As it was written, whatever came to be recorded while a worker had it."""
        rows = self.database.query(
            "SELECT d.id, r.address FROM deliveries d JOIN recipients r ON r.id = d.recipient"
            " WHERE d.kind = 'digest'"
        )
        told: dict[str, list[int]] = {address: [] for address in self.subscribed}
        for row in rows:
            told[row["address"]] += self.wrote.get(row["id"], ())
        for address, first in self.subscribed.items():
            assert sorted(told[address]) == [*range(first, self.versions + 1)]


@pytest.mark.parametrize("kind", DATABASES)
def test_everyone_is_told_and_nobody_twice_unawares(kind: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("server") if kind == "postgresql" else ""
    machine = type("Machine", (OutboxMachine,), {"kind": kind, "server": address})
    bounds = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
    run(machine, settings=bounds)


@pytest.mark.parametrize("kind", DATABASES)
def test_a_digest_is_extended_or_sent_and_never_both(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Versions are recorded while a worker takes the digests, each over a connection of its own."""
    address = request.getfixturevalue("server") if kind == "postgresql" else ""
    versions = 60
    told: list[tuple[int, ...]] = []
    with database_of(kind, tmp_path, address) as database:
        add_subscribers(database, ["s@c.example"], frequency="daily")
        recipient = database.query("SELECT id FROM recipients")[0]["id"]

    def record() -> None:
        with opened(address or str(tmp_path / "notify.sqlite3"), STEPS) as database:
            for version in range(1, versions + 1):
                with database.transaction() as run_:
                    insert_publication(run_, version)
                    add_to_digest(run_, version, recipient, AT, AT)

    with (
        opened(address or str(tmp_path / "notify.sqlite3"), STEPS) as database,
        in_background(record, stop=lambda: None) as recording,
    ):
        outbox = Outbox(database, "worker", LEASE)
        while rows := outbox.lease(AT, 1, ["mail"]) or recording.is_alive():
            for row in rows if isinstance(rows, list) else ():
                told.append(versions_in(database, row.id))
                assert outbox.begin(row.id, b"", "", AT)
                outbox.finish(row, SendResult("sent", ""), AT)
        told += [versions_in(database, row.id) for row in outbox.lease(AT, 1, ["mail"])]
    assert [version for each in told for version in each] == [*range(1, versions + 1)]
