"""Rules on status, dates and the notice promise: R08 to R13."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

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
from register_api.core.rules import check

if TYPE_CHECKING:
    from register_api.core.rules import Context
    from register_api.errors import Finding

DAY = dt.timedelta(days=1)
YESTERDAY, TOMORROW = TODAY - DAY, TODAY + DAY
NEXT_YEAR = TODAY + 365 * DAY
BEFORE_FIRST = FIRST.date() - DAY
CONSENT = model.Condition(type="consent")
SHORT = model.ShortNotice(reason="The vendor used before ceased to operate")
WHY = model.Reason(kind="correction", text="The day was wrong")
ADDITIONS = msgspec.structs.replace(NOTICE, applies_to=("addition",))


def findings_of(draft: model.Draft, context: Context) -> list[Finding]:
    """Return the errors of a source."""
    return [finding for finding in check(draft, context) if finding.severity == "error"]


def numbers(findings: list[Finding]) -> list[str]:
    """Return the rules that object."""
    return [finding.rule for finding in findings]


def plan(id_: str, **fields: Any) -> model.PlannedChangeSource:
    """Return a planned change."""
    return model.PlannedChangeSource(id=id_, **fields)


def moved(before: dict[str, Any], after: dict[str, Any], **context: Any) -> list[Finding]:
    """Return the errors when the fields of a published engagement change."""
    old = make_vendor(engagements=(make_engagement(**before),))
    new = make_vendor(engagements=(make_engagement(**after),))
    return findings_of(make_draft(new), make_context(make_register(old), **context))


def added(
    starts_on: dt.date | None, *, notice: model.NoticeSource = NOTICE, now: dt.datetime = NOW, **fields: Any
) -> list[Finding]:
    """Return the errors when a vendor joins a register with that promise."""
    context = {name: fields.pop(name) for name in ("at", "zone", "promises") if name in fields}
    newcomer = make_vendor("beta", engagements=(make_engagement(starts_on=starts_on, **fields),))
    previous = make_register(notice=notice, recorded="imported" if "at" in context else "live")
    dated = {"updated_on": now.date() - 2 * DAY}
    return findings_of(
        make_draft(make_vendor(), newcomer, notice=notice, **dated),
        make_context(previous, now=now, **context),
    )


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"status": "conditional"}, ["conditions"]),
        ({"status": "conditional", "conditions": (CONSENT,), "purpose": "", "locations": ()}, []),
        ({"purpose": ""}, ["purpose"]),
        ({"locations": ()}, ["locations"]),
        ({"purpose": "", "locations": ()}, ["purpose", "locations"]),
        ({"status": "available", "purpose": "", "locations": ()}, []),
        ({"status": "available", "starts_on": TODAY, "ends_on": NEXT_YEAR}, ["starts_on", "ends_on"]),
    ],
)
def test_a_status_has_what_it_needs(fields: dict[str, Any], keys: list[str]) -> None:
    """R08: condition, purpose and place, or no dates."""
    found = findings_of(make_draft(make_vendor(engagements=(make_engagement(**fields),))), make_context())
    assert [(item.rule, item.key) for item in found] == [("R08", f"engagements[0].{key}") for key in keys]


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        pytest.param({}, {"ends_on": YESTERDAY}, None, id="an end is reported a day late"),
        pytest.param({}, {"ends_on": TODAY}, None, id="an end today"),
        pytest.param(
            {"ends_on": NEXT_YEAR},
            {"ends_on": YESTERDAY},
            None,
            id="it ended earlier than planned, reported late",
        ),
        pytest.param(
            {"ends_on": YESTERDAY}, {"ends_on": YESTERDAY - DAY}, "ends_on", id="a past end moves back"
        ),
        pytest.param({"ends_on": YESTERDAY}, {"ends_on": NEXT_YEAR}, "ends_on", id="a past end moves on"),
        pytest.param({"ends_on": YESTERDAY}, {"ends_on": YESTERDAY}, None, id="a past end stays"),
        pytest.param(
            {"starts_on": BEFORE_FIRST}, {"starts_on": YESTERDAY}, "starts_on", id="a past start moves"
        ),
        pytest.param(
            {"starts_on": YESTERDAY}, {}, "starts_on", id="a start is taken back to before version 1"
        ),
        pytest.param({}, {"starts_on": BEFORE_FIRST}, None, id="a start before version 1 is stated"),
        pytest.param(
            {}, {"starts_on": FIRST.date()}, "starts_on", id="a start after version 1 contradicts it"
        ),
        pytest.param(
            {"starts_on": YESTERDAY}, {"starts_on": TODAY}, "starts_on", id="a start that has passed moves"
        ),
        pytest.param({}, {"starts_on": NEXT_YEAR}, "starts_on", id="what is in use gets a later start"),
        pytest.param({"starts_on": TOMORROW}, {"starts_on": NEXT_YEAR}, None, id="a start moves later"),
    ],
)
def test_published_dates_do_not_move_into_the_past(
    before: dict[str, Any], after: dict[str, Any], key: str | None
) -> None:
    """R09: published dates that have passed stay, except in a correction with a reason."""
    found = moved(before, after)
    assert [(item.rule, item.key) for item in found] == [("R09", f"engagements[0].{key}")] * (key is not None)
    assert moved(before, after, reason=WHY, corrects=1) == []
    silent = moved(before, after, reason=model.Reason(kind="correction"), corrects=1)
    assert numbers(silent) == numbers(found)


def test_a_new_start_is_no_move() -> None:
    """R09 leaves to R12 what begins: backdated with short notice it is accepted, and shown as late."""
    late = {"starts_on": YESTERDAY, "short_notice": SHORT}
    assert moved({"status": "available"}, late) == []
    assert numbers(moved({"status": "available"}, {"starts_on": YESTERDAY})) == ["R12"]


@pytest.mark.parametrize(
    ("now", "zone", "starts_on", "given"),
    [
        ("2026-06-01T09:00:00+00:00", "UTC", "2026-07-01", None),
        ("2026-06-01T09:00:00+00:00", "UTC", "2026-06-30", 29),
        ("2026-06-01T22:00:00+00:00", "Europe/Berlin", "2026-07-01", 29),
        ("2026-06-01T21:59:59+00:00", "Europe/Berlin", "2026-07-01", None),
        ("2026-06-02T03:59:59+00:00", "America/New_York", "2026-07-01", None),
        ("2026-12-15T09:00:00+00:00", "UTC", "2027-01-13", 29),
        ("2028-01-30T09:00:00+00:00", "UTC", "2028-02-29", None),
        ("2028-01-30T09:00:00+00:00", "UTC", "2028-02-28", 29),
    ],
)
def test_exactly_the_number_is_enough(now: str, zone: str, starts_on: str, given: int | None) -> None:
    """R10: one day less is refused, by the publisher's midnight, and the right day is named."""
    instant, day = dt.datetime.fromisoformat(now), dt.date.fromisoformat(starts_on)
    found = added(day, now=instant, zone=ZoneInfo(zone))
    assert numbers(found) == ["R10"] * (given is not None)
    for finding in found:
        assert finding.file == "subprocessors/beta.toml"
        assert finding.key == "engagements[0].starts_on"
        assert finding.message.startswith(f"only {given} of the promised 30 days' notice")
        assert finding.hint.startswith(str(day + DAY))


