"""A publisher that signs rightly and lies in one derived field: each is found, and nothing honest is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import promise_story
from lies import derived_fields, lies
from memory_publisher import NOW, MemoryPublisher
from publishers import NAME
from register_api.clock import zone_of
from register_api.core.changes import Change, FieldChange
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.judging import judge
from register_api.core.model import Announced
from register_api.core.notice_period import promises_of
from register_api.verify.engine import verify
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report_text import render_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from register_api.core.changes import Diff
    from register_api.core.judging.changes import Judgement
    from register_api.core.model import Register
    from register_api.verify.report import Report

FIELDS = derived_fields()
IDS = [f"{kind.__name__}.{name}" for kind, name in FIELDS]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Register, ...]:
    """Return three versions that the real program has published."""
    return promise_story.registers(tmp_path_factory.mktemp("story"))


@pytest.fixture(scope="module")
def publisher(story: tuple[Register, ...]) -> MemoryPublisher:
    """Return a publisher of the first two of them, who signs whatever comes next."""
    made = MemoryPublisher(NAME)
    for register in story[:2]:
        made.publish_made(register, made.diff(register))
    return made


def report_on_version(
    publisher: MemoryPublisher, register: Register, diff: Any = None, **options: Any
) -> Report:
    """Publish a version with right signatures, and return what a customer finds."""
    liar = publisher.copy()
    liar.publish_made(register, diff or liar.diff(register))
    return report_of(liar, **options)


def report_of(publisher: MemoryPublisher, **more: Any) -> Report:
    """Return what a customer finds in what is published."""
    options = Options(**{"wait": 0, **more})
    return verify("memory", options, NOW, fetcher=MemoryFetcher(publisher.files)).report


def judged(story: tuple[Register, ...], register: Register, diff: Diff) -> Judgement:
    """Judge a version by the two before it."""
    zone = zone_of(register.publisher.time_zone)
    return judge(story[1], register, diff, promises_of(story[:2], zone))


def published_lies(
    publisher: MemoryPublisher, register: Register, kind: type[msgspec.Struct], field: str
) -> Iterator[tuple[Register, Diff]]:
    """Yield the version with a lie in its register, and a diff that keeps to it, or in its diff alone."""
    for lie in lies(register, kind, field):
        yield lie, publisher.diff(lie)
    for diff in lies(publisher.diff(register), kind, field):
        yield register, diff


def test_an_honest_publisher_is_believed(story: tuple[Register, ...], publisher: MemoryPublisher) -> None:
    """What the real program published is what follows, and each announcement is told."""
    report = report_on_version(publisher, story[2])
    assert (report.exit_code, report.word) == (0, "verified"), report.checks
    assert not any("Not judged" in sentence for sentence in report.not_checked)
    outcomes = {(item.version, item.subprocessor, item.planned): item.outcome for item in report.notices}
    assert outcomes == {
        (2, "delta", None): "kept",
        (3, "acme", "move"): "kept",
        (3, "acme", "sweden"): "kept",
        (3, "gamma", None): "kept",
        (3, "omega", None): "short",
    }
    (short,) = (item for item in report.notices if item.outcome == "short")
    assert (short.notice.days, short.notice.promised_days) == (5, 45)
    assert short.sentence.startswith("Version 3, Omega (omega/logs): short. Notice given ")
    assert short.sentence.endswith("Reason given: The former vendor has closed")


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_a_lie_in_one_field_is_found_by_a_customer(
    story: tuple[Register, ...], publisher: MemoryPublisher, kind: type[msgspec.Struct], field: str
) -> None:
    """Whatever is derived: a lie about it ends with 18, and the message names version and field."""
    register, diff = next(published_lies(publisher, story[2], kind, field))
    report = report_on_version(publisher, register, diff)
    failed = {check.id: check for check in report.checks if check.result == "failed"}
    assert (report.exit_code, list(failed)) == (18, ["V31"])
    assert failed["V31"].sentence.count("version 3, ") == failed["V31"].sentence.count("; version") + 1


@pytest.mark.parametrize(("kind", "field"), FIELDS, ids=IDS)
def test_a_lie_in_one_field_is_found_at_every_place(
    story: tuple[Register, ...], publisher: MemoryPublisher, kind: type[msgspec.Struct], field: str
) -> None:
    """Each place of each document where such a thing stands."""
    places = list(published_lies(publisher, story[2], kind, field))
    assert places
    for register, diff in places:
        assert judged(story, register, diff).contradictions


def test_changes_that_are_left_out_or_added_are_found(
    story: tuple[Register, ...], publisher: MemoryPublisher
) -> None:
    """Nothing that happened is passed over, and nothing is told that did not happen."""
    diff = publisher.diff(story[2])
    for number in range(len(diff.changes)):
        fewer = diff.changes[:number] + diff.changes[number + 1 :]
        assert judged(story, story[2], msgspec.structs.replace(diff, changes=fewer)).contradictions
    for changes in ((), (*diff.changes, diff.changes[0])):
        assert (
            report_on_version(publisher, story[2], msgspec.structs.replace(diff, changes=changes)).exit_code
            == 18
        )


def without(register: Register, vendor: str) -> Register:
    """Return a register in which a vendor is no longer named."""
    left = tuple(item for item in register.subprocessors if item.id != vendor)
    return msgspec.structs.replace(register, subprocessors=left)


def with_use(register: Register, vendor: str, **fields: Any) -> Register:
    """Return a register in which a vendor's one engagement says something else."""
    vendors = tuple(
        msgspec.structs.replace(item, engagements=(msgspec.structs.replace(item.engagements[0], **fields),))
        if item.id == vendor
        else item
        for item in register.subprocessors
    )
    return msgspec.structs.replace(register, subprocessors=vendors)


