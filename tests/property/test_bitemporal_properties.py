"""The state on any day as known on any day equals what a loop over all versions and days finds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from naive_states import naive_state
from near_histories import START, Stored, days_from, histories
from register_api.serve.answer.archive import AsOf, register_as_of
from thoroughness import examples

if TYPE_CHECKING:
    from register_api.core import model


def naive_version(stored: Stored, known_at: dt.datetime | dt.date | None) -> model.Register | None:
    """Go through all versions and keep the last one known."""
    found = None
    for register in stored.versions:
        at = register.published_at
        if isinstance(known_at, dt.datetime):
            is_known = at <= known_at
        else:
            is_known = known_at is None or at.astimezone(stored.zone).date() <= known_at
        found = register if is_known else found
    return found


@settings(max_examples=examples(60), deadline=None)
@given(
    histories(),
    days_from(-5, 20),
    st.none()
    | days_from(-3, 12)
    | st.integers(-9, 12000).map(lambda minutes: START + dt.timedelta(minutes=minutes)),
)
def test_register_as_of_agrees_with_a_loop(
    stored: Stored, on: dt.date, known_at: dt.datetime | dt.date | None
) -> None:
    """Same version, same rows, same states."""
    known = register_as_of(stored, AsOf(on=on, known_at=known_at))
    register = naive_version(stored, known_at)
    if known is None or register is None:
        assert known is register
        return
    assert known.register == register
    assert known.sha256 == stored.sha256(register.version)
    assert [(row.vendor.id, row.engagement.id, row.state) for row in known.rows()] == [
        (vendor.id, item.id, naive_state(vendor, item, on))
        for vendor in register.subprocessors
        for item in vendor.engagements
    ]
