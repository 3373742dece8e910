"""How long a server asks to be left alone: any text is an answer within bounds."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.bounded_http.limits import LONGEST, retry_after_seconds

NOW = dt.datetime(2026, 12, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0007 ", 7),
        ("0", 0),
        ("86401", LONGEST),
        ("9" * 5000, LONGEST),
        ("Tue, 01 Dec 2026 12:01:00 GMT", 60),
        ("Tuesday, 01-Dec-26 12:01:00 GMT", 60),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0),
        ("Tue, 01 Dec 2099 12:00:00 GMT", LONGEST),
        ("Tue, 01 Dec 2026 12:01:00", 0),
        ("", 0),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("٣", 0),
    ],
)
def test_seconds_and_dates_are_read(text: str, seconds: int) -> None:
    """What is neither asks for nothing."""
    assert retry_after_seconds(text, NOW) == seconds


@given(st.text(max_size=60))
def test_any_text_is_within_bounds(text: str) -> None:
    """It comes from a stranger."""
    assert 0 <= retry_after_seconds(text, NOW) <= LONGEST