def test_rules_hold_along_the_history(story: tuple[Register, ...], publisher: MemoryPublisher) -> None:
    """An honest diff of a version that the rules refuse helps nobody."""
    day = promise_story.TODAY
    for rule, register in {
        "R03": without(story[2], "beta"),
        "R09": with_use(story[2], "beta", starts_on=day + 90 * promise_story.DAY),
        "R10": with_use(story[2], "omega", short_notice=None),
        "R14": msgspec.structs.replace(story[2], corrects=1),
    }.items():
        report = report_on_version(publisher, register)
        (failed,) = (check for check in report.checks if check.result == "failed")
        assert (report.exit_code, failed.id) == (18, "V31")
        assert f"({rule})" in failed.sentence


def test_a_customer_may_end_with_a_promise_that_was_not_kept(
    story: tuple[Register, ...], publisher: MemoryPublisher
) -> None:
    """Honest but short: a code of its own, which no finding about bytes has; lies are worse."""
    report = report_on_version(publisher, story[2], fail_on=("short",))
    assert (report.exit_code, report.word) == (20, "promise not kept")
    assert "Promise not kept (exit code 20): see Notice." in render_text(report)
    assert [item.sentence for item in report.notices] == [
        line.removeprefix("  - ")
        for line in render_text(report).splitlines()
        if line.startswith("  - Version")
    ]
    assert report_on_version(publisher, story[2], fail_on=("late",)).exit_code == 0
    lie = msgspec.structs.replace(publisher.diff(story[2]), changes=())
    assert report_on_version(publisher, story[2], lie, fail_on=("short",)).exit_code == 18


@pytest.mark.parametrize("field", ["days", "promised_days", "met", "objection_until"])
def test_a_customer_with_memory_judges_by_promises_it_has_read_before(
    story: tuple[Register, ...], publisher: MemoryPublisher, tmp_path: Path, field: str
) -> None:
    """A promise that the new version has lowered, and that is not read again, still counts."""
    deceived, served = tmp_path / "deceived", tmp_path / "served"
    assert not any(report_of(publisher, state=state).exit_code for state in (deceived, served))
    register, diff = next(published_lies(publisher, story[2], Announced, field))
    report = report_on_version(publisher, register, diff, state=deceived)
    assert (report.exit_code, report.versions_checked) == (18, (3, 3))
    honest = report_on_version(publisher, story[2], state=served)
    assert (honest.exit_code, len(honest.notices)) == (0, 4)
    assert not any("Not judged" in sentence for sentence in honest.not_checked)


