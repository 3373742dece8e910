"""Nobody who is in use is shown as not in use, whatever is asked and on whatever day."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from naive_states import naive_state
from near_histories import Stored, days_from, histories
from register_api.core.api.questions import AnswersQuery, SubprocessorsQuery
from register_api.core.canonical import encoded
from register_api.core.language.language import ENGLISH
from register_api.core.upcoming_events import upcoming
from register_api.publish.page.view import PageView
from register_api.serve.answer import compute
from register_api.serve.answer.archive import AsOf
from thoroughness import examples

if TYPE_CHECKING:
    from register_api.core.model import Register

Use = tuple[str, str]


def in_use(register: Register, day: dt.date) -> set[Use]:
    """Return vendor and engagement of everything that is in use, worked out plainly."""
    return {
        (vendor.id, use.id)
        for vendor in register.subprocessors
        for use in vendor.engagements
        if naive_state(vendor, use, day) == "in_force"
    }


def listed(stored: Any, day: dt.date, **asked: Any) -> set[Use]:
    """Return what the service lists as in force, with what else is asked."""
    query = SubprocessorsQuery(state=frozenset({"in_force"}), **asked)
    found = compute.subprocessors(stored, query, AsOf(on=day)).subprocessors
    assert all(use.state == "in_force" for vendor in found for use in vendor.engagements)
    return {(vendor.id, use.id) for vendor in found for use in vendor.engagements}


def answered(stored: Any, day: dt.date) -> set[Use]:
    """Return what the questionnaire answers for as in force."""
    found = compute.answers(stored, AnswersQuery(), AsOf(on=day)).answers
    return {(row.subprocessor, row.engagement) for row in found if row.state == "in_force"}


def shown(stored: Stored, day: dt.date) -> set[Use]:
    """Return what the page shows as in use, by its badge."""
    newest = encoded(stored.versions[-1])
    view = PageView(
        register=newest.document,
        history=(),
        promises=stored.promises,
        language=ENGLISH,
        today=day,
        sha256=newest.sha256,
        root_hash=b"",
    )
    badges = {"active", "conditional", "ending"}
    found = view.rows
    assert all((row.badge in badges) == (row.state == "in_force") for row in found if row.badge != "ending")
    return {(row.vendor.id, row.engagement.id) for row in found if row.state == "in_force"}


@settings(max_examples=examples(80), deadline=None)
@given(histories(min_size=1), days_from(-5, 20))
def test_list_answers_and_page_agree_on_what_is_in_use(stored: Stored, day: dt.date) -> None:
    expected = in_use(stored.versions[-1], day)
    assert listed(stored, day) == expected
    assert answered(stored, day) == expected
    assert shown(stored, day) == expected


@settings(max_examples=examples(80), deadline=None)
@given(histories(min_size=1), days_from(-5, 20))
def test_starts_and_ends_ahead_fit_the_states(stored: Stored, day: dt.date) -> None:
    """A start is the day from which it is in use, an end the first on which it is not, and so on any day."""
    register = stored.versions[-1]
    used = in_use(register, day)
    for event in upcoming(register, day, stored.zone):
        use = event.subprocessor, event.engagement or ""
        if event.what == "start":
            assert (use in used) == (event.day == day)
            assert use in in_use(register, event.day)
        if event.what == "end":
            assert use not in in_use(register, event.day)


@settings(max_examples=examples(80), deadline=None)
@given(histories(min_size=1), days_from(-5, 10))
def test_every_start_and_end_of_use_is_upcoming_before(stored: Stored, day: dt.date) -> None:
    """Every change between in use and not in use from one day to the next was listed as upcoming."""
    register = stored.versions[-1]
    announced = {
        (event.day, event.subprocessor, event.engagement)
        for event in upcoming(register, day, stored.zone)
        if event.what != "objection_deadline"
    }
    for next_day in (day + dt.timedelta(days=number) for number in range(1, 8)):
        turned = in_use(register, next_day) ^ in_use(register, next_day - dt.timedelta(days=1))
        assert {(next_day, *use) for use in turned} <= announced
