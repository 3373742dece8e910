"""What a program is given: the register, what is new, what lies ahead; nothing where a check fails."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tuf.api.metadata import Metadata

from memory_publisher import FIRST, NOW, STEP, MemoryPublisher
from register_api.core.canonical import digest, encode
from register_api.core.format import tree
from register_api.core.model import (
    Announced,
    Engagement,
    Lifecycle,
    Notice,
    Objection,
    Publisher,
    Reason,
    Subprocessor,
)
from register_api.errors import Forged, Malformed, Unreachable, UsageError
from register_api.verify import MemoryFetcher, Options, VerifyResult, verify
from register_api.verify.checks import history as histories
from register_api.verify.report_text import render_text

if TYPE_CHECKING:
    from pathlib import Path

TODAY = NOW.date()
OBJECTION = Objection(days=14, contact="mailto:privacy@example.com")
NOTICE = Notice(days=30, applies_to=("addition",), objection=OBJECTION)


def published_at(version: int) -> dt.datetime:
    """Return when the publisher in memory publishes a version."""
    return FIRST + version * STEP


def until(announced: int = 2) -> dt.date:
    """Return the last day to object to what a version announced."""
    return published_at(announced).date() + dt.timedelta(days=OBJECTION.days)


def announced_in(version: int) -> Announced:
    """Return what a version announces; whether it was in time is derived."""
    return Announced(version=version, at=published_at(version))


def vendor(id_: str, announced: int, starts_in: int | None = 10, **engagement: Any) -> Subprocessor:
    """Return a vendor with one use that starts some days from now; ``None``: before version 1."""
    use = {
        "id": "hosting",
        "category": "hosting",
        "status": "active",
        "announced": announced_in(announced),
        "starts_on": None if starts_in is None else TODAY + dt.timedelta(days=starts_in),
        **engagement,
    }
    return Subprocessor(id=id_, name=id_.title(), engagements=(Engagement(**use),))


ACME, BETA, GAMMA = vendor("acme", 1, None), vendor("beta", 2), vendor("gamma", 3)


@pytest.fixture
def two() -> MemoryPublisher:
    """A publisher who listed one vendor and then announced another."""
    publisher = MemoryPublisher().publish(subprocessors=(ACME,), notice=NOTICE)
    return publisher.publish(subprocessors=(ACME, BETA), notice=NOTICE)


def verify_tree(publisher: MemoryPublisher, **options: Any) -> VerifyResult:
    """Verify what is published."""
    return verify("memory", Options(wait=0, **options), NOW, fetcher=MemoryFetcher(publisher.files))


DAY_OF_NEWS = published_at(2).date()


def test_the_register_is_given_as_it_was_signed(two: MemoryPublisher) -> None:
    verified = verify_tree(two).raise_for_finding()
    assert verified.register == two.registers[-1]
    assert verified.data == two.files[tree.REGISTER.path()] == encode(verified.register)
    assert verified.sha256 == digest(verified.data)
    assert verified.checked_at == NOW
    assert verified.remembered_version is None


def test_trust_is_the_same_in_the_result_and_in_the_report(two: MemoryPublisher) -> None:
    result = verify_tree(two)
    trust, report = result.raise_for_finding().trust, result.report
    assert (trust.root, trust.root_version, trust.root_sha256) == (
        report.root,
        report.root_version,
        report.root_sha256,
    )
    assert (trust.log, trust.fresh_until, trust.time_stamp) == (report.log, report.fresh_until, None)
    assert trust.root.first_use
    assert trust.log.size == 2


def test_without_a_state_every_version_is_returned_with_its_changes(two: MemoryPublisher) -> None:
    updates = verify_tree(two).raise_for_finding().updates
    assert [(item.version, item.published_at, item.reason) for item in updates] == [
        (1, published_at(1), Reason(kind="initial")),
        (2, published_at(2), Reason(kind="change")),
    ]
    assert [item.sha256 for item in updates] == [digest(encode(register)) for register in two.registers]


def test_changes_are_those_of_the_signed_diff(two: MemoryPublisher) -> None:
    register = two.derived(two.next_register(subprocessors=(ACME, BETA, GAMMA), notice=NOTICE))
    diff = two.diff(register)
    said = tuple(msgspec.structs.replace(change, summary="Gamma is added.") for change in diff.changes)
    two.publish_made(register, two.diff(register, said))
    (told,) = verify_tree(two).raise_for_finding().updates[-1].changes
    assert (told.id, told.subprocessor, told.summary) == ("3-1", "gamma", "Gamma is added.")
    assert told.notice.met


def test_only_versions_that_were_not_read_before_are_new(two: MemoryPublisher, tmp_path: Path) -> None:
    verify_tree(two, state=tmp_path)
    again = verify_tree(two, state=tmp_path).raise_for_finding()
    assert (again.updates, again.remembered_version, again.checked_version) == ((), 2, 2)
    two.publish(subprocessors=(ACME, BETA, GAMMA), notice=NOTICE)
    verified = verify_tree(two, state=tmp_path).raise_for_finding()
    assert [item.version for item in verified.updates] == [3]
    assert (verified.remembered_version, verified.checked_version) == (2, 3)
    assert [
        item.version for item in verify_tree(two, state=tmp_path, history="all").raise_for_finding().updates
    ] == [
        1,
        2,
        3,
    ]


def test_a_quick_run_tells_that_versions_are_left_to_read_and_the_next_run_reads_them(
    two: MemoryPublisher, tmp_path: Path
) -> None:
    verify_tree(two, state=tmp_path)
    two.publish(subprocessors=(ACME, BETA, GAMMA), notice=NOTICE).publish(
        subprocessors=(ACME, BETA, GAMMA), notice=NOTICE
    )
    quick = verify_tree(two, state=tmp_path, quick=True).raise_for_finding()
    assert (quick.register.version, quick.checked_version, quick.updates) == (4, 2, ())
    full = verify_tree(two, state=tmp_path).raise_for_finding()
    assert (full.remembered_version, full.checked_version) == (4, 4)
    assert [item.version for item in full.updates] == [3, 4]


def test_a_deadline_has_its_day_and_contact(two: MemoryPublisher) -> None:
    (deadline,) = verify_tree(two).raise_for_finding().deadlines(DAY_OF_NEWS)
    assert (deadline.subprocessor, deadline.engagement, deadline.version) == ("beta", "hosting", 2)
    assert (deadline.day, deadline.contact) == (until(), OBJECTION.contact)
    assert deadline.notice.announced_on == DAY_OF_NEWS
    assert deadline.notice.effective_on == TODAY + dt.timedelta(days=10)


def test_a_deadline_is_open_on_its_last_day_and_gone_on_the_next(two: MemoryPublisher) -> None:
    verified = verify_tree(two).raise_for_finding()
    assert len(verified.deadlines(until())) == 1
    assert verified.deadlines(until() + dt.timedelta(days=1)) == ()
    assert verified.deadlines() == ()


@pytest.mark.parametrize("quick", [False, True])
def test_a_run_that_finds_nothing_new_still_gives_the_open_deadlines(
    two: MemoryPublisher, tmp_path: Path, *, quick: bool
) -> None:
    first = verify_tree(two, state=tmp_path).raise_for_finding().deadlines(DAY_OF_NEWS)
    again = verify_tree(two, state=tmp_path, quick=quick).raise_for_finding()
    assert first
    assert again.deadlines(DAY_OF_NEWS) == first


def test_a_first_list_gives_no_deadline() -> None:
    """Nothing was promised before, neither for what is in use nor for what starts later."""
    listed = (vendor("acme", 1, None), vendor("soon", 1, 3))
    publisher = MemoryPublisher().publish(subprocessors=listed, notice=NOTICE)
    assert verify_tree(publisher).raise_for_finding().deadlines(FIRST.date()) == ()


@pytest.mark.parametrize(
    "listed",
    [
        vendor(
            "beta",
            2,
            status="available",
            starts_in=None,
        ),
        vendor("beta", 2, -300, ends_on=DAY_OF_NEWS),
    ],
    ids=["available", "ended"],
)
def test_there_is_no_deadline_without_an_engagement(two: MemoryPublisher, listed: Subprocessor) -> None:
    two.publish(subprocessors=(ACME, listed), notice=NOTICE)
    assert verify_tree(two).raise_for_finding().deadlines(DAY_OF_NEWS) == ()


def test_a_quick_run_gives_every_deadline_also_of_versions_that_it_did_not_read(
    two: MemoryPublisher, tmp_path: Path
) -> None:
    verify_tree(two, state=tmp_path)
    two.publish(subprocessors=(ACME, BETA, GAMMA), notice=NOTICE).publish(
        subprocessors=(ACME, BETA, GAMMA), notice=NOTICE
    )
    found = verify_tree(two, state=tmp_path, quick=True).raise_for_finding().deadlines(DAY_OF_NEWS)
    assert [(item.subprocessor, item.day) for item in found] == [("beta", until()), ("gamma", until(3))]
    assert verify_tree(two, state=tmp_path).raise_for_finding().deadlines(DAY_OF_NEWS) == found


def test_starts_ends_and_states_are_those_of_the_day(two: MemoryPublisher) -> None:
    verified = verify_tree(two).raise_for_finding()
    assert verified.today() == TODAY
    assert [(event.subprocessor, event.what, event.day) for event in verified.upcoming()] == [
        ("beta", "start", TODAY + dt.timedelta(days=10))
    ]
    assert [row.state for row in verified.engagements()] == ["in_force", "announced"]
    assert [row.state for row in verified.engagements(TODAY + dt.timedelta(days=10))] == ["in_force"] * 2


def test_nothing_is_given_of_what_does_not_hold(two: MemoryPublisher) -> None:
    two.files[tree.VERSION_REGISTER.path(1)] += b" "
    result = verify_tree(two)
    assert result.verified is None
    assert isinstance(result.finding, Forged)
    assert result.report.exit_code == Forged.exit_code
    with pytest.raises(Forged):
        result.raise_for_finding()


def test_the_worst_finding_is_raised(two: MemoryPublisher) -> None:
    del two.files[tree.VERSION_PROOF.path(2)]
    two.files[tree.VERSION_REGISTER.path(1)] += b" "
    result = verify_tree(two)
    codes = {check.code for check in result.report.checks}
    assert codes >= {Unreachable.exit_code, Forged.exit_code}
    assert isinstance(result.finding, Forged)
    assert (result.report.exit_code, result.report.word) == (Forged.exit_code, Forged.word)


def test_an_unknown_time_zone_is_an_error_only_when_a_day_is_computed(two: MemoryPublisher) -> None:
    """The publisher may know a newer zone than this machine: the register itself is as good as any."""
    elsewhere = Publisher(name="Example", time_zone="Mars/Olympus_Mons", language="en")
    verified = verify_tree(two.publish(publisher=elsewhere, subprocessors=(BETA,))).raise_for_finding()
    assert verified.engagements(TODAY)
    for ask in (verified.today, verified.upcoming, verified.engagements, verified.deadlines):
        with pytest.raises(Malformed, match="Mars/Olympus_Mons"):
            ask()


def test_a_day_at_the_end_of_all_days_is_refused(two: MemoryPublisher) -> None:
    late = Announced(version=2, at=dt.datetime(9999, 12, 31, 23, 59, tzinfo=dt.UTC))
    use = msgspec.structs.replace(BETA.engagements[0], announced=late)
    listed = msgspec.structs.replace(BETA, engagements=(use,))
    east = Publisher(name="Example", time_zone="Asia/Tokyo", language="en")
    register = two.next_register(subprocessors=(listed,), publisher=east, notice=NOTICE)
    two.publish_made(register, two.diff(register))
    assert isinstance(verify_tree(two).finding, Malformed)
    with pytest.raises(Malformed, match="9999"):
        verify_tree(two, history="none").raise_for_finding().deadlines(DAY_OF_NEWS)


def test_of_more_changes_than_can_be_kept_the_newest_are_kept(
    two: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(histories, "MAX_CHANGED_BYTES", 1)
    verified = verify_tree(two).raise_for_finding()
    assert [item.version for item in verified.updates] == [2]
    assert verified.checked_version == 2


def test_an_event_loop_is_not_blocked() -> None:
    async def call() -> VerifyResult:
        return verify("http://127.0.0.1:9/")

    with pytest.raises(UsageError, match="event loop"):
        asyncio.run(call())


def test_a_register_that_has_moved_names_its_successor(two: MemoryPublisher) -> None:
    """The report tells it; what is said there is the publisher's, on one line and printable."""
    successor = "https://trust.example.net/"
    moved = Lifecycle(state="moved", on=TODAY, successor=successor, text="We were\u202e\nbought")
    report = verify_tree(two.publish(subprocessors=(ACME, BETA), notice=NOTICE, lifecycle=moved)).report
    assert (report.exit_code, report.lifecycle) == (0, moved)
    text = render_text(report)
    assert (
        f"Lifecycle:   From {TODAY:%-d %B %Y} on, this register is published elsewhere. We were bought"
        in text
    )
    assert successor in text
    assert "Lifecycle" not in render_text(
        verify_tree(two.publish(subprocessors=(ACME, BETA), notice=NOTICE)).report
    )


