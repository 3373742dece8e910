"""Which changes the promise covers, which promise binds, and whether it was kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from examples import FINLAND, FIRST, NOTICE, make_engagement, make_promises, make_vendor
from register_api.core import model
from register_api.core.announcements import events, is_engaged
from register_api.core.notice_period import NoticeStatus, Promises, announce, moved, notice_status, strictest

DAY = dt.date(2026, 6, 1)
SOON = dt.date(2026, 7, 1)
PAST = dt.date(2026, 5, 1)
ALL = ("addition", "replacement", "activation", "relocation", "data_changed")

AVAILABLE = make_engagement(status="available")
CONDITIONAL = make_engagement(status="conditional", conditions=(model.Condition(type="consent"),))
ACTIVE = make_engagement()
SECOND = make_engagement("second", starts_on=SOON)
US = model.Location(country="US")


def vendor(*engagements: model.EngagementSource, **fields: Any) -> model.SubprocessorSource:
    """Return the vendor acme with these engagements."""
    return make_vendor(engagements=engagements, **fields)


def changed(engagement: model.EngagementSource, **fields: Any) -> model.EngagementSource:
    """Return an engagement with other fields."""
    return msgspec.structs.replace(engagement, **fields)


def seen(
    before: model.SubprocessorSource | None,
    after: model.SubprocessorSource,
    kind: model.ReasonKind = "change",
) -> list[str]:
    """Return everything that happens to the last engagement of a vendor."""
    return list(events(before, after, after.engagements[-1], day=DAY, reason_kind=kind))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, vendor(ACTIVE), "addition", id="a new vendor"),
        pytest.param(None, vendor(CONDITIONAL), "addition", id="a new vendor, conditional"),
        pytest.param(None, vendor(AVAILABLE), None, id="a new vendor that is only available"),
        pytest.param(
            None, vendor(ACTIVE, withdrawn=model.WithdrawnSource(reason="x")), None, id="new and withdrawn"
        ),
        pytest.param(
            None, vendor(ACTIVE, replaces=("old",)), "replacement", id="a new vendor in another's place"
        ),
        pytest.param(
            None, vendor(changed(ACTIVE, starts_on=PAST, ends_on=DAY)), "addition", id="listed after its end"
        ),
        pytest.param(vendor(), vendor(ACTIVE), "addition", id="the first engagement"),
        pytest.param(vendor(ACTIVE), vendor(ACTIVE, SECOND), None, id="nothing wider, and not earlier"),
        pytest.param(
            vendor(ACTIVE),
            vendor(ACTIVE, changed(SECOND, purpose="Sends mail")),
            "addition",
            id="another purpose",
        ),
        pytest.param(
            vendor(ACTIVE), vendor(ACTIVE, changed(SECOND, category="ai")), "addition", id="another category"
        ),
        pytest.param(
            vendor(ACTIVE),
            vendor(ACTIVE, changed(SECOND, data_scope=("customer_content", "website_visitor"))),
            "addition",
            id="a wider scope",
        ),
        pytest.param(
            vendor(ACTIVE),
            vendor(ACTIVE, changed(SECOND, data_scope=())),
            None,
            id="no data is narrower",
        ),
        pytest.param(
            vendor(CONDITIONAL),
            vendor(CONDITIONAL, SECOND),
            "addition",
            id="active beside one that is conditional",
        ),
        pytest.param(
            vendor(changed(ACTIVE, starts_on=SOON)),
            vendor(changed(ACTIVE, starts_on=SOON), changed(SECOND, starts_on=DAY)),
            "addition",
            id="the same under a new id, earlier",
        ),
        pytest.param(
            vendor(changed(ACTIVE, ends_on=PAST)),
            vendor(changed(ACTIVE, ends_on=PAST), SECOND),
            "addition",
            id="what is over does not include the new one",
        ),
        pytest.param(
            vendor(ACTIVE),
            vendor(ACTIVE, SECOND, replaces=("old",)),
            "replacement",
            id="newly in another's place",
        ),
        pytest.param(vendor(AVAILABLE), vendor(ACTIVE), "activation", id="available becomes active"),
        pytest.param(
            vendor(AVAILABLE), vendor(CONDITIONAL), "activation", id="available becomes conditional"
        ),
        pytest.param(vendor(CONDITIONAL), vendor(ACTIVE), "activation", id="conditional becomes active"),
        pytest.param(vendor(ACTIVE), vendor(CONDITIONAL), None, id="active becomes conditional"),
        pytest.param(vendor(ACTIVE), vendor(AVAILABLE), None, id="active becomes available"),
        pytest.param(
            vendor(AVAILABLE),
            vendor(changed(ACTIVE, starts_on=PAST, ends_on=DAY)),
            "activation",
            id="used meanwhile",
        ),
        pytest.param(vendor(changed(ACTIVE, ends_on=DAY)), vendor(ACTIVE), "addition", id="runs again"),
        pytest.param(vendor(ACTIVE), vendor(changed(ACTIVE, ends_on=PAST)), None, id="ends"),
        pytest.param(
            vendor(ACTIVE, withdrawn=model.WithdrawnSource(reason="x")),
            vendor(ACTIVE),
            "addition",
            id="listed again",
        ),
        pytest.param(
            vendor(ACTIVE), vendor(ACTIVE, legal_name="Other Ltd"), "replacement", id="another legal name"
        ),
        pytest.param(vendor(ACTIVE), vendor(ACTIVE, seat="US"), "replacement", id="another seat"),
        pytest.param(
            vendor(ACTIVE, legal_name=None, seat=None),
            vendor(ACTIVE),
            None,
            id="legal name and seat filled in",
        ),
        pytest.param(vendor(ACTIVE), vendor(ACTIVE, name="Brand"), None, id="another name only"),
        pytest.param(
            vendor(changed(ACTIVE, starts_on=SOON)),
            vendor(changed(ACTIVE, starts_on=DAY)),
            "rescheduled",
            id="earlier",
        ),
        pytest.param(
            vendor(changed(ACTIVE, starts_on=SOON)), vendor(ACTIVE), "rescheduled", id="no start any more"
        ),
        pytest.param(
            vendor(changed(ACTIVE, starts_on=DAY)), vendor(changed(ACTIVE, starts_on=SOON)), None, id="later"
        ),
        pytest.param(
            vendor(ACTIVE), vendor(changed(ACTIVE, locations=(US,))), "relocation", id="another country"
        ),
        pytest.param(
            vendor(changed(ACTIVE, locations=(FINLAND, US))), vendor(ACTIVE), None, id="a country less"
        ),
        pytest.param(
            vendor(ACTIVE),
            vendor(changed(ACTIVE, data_categories=("All customer data", "Payroll"))),
            "data_changed",
            id="more categories of data",
        ),
        pytest.param(vendor(ACTIVE), vendor(changed(ACTIVE, purpose="Reworded")), None, id="other words"),
        pytest.param(vendor(ACTIVE), vendor(ACTIVE), None, id="nothing"),
    ],
)
def test_event(
    before: model.SubprocessorSource | None, after: model.SubprocessorSource, expected: str | None
) -> None:
    """The table "What needs notice", row by row."""
    assert next(events(before, after, after.engagements[-1], day=DAY, reason_kind="change"), None) == expected


def test_one_edit_can_be_several_events() -> None:
    """A relocation does not hide behind an earlier start, nor one promise behind another."""
    before = vendor(changed(CONDITIONAL, starts_on=SOON))
    after = vendor(
        changed(ACTIVE, starts_on=DAY, locations=(US,), data_scope=("website_visitor",)), seat="US"
    )
    assert seen(before, after) == ["replacement", "activation", "rescheduled", "relocation", "data_changed"]
    assert seen(vendor(AVAILABLE), vendor(ACTIVE, replaces=("old",))) == ["activation", "replacement"]


def test_a_correction_hides_no_start() -> None:
    """A wrong country, seat or scope may be put right; a start is a start."""
    before = vendor(changed(CONDITIONAL, starts_on=SOON))
    after = vendor(
        changed(ACTIVE, starts_on=DAY, locations=(US,), data_scope=("website_visitor",)), seat="US"
    )
    assert seen(before, after, "correction") == ["activation", "rescheduled"]
    assert seen(None, vendor(ACTIVE), "correction") == ["addition"]


def test_engaged_means_in_use_or_announced() -> None:
    """Announced counts; available, withdrawn and over do not."""
    assert is_engaged(vendor(), changed(ACTIVE, starts_on=SOON), DAY)
    assert is_engaged(vendor(), changed(ACTIVE, ends_on=SOON), DAY)
    assert not is_engaged(vendor(), changed(ACTIVE, ends_on=DAY), DAY)
    assert not is_engaged(vendor(), AVAILABLE, DAY)
    assert not is_engaged(vendor(withdrawn=model.WithdrawnSource(reason="x")), ACTIVE, DAY)


NEW = msgspec.structs.replace(NOTICE, days=10)
LOWERED = make_promises((1, FIRST.date(), NOTICE), (5, DAY, NEW))


@pytest.mark.parametrize(
    ("version", "day", "days"),
    [
        (4, "2026-05-31", [30]),
        (5, "2026-06-01", [10, 30]),
        (6, "2026-06-30", [10, 30]),
        (6, "2026-07-01", [10]),
    ],
)
def test_a_lowered_promise_binds_for_its_notice_period(version: int, day: str, days: list[int]) -> None:
    """What is announced within the old number of days still has the old promise."""
    binding = LOWERED.binding(version, dt.date.fromisoformat(day))
    assert [notice.days for notice in binding] == days


def test_a_raised_promise_counts_at_once() -> None:
    """The version that promises more is held to it."""
    raised = make_promises((1, FIRST.date(), NEW), (5, DAY, NOTICE))
    assert strictest(["addition"], 5, DAY, raised) == NOTICE


def test_a_narrowed_promise_binds_too() -> None:
    """What the older promise covered stays covered for its days."""
    narrow = msgspec.structs.replace(NOTICE, applies_to=("addition",))
    promises = make_promises((1, FIRST.date(), NOTICE), (5, DAY, narrow))
    assert strictest(["activation"], 6, dt.date(2026, 6, 30), promises) == NOTICE
    assert strictest(["activation"], 6, dt.date(2026, 7, 1), promises) is None


def test_several_older_promises_may_bind() -> None:
    """Lowering twice does not get rid of the first promise."""
    lower = msgspec.structs.replace(NOTICE, days=1)
    promises = make_promises((1, FIRST.date(), NOTICE), (5, DAY, NEW), (6, DAY, lower))
    assert strictest(["addition"], 6, DAY, promises) == NOTICE


@pytest.mark.parametrize(
    ("version", "first_live", "baseline"),
    [(1, 1, True), (2, 1, False), (1, None, True), (3, None, True), (3, 4, True), (4, 4, False)],
)
def test_baseline(version: int, first_live: int | None, baseline: bool) -> None:
    """Version 1 and imported versions owe no notice."""
    promises = make_promises(first_live=first_live)
    assert promises.is_baseline(version) is baseline
    assert (strictest(["addition"], version, DAY, promises) is None) is baseline


def test_joining_notes_a_promise_only_when_it_changes() -> None:
    """One row for each time the promise changed, and the first live version."""
    none = Promises(zone=dt.UTC, first_live=None, policies=())
    imported = none.with_version(1, PAST, NOTICE, live=False)
    live = imported.with_version(2, DAY, NOTICE, live=True).with_version(3, SOON, NEW, live=True)
    assert imported.first_live is None
    assert live.first_live == 2
    assert [(row.version, row.day, row.notice.days) for row in live.policies] == [
        (1, PAST, 30),
        (3, SOON, 10),
    ]


def announced(
    what: str | None, effective_on: dt.date | None, promises: Promises, version: int = 2, day: dt.date = DAY
) -> model.Announced:
    """Return what an announcement at noon of a day says."""
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    return announce([what] if what else [], effective_on, version, at, promises)  # type: ignore[list-item]


TO_OBJECT = model.Objection(days=14, contact="mailto:privacy@example.com")


def test_a_promise_that_was_kept() -> None:
    """Exactly the number is enough; objections run from the announcement."""
    promise = msgspec.structs.replace(NOTICE, objection=TO_OBJECT)
    announcement = announced("addition", SOON, make_promises((1, FIRST.date(), promise)))
    assert announcement == model.Announced(
        version=2,
        at=dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC),
        required=True,
        promised_days=30,
        days=30,
        day_count="calendar",
        met=True,
        objection_until=dt.date(2026, 6, 15),
    )
    assert notice_status(announcement, SOON, dt.UTC) == NoticeStatus(
        required=True,
        announced_on=DAY,
        effective_on=SOON,
        days=30,
        day_count="calendar",
        promised_days=30,
        met=True,
        objection_until=dt.date(2026, 6, 15),
    )


@pytest.mark.parametrize(
    ("effective_on", "days"), [(dt.date(2026, 6, 30), 29), (DAY, 0), (PAST, -31), (None, None)]
)
def test_a_promise_that_was_broken(effective_on: dt.date | None, days: int | None) -> None:
    """One day less, the same day, a day before, no day: each is stated."""
    announcement = announced("addition", effective_on, make_promises())
    assert (announcement.required, announcement.days, announcement.met) == (True, days, False)


def test_the_promise_that_binds_is_counted() -> None:
    """An older, longer promise is the one that is reported."""
    announcement = announced("addition", dt.date(2026, 7, 10), LOWERED, 6, dt.date(2026, 6, 30))
    assert (announcement.promised_days, announcement.days, announcement.met) == (30, 10, False)


@pytest.mark.parametrize(
    ("effective_on", "days", "met"),
    [
        (SOON, 30, True),
        (SOON + dt.timedelta(days=14), 44, True),
        (SOON - dt.timedelta(days=1), 29, False),
        (PAST, -31, False),
        (None, None, False),
    ],
)
def test_days_fit_the_day_that_is_named(effective_on: dt.date | None, days: int | None, *, met: bool) -> None:
    """A date moved without a new announcement changes only the count of days."""
    promises = make_promises((1, FIRST.date(), msgspec.structs.replace(NOTICE, objection=TO_OBJECT)))
    found = moved(announced("addition", SOON, promises), effective_on, promises)
    assert (found.days, found.met) == (days, met)
    assert found == announced("addition", effective_on, promises)


def test_days_are_counted_by_the_promise_that_was_counted() -> None:
    """Not by a newer one. Where it is not known, only calendar days; where nothing was promised, nothing."""
    then = announced("addition", dt.date(2026, 7, 10), LOWERED, 6, dt.date(2026, 6, 30))
    found = moved(then, dt.date(2026, 7, 30), LOWERED)
    assert (found.promised_days, found.days, found.met) == (30, 30, True)
    later = make_promises((7, SOON, NOTICE))
    assert moved(then, dt.date(2026, 7, 30), later) == found
    business = msgspec.structs.replace(then, day_count="business")
    assert moved(business, dt.date(2026, 7, 30), later) == business
    nothing = announced("relocation", SOON, make_promises())
    assert moved(nothing, DAY, make_promises()) == nothing


def test_no_deadline_where_nothing_was_promised() -> None:
    """Of a baseline, of what is not covered, or where nothing happens, nothing is counted at all."""
    promise = msgspec.structs.replace(NOTICE, objection=TO_OBJECT)
    promises = make_promises((1, FIRST.date(), promise))
    for what, version in (("addition", 1), ("relocation", 2), (None, 2)):
        announcement = announced(what, SOON, promises, version)
        assert announcement == model.Announced(version=version, at=announcement.at)
    assert notice_status(announcement, SOON, dt.UTC) == NoticeStatus(
        required=False, announced_on=DAY, effective_on=SOON
    )


def test_the_first_version_announces_only_what_starts_after_it() -> None:
    """What was in use before is no news that notice could have been given of."""
    first = model.Announced(version=1, at=dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC))
    assert notice_status(first, None, dt.UTC) == NoticeStatus(required=False)
    assert notice_status(first, DAY, dt.UTC) == NoticeStatus(required=False, effective_on=DAY)
    assert notice_status(first, SOON, dt.UTC).announced_on == DAY


def test_the_latest_deadline_of_the_binding_promises_applies() -> None:
    """A promise of more days to object binds as long as its days of notice do."""
    old = msgspec.structs.replace(NOTICE, objection=TO_OBJECT)
    new = msgspec.structs.replace(NOTICE, objection=msgspec.structs.replace(TO_OBJECT, days=3))
    promises = make_promises((1, FIRST.date(), old), (5, DAY, new))
    assert announced("addition", SOON, promises, 5).objection_until == dt.date(2026, 6, 15)
    assert announced("addition", SOON, promises, 6, SOON).objection_until == dt.date(2026, 7, 4)


def also_binding(*promises: tuple[int, dt.date, model.NoticeSource], on: str) -> list[tuple[int, int, str]]:
    """Return version, days and last day of the older promises that bind on a day."""
    found = make_promises(*promises).also_binding(9, dt.date.fromisoformat(on))
    return [(item.version, item.days, item.until.isoformat()) for item in found]


def test_a_lowered_promise_is_listed_until_its_last_day() -> None:
    """30 days lowered to 10 on 1 June: what is announced up to 30 June still gets 30."""
    rows = ((1, FIRST.date(), NOTICE), (5, DAY, NEW))
    assert also_binding(*rows, on="2026-06-01") == [(1, 30, "2026-06-30")]
    assert also_binding(*rows, on="2026-06-30") == [(1, 30, "2026-06-30")]
    assert also_binding(*rows, on="2026-07-01") == []


def test_a_raised_promise_replaces_the_older_one() -> None:
    """An older promise that the newest one includes is not listed."""
    assert also_binding((1, FIRST.date(), NEW), (5, DAY, NOTICE), on="2026-06-01") == []
    narrow = msgspec.structs.replace(NOTICE, days=90, applies_to=("addition",))
    assert also_binding((1, FIRST.date(), NOTICE), (5, DAY, narrow), on="2026-06-01") == [
        (1, 30, "2026-06-30")
    ]
    silent = msgspec.structs.replace(NOTICE, objection=None)
    to_object = msgspec.structs.replace(NOTICE, objection=TO_OBJECT)
    assert also_binding((1, FIRST.date(), to_object), (5, DAY, silent), on="2026-06-01") == [
        (1, 30, "2026-06-30")
    ]


@pytest.mark.parametrize("covered", ["addition", "replacement", "activation", "relocation"])
def test_an_earlier_start_is_covered_with_any_start(covered: model.NoticeEvent) -> None:
    """Whoever promises notice of some start may not move it earlier without."""
    promise = msgspec.structs.replace(NOTICE, applies_to=(covered,))
    found = strictest(["rescheduled"], 2, DAY, make_promises((1, FIRST.date(), promise)))
    assert found == (None if covered == "relocation" else promise)


def test_relocation_and_data_only_if_promised() -> None:
    """A publisher may promise more than the law asks for."""
    promise = msgspec.structs.replace(NOTICE, applies_to=ALL)
    for what in ("relocation", "data_changed"):
        assert strictest([what], 2, DAY, make_promises((1, FIRST.date(), promise))) == promise
        assert strictest([what], 2, DAY, make_promises()) is None
