"""Questions are read strictly: what is not understood is refused and named."""

from __future__ import annotations

import contextlib
import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.serve.answer.query import (
    Parameter,
    day_in,
    instant_or_day_in,
    number_in,
    read_query,
    version_in,
)
from register_api.serve.http.problems import Problem

PARAMETERS = (
    Parameter(name="status", description="", allowed=("active", "available"), many=True),
    Parameter(name="q", description=""),
    Parameter(name="on", description=""),
)


def test_repeated_values_are_collected_where_that_is_allowed() -> None:
    """A parameter that may be repeated keeps its values in order."""
    assert read_query(b"status=available&q=a%20b&status=active", PARAMETERS) == {
        "status": ("available", "active"),
        "q": ("a b",),
    }


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        (b"staus=active", "staus", "There is no parameter"),
        (b"status=Active", "status", "active, available"),
        (b"q=a&q=b", "q", "twice"),
        (b"q=", "q", "empty"),
        (b"q=" + b"a" * 201, "q", "longer"),
        (b"q", None, "cannot be read"),
        (b"&&", None, "cannot be read"),
        (b"q=%FF", None, "cannot be read"),
        (b"q=\xff", None, "cannot be read"),
        (b"&".join([b"status=active"] * 51), "status", "more than 50 times"),
        (b"&".join([b"status=active"] * 501), None, "cannot be read"),
    ],
)
def test_what_is_not_understood_is_refused(query: bytes, parameter: str | None, words: str) -> None:
    """The problem names the parameter and says what would be right."""
    with pytest.raises(Problem) as caught:
        read_query(query, PARAMETERS)
    assert caught.value.name == "bad-parameter"
    assert caught.value.parameter == parameter
    assert words in caught.value.detail


def test_a_required_parameter_must_be_there() -> None:
    """Its absence is named."""
    with pytest.raises(Problem, match="from is missing"):
        read_query(b"", (Parameter(name="from", description="", required=True),))


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "01", "1\u0663", "1e3", "9999999999", " 1"])
def test_a_version_is_a_whole_number_from_one(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(Problem, match="no version"):
        version_in({"to": (text,)}, "to", 1)


@pytest.mark.parametrize(
    "text", ["2026-02-30", "20260501", "2026-5-1", "2026-W01-1", "today", "2026-05-01T00:00:00Z"]
)
def test_a_day_is_a_day_of_the_calendar(text: str) -> None:
    """Other forms that ISO 8601 has are refused too."""
    with pytest.raises(Problem, match="no day"):
        day_in({"on": (text,)}, "on")


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T00:00:00",
        "2026-05-01T24:00:00Z",
        "2026-05-01T00:00:00+24:00",
        "2026-05-01T00:00:00.Z",
        "now",
    ],
)
def test_an_instant_needs_a_time_zone(text: str) -> None:
    """Without one it is no instant; with one that cannot be neither."""
    with pytest.raises(Problem, match="no instant"):
        instant_or_day_in({"known_at": (text,)}, "known_at")


@pytest.mark.parametrize(
    "text", ["2026-05-01T02:00:00+02:00", "2026-05-01t00:00:00z", "2026-05-01T00:00:00.000Z"]
)
def test_instants_are_read_in_any_zone_and_form(text: str) -> None:
    """The offset counts; letters may be small, and fractions given (RFC 3339 section 5.6)."""
    found = instant_or_day_in({"known_at": (text,)}, "known_at")
    assert found == dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_instants_at_the_ends_of_the_calendar_can_be_compared(text: str) -> None:
    """They are instants, too, though no day of UTC holds them."""
    found = instant_or_day_in({"known_at": (text,)}, "known_at")
    assert isinstance(found, dt.datetime)
    assert (found < dt.datetime(2026, 5, 1, tzinfo=dt.UTC)) is text.startswith("0001")


def test_a_plus_that_became_a_space_is_explained() -> None:
    """In a query + means a space, which is easily overlooked."""
    with pytest.raises(Problem, match="write %2B"):
        instant_or_day_in({"known_at": ("2026-05-01T02:00:00 02:00",)}, "known_at")


@pytest.mark.parametrize("text", ["-1", "1001", "01", "1.0", "\u0663", "1e2", ""])
def test_a_number_lies_within_its_bounds(text: str) -> None:
    """The problem says which they are."""
    with pytest.raises(Problem, match="from 1 to 1000"):
        number_in({"limit": (text,)}, "limit", 1000, range(1, 1001))


@settings(max_examples=200)
@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(query: bytes) -> None:
    """Nothing but a problem is raised."""
    with contextlib.suppress(Problem):
        day_in(read_query(query, PARAMETERS), "on")