@pytest.mark.parametrize(
    ("lasts", "says"),
    [
        (dt.timedelta(days=31), None),
        (dt.timedelta(days=31, seconds=1), "at most 31 days"),
        (dt.timedelta(days=400), "at most 31 days"),
    ],
)
def test_a_timestamp_valid_for_too_long_is_refused(
    two: MemoryPublisher, lasts: dt.timedelta, says: str | None
) -> None:
    """A thief of the online key could freeze a customer for as long."""
    two.refresh(expires=two.now + lasts)
    finding = verify_tree(two).finding
    assert (finding is None) == (says is None)
    assert says is None or says in str(finding)


@pytest.mark.parametrize(
    ("lasts", "words", "duration"),
    [
        (dt.timedelta(hours=48), "48 hours", "P2D"),
        (dt.timedelta(hours=1), "1 hour", "PT3600S"),
        (dt.timedelta(days=7), "7 days", "P7D"),
        (dt.timedelta(minutes=90, seconds=1), "90 minutes", "PT5401S"),
    ],
)
def test_the_report_states_how_long_a_timestamp_is_valid(
    two: MemoryPublisher, lasts: dt.timedelta, words: str, duration: str
) -> None:
    """The publisher chose it; a customer sees for how long withheld versions can stay unnoticed."""
    two.refresh(signed_at=two.now, expires=two.now + lasts)
    report = verify_tree(two).report
    assert f"unless renewed before; each renewal is good for {words}" in render_text(report)
    assert msgspec.to_builtins(report)["fresh_for"] == duration


def test_a_timestamp_says_when_it_was_signed(two: MemoryPublisher) -> None:
    path = tree.TIMESTAMP.path()
    signed = Metadata.from_bytes(two.files[path]).signed
    signed.version += 1
    for said in (None, "yesterday", "2026-02-30T00:00:00Z", 7):
        signed.unrecognized_fields = {} if said is None else {"signed_at": said}
        two.write_metadata(path, signed, two.online_key)
        with pytest.raises(Malformed, match="when it was signed"):
            verify_tree(two).raise_for_finding()