def test_business_days_are_named_as_such() -> None:
    """R10: announced on Monday with a holiday in the week, five business days end a week and a day later."""
    promise = msgspec.structs.replace(NOTICE, days=5, day_count="business", holidays=(dt.date(2026, 6, 4),))
    assert added(dt.date(2026, 6, 9), notice=promise) == []
    (finding,) = added(dt.date(2026, 6, 8), notice=promise)
    assert finding.message.startswith("only 4 of the promised 5 business days' notice")
    assert finding.hint.startswith("2026-06-09")


def test_without_a_start_no_days_can_be_counted() -> None:
    """R10: what needs notice needs starts_on; short notice is no way round."""
    (finding,) = added(None, short_notice=SHORT)
    assert finding.rule == "R10"
    assert finding.hint == "add starts_on = 2026-07-01 or later"


@pytest.mark.parametrize("starts_on", [TODAY, YESTERDAY, TODAY - 400 * DAY])
def test_short_notice_is_accepted_with_its_reason(starts_on: dt.date) -> None:
    """R11: the override is open, however late the announcement."""
    assert added(starts_on, short_notice=SHORT) == []
    assert numbers(added(starts_on, short_notice=model.ShortNotice(reason=" "))) == ["R05"]
    assert numbers(added(starts_on, short_notice=model.ShortNotice(reason=""))) == ["R11"]


