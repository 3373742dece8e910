"""What lies ahead, compared with what follows from the register (V29)."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from memory_publisher import NOW, MemoryPublisher
from register_api.core.canonical import encode
from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.format import tree
from register_api.core.model import (
    Announced,
    Engagement,
    Notice,
    Objection,
    PlannedChange,
    Publisher,
    Subprocessor,
)
from register_api.verify import MemoryFetcher, Options, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from register_api.verify import CheckResult

LATER = FORMAT_MINOR + 1
DAY = NOW.date()
TOMORROW = DAY + dt.timedelta(days=1)
NOTICE = Notice(
    days=20,
    applies_to=("addition", "data_changed"),
    objection=Objection(days=14, contact="mailto:privacy@example.com"),
)


@pytest.fixture
def publisher() -> MemoryPublisher:
    """A register of one vendor that starts, changes, and of which one may object."""
    announced = Announced(version=2, at=NOW)
    move = PlannedChange(
        id="move", effective_on=TOMORROW, set={"data_categories": ["Other"]}, announced=announced
    )
    use = Engagement(
        id="hosting",
        category="hosting",
        status="active",
        starts_on=TOMORROW,
        announced=announced,
        planned=(move,),
    )
    listed = (Subprocessor(id="acme", name="A", engagements=(use,)),)
    return (
        MemoryPublisher()
        .publish(subprocessors=(), notice=NOTICE)
        .publish(subprocessors=listed, notice=NOTICE)
    )


def judged(publisher: MemoryPublisher) -> CheckResult:
    """Return the result of the check, and see that no other is worse."""
    report = verify("memory", Options(wait=0), NOW, fetcher=MemoryFetcher(publisher.files)).report
    failed = [check.id for check in report.checks if check.result == "failed"]
    assert failed in ([], ["V29"])
    return next(check for check in report.checks if check.id == "V29")


def rewrite(
    publisher: MemoryPublisher, change: Callable[[Any], object], *, minor: int = FORMAT_MINOR
) -> None:
    """Write what lies ahead otherwise, truly signed; both documents by a minor number."""
    if minor != publisher.registers[-1].format_minor:
        newer = publisher.next_register(
            subprocessors=publisher.registers[-1].subprocessors, notice=NOTICE, format_minor=minor
        )
        publisher.publish_made(newer, publisher.diff(newer))
    document = json.loads(publisher.files[tree.UPCOMING.path()])
    document["format_minor"] = minor
    change(document)
    publisher.write_signed(tree.UPCOMING.path(), encode(document))
    publisher.vouch()


def test_what_follows_from_the_register_passes(publisher: MemoryPublisher) -> None:
    document = json.loads(publisher.files[tree.UPCOMING.path()])
    kinds = ["objection_deadline", "objection_deadline", "start", "change"]
    assert [item["what"] for item in document["upcoming"]] == kinds
    assert judged(publisher).result == "ok"


CHANGES: dict[str, Callable[[Any], object]] = {
    "row left out": lambda document: document["upcoming"].pop(),
    "row listed twice": lambda document: document["upcoming"].append(document["upcoming"][0]),
    "other order": lambda document: document["upcoming"].reverse(),
    "other contact": lambda document: document["upcoming"][0].update(contact="mailto:thief@example.com"),
    "notice embellished": lambda document: document["upcoming"][0]["notice"].update(days=99),
    "other day": lambda document: document.update(as_of="2020-01-01"),
    "other version": lambda document: document.update(version=7),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_anything_else_is_inconsistent(publisher: MemoryPublisher, change: Callable[[Any], object]) -> None:
    rewrite(publisher, change)
    assert judged(publisher).code == 18


def _nothing(_said: object) -> None:
    """Leave it as it is."""


def _what_later_brought(document: Any) -> None:
    """Add what a later minor number may: members, kinds of event, and types of change."""
    document["more"] = 1
    for row in document["upcoming"]:
        row["type"] = "unheard_of"
        row["notice"]["more"] = row["more"] = None
    document["upcoming"].append(document["upcoming"][0] | {"what": "something_new"})


@pytest.mark.parametrize("change", [_nothing, _what_later_brought])
def test_what_a_later_minor_number_brought_is_not_judged(
    publisher: MemoryPublisher, change: Callable[[Any], object]
) -> None:
    rewrite(publisher, change, minor=LATER)
    assert judged(publisher).result == "ok"


@pytest.mark.parametrize(
    "name", ["row left out", "other contact", "notice embellished", "other day", "other version"]
)
def test_what_is_known_is_judged_also_by_a_later_minor_number(publisher: MemoryPublisher, name: str) -> None:
    rewrite(publisher, CHANGES[name], minor=LATER)
    assert judged(publisher).code == 18


def test_it_is_of_the_same_minor_number_as_the_register(publisher: MemoryPublisher) -> None:
    """Else a later number would be a way to say anything."""
    rewrite(publisher, lambda document: document.update(format_minor=LATER))
    assert judged(publisher).code == 18


def test_a_time_zone_that_is_not_known_here_cannot_be_judged(publisher: MemoryPublisher) -> None:
    elsewhere = Publisher(name="Example", time_zone="Mars/Olympus_Mons", language="en")
    publisher.publish(publisher=elsewhere, subprocessors=publisher.registers[-1].subprocessors)
    assert judged(publisher).result == "skipped"


def test_a_planned_change_of_a_field_that_only_a_later_minor_number_has_is_not_judged(
    publisher: MemoryPublisher,
) -> None:
    (vendor,) = publisher.registers[-1].subprocessors
    plan = msgspec.structs.replace(vendor.engagements[0].planned[0], set={"unheard_of": 1})
    use = msgspec.structs.replace(vendor.engagements[0], planned=(plan,))
    listed = (msgspec.structs.replace(vendor, engagements=(use,)),)
    newer = publisher.next_register(subprocessors=listed, notice=NOTICE, format_minor=LATER)
    publisher.publish_made(newer, msgspec.structs.replace(publisher.diff(newer, ()), format_minor=LATER))
    assert judged(publisher).result == "skipped"
