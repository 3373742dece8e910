"""From a checked source to the version it becomes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

import strategies
from examples import (
    FIRST,
    NOTICE,
    NOW,
    TODAY,
    make_context,
    make_draft,
    make_engagement,
    make_promises,
    make_register,
    make_vendor,
)
from register_api.core import model
from register_api.core.canonical import decode, encode
from register_api.core.diff.document import changes_without_summaries
from register_api.core.notice_period import Promises
from register_api.core.rules import Context, check
from register_api.core.versioning import make_version, unchanged
from thoroughness import examples

SOON, LATE = TODAY + dt.timedelta(days=30), TODAY + dt.timedelta(days=60)
SOONER = SOON - dt.timedelta(days=1)
US = model.Location(country="US")


def test_the_first_version() -> None:
    """Version 1 follows nothing, and announces everything."""
    register = make_version(make_draft(), make_context())
    assert (register.version, register.previous, register.recorded, register.corrects) == (
        1,
        None,
        "live",
        None,
    )
    assert register.published_at == NOW
    assert register.reason == model.Reason(kind="initial")
    assert register.subprocessors[0].engagements[0].announced == model.Announced(version=1, at=NOW)


def test_the_next_version() -> None:
    """It names the bytes of the one before, and what it corrects."""
    reason = model.Reason(kind="correction", text="Wrong seat")
    register = make_version(make_draft(), make_context(make_register(version=4), reason=reason, corrects=2))
    assert register.version == 5
    assert register.previous == model.Previous(version=4, sha256="1" * 64)
    assert (register.reason, register.corrects) == (reason, 2)


def test_imported_history_keeps_its_publication_time() -> None:
    """An imported version is published when it was published elsewhere, in UTC and whole seconds."""
    at = dt.datetime(2024, 2, 1, 10, 0, 0, 999, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    register = make_version(make_draft(), make_context(at=at))
    assert register.recorded == "imported"
    assert register.published_at.isoformat() == "2024-02-01T09:00:00+00:00"


def test_the_source_is_taken_over_whole() -> None:
    """Every field of the source is in the version, vendors in order of reading."""
    draft = make_draft(
        make_vendor("beta"), make_vendor(extra={"b": "2", "a": "1"}), order=("beta",), extra={"x": "y"}
    )
    register = make_version(draft, make_context())
    assert [vendor.id for vendor in register.subprocessors] == ["beta", "acme"]
    for name in model.RegisterSource.__struct_fields__:
        if name not in {"order", "accepted_warnings"}:
            assert getattr(register, name) == getattr(draft.register, name)
    assert strategies.draft_of(register).subprocessors == draft.subprocessors


def announced(before: dict[str, Any], after: dict[str, Any], **context: Any) -> int:
    """Return the version recorded as having announced an engagement, after a change in version 2."""
    old, new = (make_vendor(engagements=(make_engagement(**fields),)) for fields in (before, after))
    notice = context.pop("notice", NOTICE)
    made = make_version(
        make_draft(new, notice=notice), make_context(make_register(old, notice=notice), **context)
    )
    found = made.subprocessors[0].engagements[0].announced
    assert found.at == (FIRST if found.version == 1 else made.published_at)
    return found.version


@pytest.mark.parametrize(
    ("before", "after", "version"),
    [
        pytest.param({}, {}, 1, id="nothing"),
        pytest.param({}, {"purpose": "Other words"}, 1, id="words"),
        pytest.param({}, {"ends_on": SOON}, 1, id="an end"),
        pytest.param({}, {"locations": (US,)}, 1, id="a relocation that is not promised"),
        pytest.param({"status": "available"}, {"starts_on": SOON}, 2, id="an activation"),
        pytest.param({"starts_on": LATE}, {"starts_on": SOON}, 2, id="an earlier start"),
        pytest.param({"starts_on": SOON}, {"starts_on": LATE}, 1, id="a later start"),
        pytest.param({"starts_on": SOON}, {}, 2, id="no start any more: before version 1"),
        pytest.param({}, {"starts_on": SOON}, 1, id="a start after none"),
        pytest.param({"ends_on": TODAY}, {"starts_on": SOON}, 2, id="it runs again"),
        pytest.param({}, {"status": "available"}, 1, id="no longer engaged"),
        pytest.param(
            {"starts_on": TODAY - dt.timedelta(1)}, {"starts_on": FIRST.date()}, 1, id="a past start moves"
        ),
    ],
)
def test_changes_that_make_a_new_announcement(
    before: dict[str, Any], after: dict[str, Any], version: int
) -> None:
    """Only an earlier start, and what needs notice, makes a new announcement."""
    assert announced(before, after) == version


def test_a_promised_event_makes_a_new_announcement() -> None:
    """Where relocations need notice, a further country makes what is still to begin a new announcement.

    What is in use changes by a planned change, which is announced itself.
    """
    promise = msgspec.structs.replace(NOTICE, applies_to=("relocation",))
    assert announced({"starts_on": LATE}, {"starts_on": LATE, "locations": (US,)}, notice=promise) == 2
    plan = model.PlannedChangeSource(id="us", effective_on=LATE, set={"locations": [{"country": "US"}]})
    assert announced({}, {"planned": (plan,)}, notice=promise) == 1
    new = make_vendor(engagements=(make_engagement(planned=(plan,)),))
    made = make_version(make_draft(new, notice=promise), make_context(make_register(notice=promise)))
    (plan,) = made.subprocessors[0].engagements[0].planned
    assert (plan.announced.version, plan.announced.days, plan.announced.met) == (2, 60, True)


RELOCATION = msgspec.structs.replace(NOTICE, applies_to=("addition", "relocation"))
PROMISED = model.Announced(
    version=1, at=FIRST, required=True, promised_days=30, days=60, day_count="calendar", met=True
)


@pytest.mark.parametrize(("notice", "version"), [(NOTICE, 1), (RELOCATION, 2)])
def test_a_start_keeps_its_announcement_unless_a_promise_covers_the_change(
    notice: model.Notice, version: int
) -> None:
    """A change without promised notice takes neither the deadline of the start nor its record away."""
    use = make_engagement(starts_on=LATE)
    old = published(make_vendor(engagements=(use,)), PROMISED)
    new = make_vendor(engagements=(msgspec.structs.replace(use, locations=(US,)),))
    context = make_context(make_register(old, notice=notice))
    made = make_version(make_draft(new, notice=notice), context)
    found = made.subprocessors[0].engagements[0].announced
    assert (found.version, found.required) == (version, True)
    assert version == 2 or found == PROMISED


def published(vendor: model.SubprocessorSource, announced: model.Announced) -> model.Subprocessor:
    """Return a vendor as version 1 published it, with its start or planned start announced like this."""
    (found,) = make_register(vendor).subprocessors
    (use,) = found.engagements
    plans = tuple(msgspec.structs.replace(item, announced=announced) for item in use.planned)
    return msgspec.structs.replace(
        found, engagements=(msgspec.structs.replace(use, announced=announced, planned=plans),)
    )


GO = model.PlannedChangeSource(id="go", effective_on=LATE, set={"status": "active"})
AVAILABLE = make_engagement(status="available", planned=(GO,))


def plan(day: dt.date, **values: Any) -> model.PlannedChangeSource:
    """Return a planned change."""
    return model.PlannedChangeSource(id="more", effective_on=day, set=values)


@pytest.mark.parametrize(
    ("of_vendor", "of_use"),
    [
        pytest.param({}, {"locations": (US,)}, id="written directly"),
        pytest.param({}, {"planned": (GO, plan(LATE, locations=[{"country": "US"}]))}, id="the same day"),
        pytest.param({}, {"planned": (plan(SOON, locations=[{"country": "US"}]), GO)}, id="before"),
        pytest.param({}, {"entity": model.Entity(legal_name="Other Ltd.")}, id="another entity"),
        pytest.param({"legal_name": "Other Oy"}, {}, id="another legal name"),
        pytest.param({"planned": (plan(LATE, seat="US"),)}, {}, id="another seat that day"),
    ],
)
def test_a_planned_start_is_announced_again_where_it_changes(
    of_vendor: dict[str, Any], of_use: dict[str, Any]
) -> None:
    """Whatever changes what comes into use that day needs the notice that the start needed."""
    notice = msgspec.structs.replace(NOTICE, applies_to=("replacement", "relocation"))
    use = msgspec.structs.replace(AVAILABLE, **of_use)
    draft = make_draft(make_vendor(engagements=(use,), **of_vendor), notice=notice)
    old = published(make_vendor(engagements=(AVAILABLE,)), PROMISED)
    context = make_context(make_register(old, notice=notice))
    made = make_version(draft, context)
    found = next(item for item in made.subprocessors[0].engagements[0].planned if item.id == "go")
    assert (found.announced.version, found.announced.days) == (2, 60)
    changes = changes_without_summaries(context.previous, made, context.promises_with(draft))
    assert [(item.notice.effective_on, item.notice.days) for item in changes] == [(LATE, 60)]
    late = make_context(context.previous, now=NOW + dt.timedelta(days=40))
    assert {item.rule for item in check(draft, late) if item.severity == "error"} == {"R10"}


@pytest.mark.parametrize(
    ("fields", "required"),
    [
        ({}, False),
        ({"locations": (US,)}, True),
        ({"data_categories": ("Voice",)}, True),
        ({"entity": model.Entity(legal_name="Other Ltd.")}, True),
    ],
)
def test_a_further_use_for_the_same_purpose_hides_nothing_new(fields: dict[str, Any], required: bool) -> None:
    """Splitting one use into two needs no notice; a further country, data or entity does."""
    notice = msgspec.structs.replace(
        NOTICE, applies_to=("addition", "replacement", "relocation", "data_changed")
    )
    further = make_engagement("second", starts_on=LATE, **fields)
    vendor = make_vendor(engagements=(make_engagement(), further))
    made = make_version(make_draft(vendor, notice=notice), make_context(make_register(notice=notice)))
    assert made.subprocessors[0].engagements[1].announced.required is required


def test_a_planned_start_keeps_its_announcement_where_nothing_needs_notice() -> None:
    """A clearer purpose, or a country that no promise covers."""
    for fields in ({"purpose": "Other words"}, {"locations": (US,)}):
        use = msgspec.structs.replace(AVAILABLE, **fields)
        old = published(make_vendor(engagements=(AVAILABLE,)), PROMISED)
        made = make_version(make_draft(make_vendor(engagements=(use,))), make_context(make_register(old)))
        assert made.subprocessors[0].engagements[0].planned[0].announced == PROMISED


def test_a_made_version_equals_its_decoded_bytes() -> None:
    """Also in order: the fields set by a planned change are sorted as in the published bytes."""
    plan = model.PlannedChangeSource(id="move", effective_on=LATE, set={"seat": "FI", "kind": "affiliate"})
    new = make_vendor(engagements=(make_engagement(),), planned=(plan,))
    made = make_version(make_draft(new), make_context(make_register()))
    read = decode(encode(made), model.Register)
    assert read == made
    assert [list(change.set) for change in made.subprocessors[0].planned] == [["kind", "seat"]]
    assert [list(change.set) for change in read.subprocessors[0].planned] == [["kind", "seat"]]


def test_an_earlier_start_is_announced_again_without_notice() -> None:
    """The record names the version that announced the earlier start; a relocation keeps its announcement."""
    past = {"at": NOW - dt.timedelta(days=1), "promises": make_promises(first_live=None)}
    assert announced({"status": "available"}, {}, **past) == 2
    assert announced({}, {"locations": (US,)}, **past) == 1


def test_unchanged_ignores_what_publishing_sets() -> None:
    """Another number, instant and reason make no other content."""
    previous = make_version(make_draft(), make_context())
    again = make_version(make_draft(), make_context(previous, now=NOW + dt.timedelta(days=99)))
    assert unchanged(again, previous, dated=True)
    other = make_version(make_draft(extra={"a": "b"}), make_context(previous))
    assert not unchanged(other, previous, dated=True)


@given(strategies.registers())
@settings(max_examples=examples(50), deadline=None)
def test_the_same_source_again_changes_nothing(register: model.Register) -> None:
    """The source of any register makes the same content again and announces nothing."""
    context = Context(
        now=register.published_at + dt.timedelta(days=200),
        zone=dt.UTC,
        promises=Promises(zone=dt.UTC, first_live=1, policies=()).with_version(
            register.version, register.published_at.date(), register.notice, live=True
        ),
        reason=model.Reason(kind="change"),
        previous=register,
        previous_sha256="0" * 64,
    )
    made = make_version(strategies.draft_of(register), context)
    assert unchanged(made, register, dated=True)
    assert made.version == register.version + 1