def test_backdating_is_a_rule_of_its_own() -> None:
    """R12: the day before the announcement is late, the day itself is short."""
    assert numbers(added(YESTERDAY)) == ["R12"]
    assert numbers(added(TODAY)) == ["R10"]


def test_a_promise_of_no_days() -> None:
    """R10, R12: with days = 0 a start may be announced on its own day, and no later."""
    none = msgspec.structs.replace(NOTICE, days=0)
    assert added(TODAY, notice=none) == []
    assert numbers(added(YESTERDAY, notice=none)) == ["R12"]


def test_an_engagement_first_listed_after_its_end() -> None:
    """R12: listing it now requires a statement that notice was not given."""
    over = {"starts_on": TODAY - 90 * DAY, "ends_on": YESTERDAY}
    assert numbers(added(**over)) == ["R12"]
    assert added(**over, short_notice=SHORT) == []


def test_what_is_not_covered_needs_no_notice() -> None:
    """R10: an activation is free where only additions are promised; a relocation where it is not named."""
    previous = make_register(
        make_vendor(engagements=(make_engagement(status="available"),)), notice=ADDITIONS
    )
    assert findings_of(make_draft(notice=ADDITIONS), make_context(previous)) == []
    us = make_engagement(locations=(model.Location(country="US"),))
    assert findings_of(make_draft(make_vendor(engagements=(us,))), make_context(make_register())) == []


def test_one_of_several_events_is_enough() -> None:
    """R10: an earlier start does not hide a relocation that is promised."""
    promise = msgspec.structs.replace(NOTICE, applies_to=("relocation",))
    before = make_engagement(starts_on=NEXT_YEAR)
    after = make_engagement(starts_on=TOMORROW, locations=(model.Location(country="US"),))
    previous = make_register(make_vendor(engagements=(before,)), notice=promise)
    found = findings_of(make_draft(make_vendor(engagements=(after,)), notice=promise), make_context(previous))
    assert numbers(found) == ["R10"]


def test_an_announced_change_is_not_judged_again() -> None:
    """R10: the day of announcement of what stays as it was is the old one."""
    soon = make_vendor(engagements=(make_engagement(starts_on=TOMORROW),))
    assert findings_of(make_draft(soon), make_context(make_register(soon))) == []


@pytest.mark.parametrize("kind", ["change", "correction"])
def test_moving_a_start_earlier_is_a_new_announcement(kind: model.ReasonKind) -> None:
    """R10: an earlier start has to keep the promise from today, also as a correction."""
    reason = model.Reason(kind=kind, text="…")
    context = {"reason": reason, "corrects": 1 if kind == "correction" else None}
    assert numbers(moved({"starts_on": NEXT_YEAR}, {"starts_on": TODAY + 29 * DAY}, **context)) == ["R10"]
    assert moved({"starts_on": NEXT_YEAR}, {"starts_on": TODAY + 30 * DAY}, **context) == []


