"""The notice arithmetic holds for any day, promise and zone, not just for the examples."""

from __future__ import annotations

import datetime as dt

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

import strategies
from examples import (
    NOTICE,
    make_context,
    make_draft,
    make_engagement,
    make_promises,
    make_register,
    make_vendor,
)
from register_api.core import model
from register_api.core.instant import days_of_notice, earliest_start, local_day
from register_api.core.notice_period import announce, strictest
from register_api.core.rules import check
from thoroughness import examples

ONE_DAY = dt.timedelta(days=1)
QUICK = settings(max_examples=examples(60), deadline=None)


@st.composite
def promises_of_days(draw: st.DrawFn, announced_on: dt.date) -> model.Notice:
    """Draw a promise whose holidays lie near the announcement, where they matter."""
    near = st.integers(-10, 140).map(lambda days: announced_on + dt.timedelta(days=days))
    return model.Notice(
        days=draw(st.integers(0, 90)),
        applies_to=("addition",),
        day_count=draw(st.sampled_from(("calendar", "business"))),
        holidays=tuple(draw(st.lists(near, max_size=20))),
    )


announcements = strategies.days().flatmap(lambda day: st.tuples(st.just(day), promises_of_days(day)))


def counts(day: dt.date, notice: model.Notice) -> bool:
    """Tell, the slow way, whether a day counts."""
    return notice.day_count == "calendar" or (day.isoweekday() <= 5 and day not in notice.holidays)


@given(announcements)
@QUICK
def test_earliest_start_agrees_with_walking(announced: tuple[dt.date, model.Notice]) -> None:
    """The first right day is the one on which so many counting days have passed."""
    day, notice = announced
    walked, left = day, notice.days
    while left > 0:
        walked += ONE_DAY
        left -= counts(walked, notice)
    assert earliest_start(day, notice) == walked


@given(announcements, st.integers(-400, 400))
@example((dt.date(2028, 2, 28), NOTICE), 2)
@QUICK
def test_days_of_notice_agrees_with_walking(announced: tuple[dt.date, model.Notice], distance: int) -> None:
    """Days after the announcement up to and with the start; below zero where it came late."""
    day, notice = announced
    starts_on = day + dt.timedelta(days=distance)
    first, last = sorted((day, starts_on))
    between = sum(counts(first + dt.timedelta(days=n), notice) for n in range(1, (last - first).days + 1))
    assert days_of_notice(day, starts_on, notice) == (between if distance >= 0 else -between)


@given(announcements)
@QUICK
def test_the_boundary_is_exact(announced: tuple[dt.date, model.Notice]) -> None:
    """On the first right day the number is reached, on the day before it is not."""
    day, notice = announced
    earliest = earliest_start(day, notice)
    assert days_of_notice(day, earliest, notice) == notice.days
    assert notice.days == 0 or days_of_notice(day, earliest - ONE_DAY, notice) == notice.days - 1


def errors(starts_on: dt.date, now: dt.datetime, zone: dt.tzinfo, notice: model.Notice) -> list[str]:
    """Return the rules that refuse a vendor who joins at an instant and starts on a day."""
    newcomer = make_vendor("beta", engagements=(make_engagement(starts_on=starts_on),))
    previous = make_register(notice=notice, published_at=now - ONE_DAY)
    promises = make_promises((1, dt.date(2000, 1, 1), notice), zone=zone)
    context = make_context(previous, now=now, zone=zone, promises=promises)
    draft = make_draft(make_vendor(), newcomer, notice=notice, updated_on=local_day(now, zone))
    return [finding.rule for finding in check(draft, context) if finding.severity == "error"]


@given(strategies.instants(), st.sampled_from(strategies.ZONES), st.data())
@settings(max_examples=examples(40), deadline=None)
def test_the_rule_is_exact_in_every_zone(now: dt.datetime, zone: dt.tzinfo, data: st.DataObject) -> None:
    """R10 accepts the first right day and refuses the day before, by the publisher's own calendar."""
    day = local_day(now, zone)
    notice = data.draw(promises_of_days(day))
    earliest = earliest_start(day, notice)
    assert errors(earliest, now, zone, notice) == []
    assert errors(earliest - ONE_DAY, now, zone, notice) == ["R12" if earliest == day else "R10"]


@given(strategies.days(), st.sampled_from(strategies.ZONES))
@QUICK
def test_the_day_turns_at_local_midnight(day: dt.date, zone: dt.tzinfo) -> None:
    """The last second of a day and the first of the next lie on either side, summer time or not."""
    midnight = dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC)
    assert local_day(midnight, zone) == day
    assert local_day(midnight - dt.timedelta(seconds=1), zone) < day


@given(strategies.days(), st.integers(0, 60), st.integers(0, 60), st.integers(0, 130))
@QUICK
def test_a_lowered_promise_binds_to_the_day(day: dt.date, old: int, new: int, later: int) -> None:
    """Whatever the numbers: the old one binds before its own days are over, and only the newest after."""
    first, second = (msgspec.structs.replace(NOTICE, days=days) for days in (old, new))
    promises = make_promises((1, day - ONE_DAY, first), (2, day, second))
    announced_on = day + dt.timedelta(days=later)
    found = strictest(["addition"], 3, announced_on, promises)
    assert found is not None
    assert found.days == (max(old, new) if later < old else new)


@given(announcements, st.integers(-60, 200))
@QUICK
def test_an_announcement_says_met_exactly_when_the_rule_accepts(
    announced: tuple[dt.date, model.Notice], distance: int
) -> None:
    """What the diff says of a promise is what the rule judged."""
    day, notice = announced
    now = dt.datetime.combine(day, dt.time(12), dt.UTC)
    starts_on = day + dt.timedelta(days=distance)
    promises = make_promises((1, dt.date(2000, 1, 1), notice))
    found = announce(["addition"], starts_on, 2, now, promises)
    assert found.met is (errors(starts_on, now, dt.UTC, notice) == [])