def test_without_the_promises_before_only_what_is_certain_is_judged(story: tuple[Register, ...]) -> None:
    """Whoever reads version 3 alone cannot know how long it promised 45 days; that it did is certain."""
    zone = zone_of(story[2].publisher.time_zone)
    known = promises_of(story[1:2], zone)
    assert not judge(story[1], story[2], None, known, whole=False).contradictions
    for field in ("days", "met", "day_count", "at", "version", "required"):
        for lie in lies(story[2], Announced, field):
            assert judge(story[1], lie, None, known, whole=False).contradictions


@pytest.mark.parametrize(
    ("count", "field"),
    [
        ({"promised_days": 60, "days": 60, "met": True}, "days met"),
        ({"promised_days": 45, "met": True}, "met"),
        ({"promised_days": 60, "met": True}, "met"),
        ({"promised_days": None, "met": True}, "promised_days"),
        ({"day_count": None}, "day_count"),
        ({"promised_days": 5, "day_count": "business", "days": 5, "met": True}, "days met"),
        ({"promised_days": 1, "day_count": "business", "days": 1, "met": True}, "met"),
        ({"promised_days": 29}, "promised_days"),
        ({"promised_days": 5, "met": True}, "met promised_days"),
        ({"objection_until": promise_story.TODAY}, "objection_until"),
        ({"objection_until": None}, "objection_until"),
        ({"promised_days": 60}, ""),
        ({"promised_days": 60, "day_count": "business", "days": 2}, ""),
        ({"objection_until": promise_story.TODAY + 30 * promise_story.DAY}, ""),
    ],
)
def test_short_notice_is_not_reported_as_kept_by_an_unknown_promise(
    story: tuple[Register, ...], count: dict[str, Any], field: str
) -> None:
    """Five days were given. An unknown promise may ask for more than the known ones; none makes it enough."""
    zone = zone_of(story[2].publisher.time_zone)
    known = promises_of(story[1:2], zone)
    (omega,) = (item for item in story[2].subprocessors if item.id == "omega")
    announced = msgspec.structs.replace(omega.engagements[0].announced, **count)
    found = judge(story[1], with_use(story[2], "omega", announced=announced), None, known, whole=False)
    assert [item.field for item in found.contradictions] == field.split()
    (given,) = (item for item in found.given if item.subprocessor == "omega")
    assert (given.outcome, given.notice.met) == ("short", False)


def test_business_days_of_late_notice_are_bounded_on_both_sides(story: tuple[Register, ...]) -> None:
    """A holiday of a promise that is not known makes them fewer, not more."""
    day = promise_story.TODAY
    zone = zone_of(story[2].publisher.time_zone)
    (omega,) = (item for item in story[2].subprocessors if item.id == "omega")
    count = msgspec.structs.replace(
        omega.engagements[0].announced, day_count="business", promised_days=60, met=False
    )
    for days, fields in {-10: [], -9: [], 0: [], -11: ["days"], 1: ["days"]}.items():
        late = msgspec.structs.replace(count, days=days)
        lie = with_use(story[2], "omega", starts_on=day - 14 * promise_story.DAY, announced=late)
        found = judge(story[1], lie, None, promises_of(story[1:2], zone), whole=False)
        assert [item.field for item in found.contradictions if item.field] == fields


def lie_hides_notice(honest: Register, lie: Register) -> bool:
    """Tell whether a register says less often than it should that notice was required."""
    return str(lie).count("required=True") < str(honest).count("required=True")


