"""Questions are read strictly: what is not understood is refused and named."""

from __future__ import annotations

import contextlib
import datetime as dt
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core.api.questions import (
    QUESTIONS,
    AnswersQuery,
    DatedQuery,
    DiffQuery,
    SubprocessorQuery,
    SubprocessorsQuery,
    UpcomingQuery,
)
from register_api.serve.answer.query import instant_or_day, read_query
from register_api.serve.http.problems import Problem
from thoroughness import examples


def test_values_have_the_types_of_the_struct() -> None:
    """A parameter that may be repeated keeps each value once; what is not given has its default."""
    query = b"status=available&q=a%20b&status=active&status=active&on=2026-05-01&limit=7"
    assert read_query(query, SubprocessorsQuery, {}) == SubprocessorsQuery(
        status=frozenset({"available", "active"}), q="a b", on=dt.date(2026, 5, 1), limit=7
    )
    assert read_query(b"from=1&to=3", DiffQuery, {}) == DiffQuery(older=1, newer=3)


def test_a_path_parameter_is_not_a_query_parameter() -> None:
    """Given there, it is read; given in the query, it is unknown."""
    assert read_query(b"", SubprocessorQuery, {"id": "acme"}).id == "acme"
    with pytest.raises(Problem) as caught:
        read_query(b"id=other", SubprocessorQuery, {"id": "acme"})
    assert caught.value.allowed == ["on", "known_at", "version"]


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        (b"staus=active", "staus", "Unknown parameter"),
        (b"status=Active", "status", "active, conditional, available"),
        (b"q=a&q=b", "q", "twice"),
        (b"q=", "q", "empty"),
        (b"q=" + b"a" * 201, "q", "longer"),
        (b"country=", "country", "empty"),
        (b"country=de", "country", "ISO 3166-1"),
        (b"country=UK", "country", "the United Kingdom is GB"),
        (b"country=EL", "country", "Greece is GR"),
        (b"mechanism=sccs", "mechanism", "scc, idta"),
        (b"country=DE%0A", "country", "ISO 3166-1"),
        (b"category=Two%20Words", "category", "expected: lower-case letters"),
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
        read_query(query, SubprocessorsQuery, {})
    assert caught.value.name == "bad-parameter"
    assert caught.value.parameter == parameter
    assert words in caught.value.detail


def test_a_required_parameter_must_be_there() -> None:
    """Its absence is named."""
    with pytest.raises(Problem, match="from is missing"):
        read_query(b"to=1", DiffQuery, {})


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.0", "01", "1%D9%A3", "1e3", "9999999999", "%201", "null", "true", "1_0"]
)
def test_a_version_is_a_whole_number_from_one(text: str) -> None:
    """Anything else is refused, also what other programs take for a number."""
    with pytest.raises(Problem, match="expected: integer from 1"):
        read_query(b"from=1&to=" + text.encode("ascii"), DiffQuery, {})


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "20260501", "2026-5-1", "2026-W01-1", "today", "2026-05-01T00:00:00Z", "null", "0"],
)
def test_a_day_is_a_day_of_the_calendar(text: str) -> None:
    """Other forms that ISO 8601 has are refused too."""
    with pytest.raises(Problem, match="expected: date like 2026-05-10"):
        read_query(b"on=" + text.encode("ascii"), DatedQuery, {})


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-01T00:00:00",
        "2026-05-01T24:00:00Z",
        "2026-05-01T00:00:00+24:00",
        "2026-05-01T00:00:00.Z",
        "2026-W01-1",
        "now",
    ],
)
def test_an_instant_needs_a_time_zone(text: str) -> None:
    """Without one it is not an instant; with one that cannot be neither."""
    with pytest.raises(Problem, match="not a valid instant or day"):
        instant_or_day("known_at", text)


@pytest.mark.parametrize(
    "text", ["2026-05-01T02:00:00+02:00", "2026-05-01t00:00:00z", "2026-05-01T00:00:00.000Z"]
)
def test_instants_are_read_in_any_zone_and_form(text: str) -> None:
    """The offset counts; letters may be small, and fractions given (RFC 3339 section 5.6)."""
    assert instant_or_day("known_at", text) == dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_instants_at_the_ends_of_the_calendar_can_be_compared(text: str) -> None:
    """They are instants, too, though no day of UTC holds them."""
    found = instant_or_day("known_at", text)
    assert isinstance(found, dt.datetime)
    assert (found < dt.datetime(2026, 5, 1, tzinfo=dt.UTC)) is text.startswith("0001")


def test_a_plus_that_became_a_space_is_explained() -> None:
    """In a query + means a space, which is easily overlooked."""
    with pytest.raises(Problem, match="write %2B"):
        instant_or_day("known_at", "2026-05-01T02:00:00 02:00")


@pytest.mark.parametrize("text", ["-1", "0", "1001", "01", "1.0", "%D9%A3", "1e2"])
def test_a_number_lies_within_its_bounds(text: str) -> None:
    """The problem says which they are."""
    with pytest.raises(Problem, match="from 1 to 1000"):
        read_query(b"limit=" + text.encode("ascii"), UpcomingQuery, {})


@settings(max_examples=examples(200))
@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(query: bytes) -> None:
    """Nothing but a problem is raised."""
    for question in QUESTIONS:
        with contextlib.suppress(Problem):
            read_query(query, question.query, {})


@settings(max_examples=examples(300))
@given(st.sampled_from(["on", "limit", "status", "country", "category", "q", "subprocessor"]), st.text())
def test_any_value_is_kept_as_it_is_or_refused(name: str, value: str) -> None:
    """None is rounded, trimmed or taken for another."""
    query = urlencode({name: value}, errors="surrogatepass").encode("ascii")
    try:
        found = getattr(read_query(query, AnswersQuery, {}), name)
    except Problem:
        return
    assert value == str(next(iter(found)) if isinstance(found, frozenset) else found)
