"""Instants and days have one spelling."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import register_api
from register_api.core.instant import format_instant, parse_day

SOURCE = Path(register_api.__file__).parent


@given(st.datetimes(allow_imaginary=False), st.integers(-14, 14))
def test_an_instant_is_formatted_in_utc(instant: dt.datetime, hours: int) -> None:
    """Of one form, and read again as the same second."""
    assume(1 < instant.year < dt.MAXYEAR)
    aware = instant.replace(tzinfo=dt.timezone(dt.timedelta(hours=hours)))
    text = format_instant(aware)
    assert len(text) == len("2026-05-10T09:00:00Z")
    assert dt.datetime.fromisoformat(text) == aware.replace(microsecond=0)


def test_an_instant_without_a_zone_is_refused() -> None:
    """It could be any of 26 hours."""
    with pytest.raises(ValueError, match="time zone"):
        format_instant(dt.datetime(2026, 5, 10, 9))  # noqa: DTZ001


@given(st.dates())
def test_a_day_is_read_as_it_is_written(day: dt.date) -> None:
    assert parse_day(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20260510",
        "2026-5-10",
        "2026-W19-7",
        "2026-02-30",
        "2026-05-10 ",
        "\u0662\u0660\u0662\u0666-05-10",
        "2026-05-10T00:00",
    ],
)
def test_other_spellings_of_a_day_are_refused(text: str) -> None:
    """Also those that Python takes."""
    with pytest.raises(ValueError, match=r"day|month"):
        parse_day(text)


def test_instants_are_formatted_in_one_place() -> None:
    """A second format string would be a second spelling."""
    own = [path for path in SOURCE.rglob("*.py") if "T%H:%M" in path.read_text("utf-8")]
    assert own == []