def test_another_legal_entity_is_a_replacement() -> None:
    """R10: legal name or seat under the same id needs notice, unless a correction puts it right."""
    previous = make_register(make_vendor(seat="US"))
    assert numbers(findings_of(make_draft(), make_context(previous))) == ["R10"]
    assert findings_of(make_draft(), make_context(previous, reason=WHY, corrects=1)) == []
    soon = {"effective_on": TODAY + 30 * DAY, "set": {"seat": "FI"}}
    announced = make_draft(make_vendor(seat="US", planned=(plan("moves", **soon),)))
    assert findings_of(announced, make_context(previous)) == []


def test_imported_history_needs_no_notice() -> None:
    """R10 to R13: neither version 1 nor an imported version announces anything."""
    backdated = make_vendor(engagements=(make_engagement(starts_on=YESTERDAY),))
    assert findings_of(make_draft(backdated), make_context()) == []
    assert added(None, at=NOW - DAY, promises=make_promises(first_live=None)) == []


def test_the_first_live_version_after_history_needs_notice() -> None:
    """R10: imported history counts as what customers have been notified of."""
    assert numbers(added(TOMORROW, promises=make_promises(first_live=None))) == ["R10"]


def lowered(
    days: int, *, on: str, applies_to: tuple[model.NoticeEvent, ...] = ("addition",)
) -> list[Finding]:
    """Return the errors on a day after 30 days were lowered to 10 on 1 June."""
    low = msgspec.structs.replace(NOTICE, days=10, applies_to=applies_to)
    promises = make_promises((1, FIRST.date(), NOTICE), (2, TODAY, low))
    now = dt.datetime.fromisoformat(f"{on}T12:00:00+00:00")
    return added(now.date() + days * DAY, notice=low, now=now, promises=promises)


def test_a_lowered_promise_still_binds() -> None:
    """R13: within the old number of days the old promise holds; the finding names it and until when."""
    (finding,) = lowered(29, on="2026-06-30")
    assert finding.rule == "R13"
    assert "29 of the promised 30 days" in finding.message
    assert "version 1 binds what is announced before 2026-07-01" in finding.message
    assert lowered(30, on="2026-06-30") == []
    assert lowered(10, on="2026-07-01") == []
    assert numbers(lowered(9, on="2026-07-01")) == ["R10"]


def test_a_change_refused_by_both_promises_breaks_the_newest() -> None:
    """R10, not R13: the older promise is named only if it alone prevents the change."""
    (finding,) = lowered(9, on="2026-06-30")
    assert finding.rule == "R10"
    assert finding.hint.startswith("2026-07-30")


def test_a_narrowed_promise_still_binds() -> None:
    """R13: what the old promise covered stays covered for its days, and may be overridden openly."""
    assert numbers(lowered(5, on="2026-06-30", applies_to=())) == ["R13"]
    assert lowered(5, on="2026-07-01", applies_to=()) == []


def test_the_version_that_lowers_is_bound_itself() -> None:
    """R13: a promise cannot be lowered and used in one go."""
    low = msgspec.structs.replace(NOTICE, days=0)
    newcomer = make_vendor("beta", engagements=(make_engagement(starts_on=TODAY),))
    found = findings_of(make_draft(make_vendor(), newcomer, notice=low), make_context(make_register()))
    assert numbers(found) == ["R13"]


IN_USE = make_engagement()
PROMISED = msgspec.structs.replace(NOTICE, applies_to=("addition", "replacement", "activation", "relocation"))
TO_US = {"locations": [{"country": "US"}]}
RIGHT = TODAY + 30 * DAY


def planned(
    *changes: model.PlannedChangeSource, before: tuple[Any, ...] = (), **context: Any
) -> list[Finding]:
    """Return the errors when the planned changes of an engagement that is in use become these."""
    old, new = (make_vendor(engagements=(make_engagement(planned=items),)) for items in (before, changes))
    previous = make_register(old, notice=PROMISED)
    return findings_of(make_draft(new, notice=PROMISED), make_context(previous, **context))


