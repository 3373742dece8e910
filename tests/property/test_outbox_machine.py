"""The outbox under workers that die between any two steps, on both databases.

Whatever happens: everyone concerned is told, and nobody twice save where the record says *unknown*.
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
from notices import AT, add_contacts, database_of
from postgresql import postgresql
from register_api.notify.bounces import DeliveryReport, take_report
from register_api.notify.contacts import import_contacts, list_recipients
from register_api.notify.contacts_file import ContactRow
from register_api.notify.deliveries import make_due
from register_api.sending.outbox import RETRY_AFTER, Leased, Outbox, SendResult
from thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE = 100
DONE = {"sent", "bounced", "refused", "opted_out"}
ANSWERS = st.sampled_from(["sent", "deferred", "refused", "unknown: taken", "unknown: lost"])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


class Mind:
    """What a worker has in memory, and loses when it dies."""

    def __init__(self, machine: OutboxMachine) -> None:
        machine.born += 1
        self.outbox = Outbox(machine.database, Leased, f"worker-{machine.born}", LEASE)
        self.rows: list[Leased] = []
        self.begun: Leased | None = None
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

    @initialize()
    def begin_with_three(self) -> None:
        for _ in range(3):
            self.add_a_contact()
        self.publish()

    @rule()
    def add_a_contact(self) -> None:
        self.people += 1
        add_contacts(self.database, [f"p{self.people}@c.example"])

    @precondition(lambda self: self.versions < 4)
    @rule()
    def publish(self) -> None:
        self.versions += 1
        with self.database.transaction() as run_:
            run_(
                "INSERT INTO publications VALUES (?, 'r', 'd', ?, 'h', ?, ?, 1, ?, ?)",
                *(self.versions, self.versions, self.now, self.now, b"", b""),
            )
            for row in run_("SELECT id FROM recipients WHERE state = 'active'"):
                make_due(run_, self.versions, row["id"], self.now)

    @rule()
    def replace_a_contact(self) -> None:
        """The oldest contact leaves; another comes in their place."""
        old = next((each for each in list_recipients(self.database) if each.state == "active"), None)
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

    @rule(which=st.integers(0, 1))
    def begin(self, which: int) -> None:
        worker = self.workers[which]
        if worker.rows and worker.begun is None:
            row = worker.rows.pop(0)
            if worker.outbox.begin(row.id, row.id.encode(), f"<{row.id}@x>", self.now):
                worker.begun = row

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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_everyone_is_told_and_nobody_twice_unawares(kind: str, request: pytest.FixtureRequest) -> None:
    address = request.getfixturevalue("server") if kind == "postgresql" else ""
    machine = type("Machine", (OutboxMachine,), {"kind": kind, "server": address})
    bounds = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
    run(machine, settings=bounds)
