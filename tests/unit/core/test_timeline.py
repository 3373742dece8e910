"""States on a day, planned changes, and versions known at a time."""

from __future__ import annotations

import datetime as dt

import pytest

from examples import make_engagement, make_vendor
from register_api.core import model
from register_api.core.timeline import state_on

START, END = dt.date(2026, 7, 1), dt.date(2027, 1, 1)
BEFORE = dt.timedelta(days=-1)


@pytest.mark.parametrize(
    ("day", "state"),
    [(START + BEFORE, "announced"), (START, "in_force"), (END + BEFORE, "in_force"), (END, "ended")],
)
@pytest.mark.parametrize("status", ["active", "conditional"])
def test_from_start_to_end(status: model.Status, day: dt.date, state: str) -> None:
    """On starts_on it is in force; on ends_on it is no longer engaged."""
    assert state_on(make_vendor(), make_engagement(status=status, starts_on=START, ends_on=END), day) == state


@pytest.mark.parametrize("day", [dt.date.min, START, dt.date.max])
def test_without_dates_it_is_always_in_force(day: dt.date) -> None:
    """No start means before version 1, and no end means none."""
    assert state_on(make_vendor(), make_engagement(), day) == "in_force"


def test_available_is_not_engaged() -> None:
    """An integrated vendor that is not used has no place on the time line."""
    assert state_on(make_vendor(), make_engagement(status="available"), START) == "available"


def test_withdrawn_wins_over_everything() -> None:
    """What was listed by mistake is nothing else, whatever its dates say."""
    vendor = make_vendor(withdrawn=model.WithdrawnSource(reason="never signed"))
    for engagement in (
        make_engagement(),
        make_engagement(starts_on=START),
        make_engagement(status="available"),
    ):
        assert state_on(vendor, engagement, START + BEFORE) == "withdrawn"