def test_what_is_in_use_changes_by_a_planned_change() -> None:
    """R10: written over what holds it is refused, and the finding shows what to write, with the day."""
    moved_now = make_vendor(engagements=(make_engagement(locations=(model.Location(country="US"),)),))
    context = make_context(make_register(notice=PROMISED))
    (finding,) = findings_of(make_draft(moved_now, notice=PROMISED), context)
    assert (finding.rule, finding.key) == ("R10", "engagements[0]")
    assert (
        f'[[engagements.planned]] id = "…", effective_on = {RIGHT}, set = {{ locations = … }}' in finding.hint
    )
    other = make_vendor(legal_name="Acme SE")
    (finding,) = findings_of(make_draft(other, notice=PROMISED), context)
    assert f'[[planned]] id = "…", effective_on = {RIGHT}, set = {{ legal_name = … }}' in finding.hint


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        (plan("us", effective_on=RIGHT, set=TO_US), []),
        (plan("us", effective_on=RIGHT - DAY, set=TO_US), ["R10"]),
        (plan("us", effective_on=YESTERDAY, set=TO_US), ["R12"]),
        (plan("us", effective_on=YESTERDAY, set=TO_US, short_notice=SHORT), []),
        (plan("us", effective_on=TODAY, set={"purpose": "Other words"}), []),
        (plan("us", effective_on=TODAY, set={}), ["R01"]),
        (plan("us", effective_on=TODAY, set={"ends_on": "2027-01-01"}), ["R01"]),
        (plan("us", effective_on=TODAY, set={"locations": "US"}), ["R01"]),
        (plan("us", effective_on=RIGHT, set={"locations": [{"country": "UK"}]}), ["R06"]),
        (plan("us", effective_on=RIGHT, set={"category": "nowhere"}), ["R04"]),
        (plan("us", effective_on=RIGHT, set={"purpose": " x "}), ["R05"]),
        (plan("us", effective_on=RIGHT, set={"status": "conditional"}), ["R08"]),
        (plan("US", effective_on=RIGHT, set=TO_US), ["R02"]),
    ],
)
def test_a_planned_change_is_judged_on_its_own_day(
    change: model.PlannedChangeSource, rules: list[str]
) -> None:
    """Its notice, and the state that it brings about: at the place where it was written."""
    found = planned(change)
    assert numbers(found) == rules
    assert all(item.key.startswith("engagements[0].planned[0]") for item in found)


def test_short_notice_belongs_to_one_announcement() -> None:
    """R11: a reason that was published once does not excuse what is announced next."""
    first = plan("us", effective_on=TODAY, set=TO_US, short_notice=SHORT)
    again = plan("us", effective_on=TODAY, set={"locations": [{"country": "CA"}]}, short_notice=SHORT)
    assert numbers(planned(again, before=(msgspec.structs.replace(first, effective_on=TOMORROW),))) == [
        "R10",
        "R11",
    ]
    with_new_reason = msgspec.structs.replace(
        again, short_notice=model.ShortNotice(reason="Another emergency")
    )
    assert planned(with_new_reason, before=(msgspec.structs.replace(first, effective_on=TOMORROW),)) == []
    long_ago = make_engagement(starts_on=YESTERDAY, short_notice=SHORT)
    previous = make_register(make_vendor(engagements=(long_ago,)), notice=PROMISED)
    sold = make_vendor(engagements=(long_ago,), legal_name="Totally Other Holdings Ltd", seat="BE")
    assert "R10" in numbers(findings_of(make_draft(sold, notice=PROMISED), make_context(previous)))