def test_a_promise_of_what_is_not_known_here_is_not_judged(story: tuple[Register, ...]) -> None:
    """An event that only a later release can tell may ask for notice; what is known still does."""
    zone = zone_of(story[2].publisher.time_zone)
    notice = msgspec.structs.replace(
        story[0].notice, applies_to=(*story[0].notice.applies_to, "event_of_tomorrow")
    )
    first, second = (msgspec.structs.replace(one, notice=notice) for one in story[:2])
    known = promises_of((first, second), zone)
    found = judge(second, story[2], None, known)
    assert not [item for item in found.contradictions if item.field != "applies_to"]
    for lie in lies(story[2], Announced, "required"):
        found = judge(second, lie, None, known)
        required = [item for item in found.contradictions if item.field == "required"]
        assert found.contradictions
        assert required or not lie_hides_notice(story[2], lie)


def later(diff: Diff, **changed: Any) -> Diff:
    """Return a diff as a later release may write it; each change with something else."""
    changes = tuple(msgspec.structs.replace(change, **changed) for change in diff.changes)
    return msgspec.structs.replace(diff, changes=changes, format_minor=FORMAT_MINOR + 1)


def test_what_a_later_release_tells_besides_is_not_judged(
    story: tuple[Register, ...], publisher: MemoryPublisher
) -> None:
    """Types, changes and members that are not known here are said not to be judged, and end with 0."""
    diff = later(publisher.diff(story[2]), type="type_of_tomorrow")
    more = FieldChange(path="tomorrow", before=None, after={"new": 1})
    changes = (*diff.changes, msgspec.structs.replace(diff.changes[0], id="3-99", fields=(more,)))
    wider = msgspec.structs.replace(diff, changes=changes)
    for honest in (diff, wider, later(publisher.diff(story[2]))):
        report = report_on_version(publisher, story[2], honest)
        assert report.exit_code == 0
        assert any("written by a later release" in sentence for sentence in report.not_checked)


@pytest.mark.parametrize("kind", [Change, FieldChange], ids=["changes", "fields"])
def test_what_is_known_is_judged_of_a_later_release_too(
    story: tuple[Register, ...], publisher: MemoryPublisher, kind: type[msgspec.Struct]
) -> None:
    """Whoever names a later number cannot leave out or change what both releases know."""
    honest = later(publisher.diff(story[2]))
    fields = ("before", "after") if kind is FieldChange else ("kind", "subprocessor", "fields", "notice")
    for field in fields:
        for lie in lies(honest, kind, field):
            assert judged(story, story[2], lie).contradictions, field
    assert judged(story, story[2], later(publisher.diff(story[2]), type="reordered")).contradictions
    for number in range(len(honest.changes)):
        fewer = honest.changes[:number] + honest.changes[number + 1 :]
        assert judged(story, story[2], msgspec.structs.replace(honest, changes=fewer)).contradictions


def test_hostile_numbers_and_days_end_in_a_contradiction(story: tuple[Register, ...]) -> None:
    """No register makes the judge run for ever, or fall over."""
    zone = zone_of(story[2].publisher.time_zone)
    known, plan = promises_of(story[:2], zone), story[2].subprocessors[0].planned[0]
    notice = story[2].notice
    many = tuple(msgspec.structs.replace(plan, id=f"plan-{number}") for number in range(300))
    acme = story[2].subprocessors[0]
    for hostile in (
        msgspec.structs.replace(story[2], notice=msgspec.structs.replace(notice, days=10**15)),
        msgspec.structs.replace(story[2], notice=msgspec.structs.replace(notice, days=-1)),
        msgspec.structs.replace(story[2], published_at=dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC)),
        msgspec.structs.replace(story[2], subprocessors=(acme, acme)),
        msgspec.structs.replace(story[2], subprocessors=(msgspec.structs.replace(acme, planned=many),)),
        msgspec.structs.replace(
            story[2],
            subprocessors=(
                msgspec.structs.replace(
                    acme, planned=(msgspec.structs.replace(plan, effective_on=dt.date.min),)
                ),
            ),
        ),
    ):
        assert judge(story[1], hostile, None, known).contradictions
