"""What a scheduled run tells: what is new, until when one may object, a code for each that is chosen for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.format import tree
from register_api.core.model import Announced, Engagement, Notice, Objection, Subprocessor
from register_api.errors import StateInUse
from register_api.verify import MemoryFetcher, Options, state, verify
from register_api.verify.report_text import render_brief, render_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from register_api.verify import Report

DAYS = 60
NOTICE = Notice(
    days=30, applies_to=("addition",), objection=Objection(days=DAYS, contact="mailto:privacy@example.com")
)


def vendor(id_: str, publisher: MemoryPublisher, starts_in: int | None) -> Subprocessor:
    version = len(publisher.registers) + 1
    at = publisher.next_register().published_at
    use = Engagement(
        id="hosting",
        category="hosting",
        status="active",
        announced=Announced(version=version, at=at),
        starts_on=None if starts_in is None else NOW.date() + dt.timedelta(days=starts_in),
    )
    return Subprocessor(id=id_, name=id_.title(), engagements=(use,))


@pytest.fixture
def publisher() -> MemoryPublisher:
    made = MemoryPublisher()
    return made.publish(subprocessors=(vendor("acme", made, None),), notice=NOTICE)


def announce(publisher: MemoryPublisher, id_: str = "beta") -> MemoryPublisher:
    known = publisher.registers[-1].subprocessors
    return publisher.publish(subprocessors=(*known, vendor(id_, publisher, 90)), notice=NOTICE)


def report_of(publisher: MemoryPublisher, folder: Path | None, **options: Any) -> Report:
    chosen = Options(wait=0, state=folder, **options)
    return verify("memory", chosen, NOW, fetcher=MemoryFetcher(publisher.files)).report


def test_new_changes_are_reported_once_in_this_programs_words(
    publisher: MemoryPublisher, tmp_path: Path
) -> None:
    assert report_of(publisher, tmp_path).changes == ()
    announce(publisher)
    report = report_of(publisher, tmp_path)
    (change,) = report.changes
    assert (change.version, change.id, change.type, change.subprocessor) == (2, "2-1", "added", "beta")
    assert "Beta" in change.sentence
    assert f"  - Version 2: {change.sentence}" in render_text(report)
    assert report_of(publisher, tmp_path).changes == ()


def test_changes_seen_by_a_quick_run_are_reported_by_the_next_full_run(
    publisher: MemoryPublisher, tmp_path: Path
) -> None:
    report_of(publisher, tmp_path)
    announce(publisher)
    assert report_of(publisher, tmp_path, quick=True).changes == ()
    assert [change.version for change in report_of(publisher, tmp_path).changes] == [2]


@pytest.mark.parametrize("quick", [False, True])
def test_open_deadlines_are_reported_in_every_run(
    publisher: MemoryPublisher, tmp_path: Path, *, quick: bool
) -> None:
    announce(publisher)
    first = report_of(publisher, tmp_path)
    (deadline,) = first.deadlines or ()
    assert deadline.days_left == (deadline.day - NOW.date()).days
    assert f"{deadline.days_left} days left" in deadline.sentence
    assert "mailto:privacy@example.com" in deadline.sentence
    again = report_of(publisher, tmp_path, quick=quick)
    assert again.deadlines == first.deadlines
    assert f"Open deadlines:\n  - {deadline.sentence}" in render_text(again)


@pytest.mark.parametrize(("more", "code"), [(0, 21), (-1, 0)])
def test_a_run_may_end_with_a_deadline_that_is_near(
    publisher: MemoryPublisher, tmp_path: Path, more: int, code: int
) -> None:
    (deadline,) = report_of(announce(publisher), None).deadlines or ()
    report = report_of(publisher, tmp_path, fail_on_deadline=deadline.days_left + more)
    assert (report.exit_code, report.word) == (code, "deadline near" if code else "verified")


def test_a_deadline_that_cannot_be_worked_out_counts_as_near(tmp_path: Path) -> None:
    """Being told too much is better than missing a day."""
    publisher = MemoryPublisher()
    elsewhere = msgspec.structs.replace(publisher.next_register().publisher, time_zone="Mars/Base")
    publisher.publish(publisher=elsewhere, notice=NOTICE)
    report = report_of(publisher, tmp_path, fail_on_deadline=1)
    assert (report.exit_code, report.deadlines) == (21, None)
    assert any(sentence.startswith("Objection deadlines:") for sentence in report.not_checked)


@pytest.mark.parametrize("quick", [False, True])
def test_a_run_may_end_with_a_newer_version(
    publisher: MemoryPublisher, tmp_path: Path, *, quick: bool
) -> None:
    ends = []
    report_of(publisher, tmp_path)
    for step in range(4):
        if step == 1:
            announce(publisher)
        ends.append(report_of(publisher, tmp_path, fail_on=("change",), quick=quick).exit_code)
    assert ends == [0, 22, 0, 0]


def test_a_first_run_has_nothing_to_compare_with(publisher: MemoryPublisher, tmp_path: Path) -> None:
    assert report_of(announce(publisher), tmp_path, fail_on=("change",)).exit_code == 0


def test_findings_are_worse_than_what_was_asked_for(publisher: MemoryPublisher, tmp_path: Path) -> None:
    report_of(publisher, tmp_path)
    announce(publisher)
    del publisher.files[tree.FEED_ATOM.path()]
    report = report_of(publisher, tmp_path, fail_on=("change",), fail_on_deadline=999)
    assert report.exit_code == 10
    assert report.changes == ()


def test_a_quiet_run_says_nothing_or_why(publisher: MemoryPublisher, tmp_path: Path) -> None:
    assert render_brief(report_of(publisher, tmp_path)) == ""
    announce(publisher)
    brief = render_brief(report_of(publisher, tmp_path, fail_on=("change",)))
    assert "Version 2: Beta" in brief
    assert "Changed (exit code 22)" in brief
    assert "ok   " not in brief
    del publisher.files[tree.FEED_ATOM.path()]
    brief = render_brief(report_of(publisher, tmp_path))
    assert "NOT VERIFIED" in brief
    assert "FAILED" in brief


def test_findings_that_a_publication_in_progress_may_cause_are_marked(publisher: MemoryPublisher) -> None:
    """As a deployment leaves it that was stopped between the newest files and the timestamp."""
    before = publisher.files[tree.TIMESTAMP.path()]
    announce(publisher)
    after = dict(publisher.files)
    publisher.files[tree.TIMESTAMP.path()] = before
    between = report_of(publisher, None)
    assert between.exit_code in {12, 18}
    assert "try again in a minute" in render_text(between)
    publisher.files.update(after)
    assert "try again" not in render_text(report_of(publisher, None))


def test_what_has_expired_is_named(publisher: MemoryPublisher) -> None:
    later = NOW + dt.timedelta(days=3)
    finding = verify("memory", Options(wait=0), later, fetcher=MemoryFetcher(publisher.files)).finding
    assert finding is not None
    assert finding.word == "stale"
    assert finding.message.startswith(f"{tree.TIMESTAMP.path()}: the timestamp metadata has expired on 20")


def test_a_state_locked_by_another_run_has_its_own_exit_code(
    publisher: MemoryPublisher, tmp_path: Path
) -> None:
    with state.locked(tmp_path), pytest.raises(StateInUse) as caught:
        report_of(publisher, tmp_path)
    assert caught.value.exit_code == 3