@pytest.mark.parametrize(
    ("before", "after", "rules"),
    [
        pytest.param(TOMORROW, {"effective_on": NEXT_YEAR}, [], id="put off"),
        pytest.param(NEXT_YEAR, {"effective_on": TOMORROW}, ["R10"], id="brought forward"),
        pytest.param(YESTERDAY, {"effective_on": NEXT_YEAR}, ["R09"], id="put off after its day"),
        pytest.param(YESTERDAY, {"set": {"purpose": "x"}}, ["R09"], id="rewritten after its day"),
        pytest.param(TOMORROW, {"cancelled": model.CancelledSource(reason="Not needed")}, [], id="cancelled"),
        pytest.param(TODAY, {"cancelled": model.CancelledSource(reason="x")}, ["R09"], id="cancelled late"),
    ],
)
def test_a_plan_moves_only_before_its_day(before: dt.date, after: dict[str, Any], rules: list[str]) -> None:
    """R09: until the day before it can be put off, changed or cancelled; then it stays."""
    old = plan("us", effective_on=before, set=TO_US, short_notice=SHORT)
    assert numbers(planned(msgspec.structs.replace(old, **after), before=(old,)))[:1] == rules


def test_a_cancelled_plan_stays_cancelled() -> None:
    """R09, R03: it cannot be revived, nor taken away."""
    gone = plan(
        "us", effective_on=TOMORROW, set=TO_US, cancelled=model.CancelledSource(reason="Customers objected")
    )
    assert planned(gone, before=(gone,)) == []
    revived = msgspec.structs.replace(gone, cancelled=None, effective_on=NEXT_YEAR)
    assert numbers(planned(revived, before=(gone,))) == ["R09"]
    assert numbers(planned(before=(gone,))) == ["R03"]


def test_an_announced_use_is_cancelled_until_the_day_before() -> None:
    """R09: what was in use ends; what was only announced is cancelled."""
    off = model.CancelledSource(reason="Customers objected")
    assert moved({"starts_on": TOMORROW}, {"starts_on": TOMORROW, "cancelled": off}) == []
    assert numbers(moved({"starts_on": TODAY}, {"starts_on": TODAY, "cancelled": off})) == ["R09"]
    assert numbers(moved({}, {"cancelled": off})) == ["R09"]


def test_only_folded_changes_may_be_removed() -> None:
    """R03: a planned change may be removed once it has taken effect and is in the base fields."""
    change = plan("us", effective_on=YESTERDAY, set=TO_US)
    previous = make_register(make_vendor(engagements=(make_engagement(planned=(change,)),)), notice=PROMISED)
    folded = make_vendor(engagements=(make_engagement(locations=(model.Location(country="US"),)),))
    assert findings_of(make_draft(folded, notice=PROMISED), make_context(previous)) == []
    assert numbers(findings_of(make_draft(notice=PROMISED), make_context(previous)))[0] == "R03"


def test_a_return_is_a_further_engagement() -> None:
    """R09: an end that has passed is not taken back, and the finding says what to write."""
    (finding, *_) = moved({"ends_on": YESTERDAY}, {"starts_on": NEXT_YEAR})
    assert finding.rule == "R09"
    assert any("another engagement" in item.hint for item in moved({"ends_on": YESTERDAY}, {}))


@pytest.mark.parametrize(
    ("day", "rules"),
    [
        (dt.date.min, ["R12"]),
        (dt.date.min + DAY, ["R12"]),
        (TODAY, ["R10"]),
        (RIGHT, []),
        (dt.date.max, []),
    ],
)
def test_a_plan_may_have_any_day_that_there_is(day: dt.date, rules: list[str]) -> None:
    """There is no day before the first one; a change planned for it is checked all the same."""
    assert numbers(planned(plan("us", effective_on=day, set=TO_US))) == rules
    sold = make_vendor(planned=(plan("sold", effective_on=day, set={"legal_name": "Other Ltd"}),))
    assert (
        numbers(findings_of(make_draft(sold, notice=PROMISED), make_context(make_register(notice=PROMISED))))
        == rules
    )
