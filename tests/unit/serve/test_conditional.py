"""Preconditions as RFC 9110 section 13 wants them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.serve.http.negotiation import (
    http_date,
    match_fails,
    modified_after,
    none_match_fails,
    unmodified_since,
)
from thoroughness import examples

TAG = b'"abc"'
MODIFIED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b'"abc"', True),
        (b'W/"abc"', True),  # 8.8.3.2: weak comparison
        (b'"x", "abc"', True),  # 13.1.2: a list
        (b'"x",W/"abc" ,"y"', True),
        (b', , "abc"', True),  # 5.6.1: empty elements
        (b"*", True),  # 13.1.2: any current representation
        (b" * ", True),
        (b'"ABC"', False),  # 8.8.3.2: character by character
        (b'"x"', False),
        (b"abc", False),  # 8.8.3: quotes belong to the tag
        (b'"abc', False),
        (b'"x\\"abc"', False),  # 8.8.3: no escapes inside a tag
        (b"", False),
        (b'"*"', False),
    ],
)
def test_if_none_match(field: bytes, expected: bool) -> None:
    """RFC 9110 section 13.1.2, row by row."""
    assert none_match_fails(field, TAG) is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b'"abc"', False),
        (b'"x", "abc"', False),  # 13.1.1: a list
        (b"*", False),  # 13.1.1: any current representation
        (b'W/"abc"', True),  # 8.8.3.2: a weak tag never matches strongly
        (b'W/"abc", "abc"', False),
        (b'"x"', True),
        (b"abc", True),
        (b"", True),
    ],
)
def test_if_match(field: bytes, expected: bool) -> None:
    """RFC 9110 section 13.1.1, row by row."""
    assert match_fails(field, TAG) is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", False),
        (b"Sun, 06 Nov 1994 08:49:38 GMT", False),
        (b"Sun, 06 Nov 1994 08:49:36 GMT", True),
        (b"never", False),  # 13.1.4: no HTTP date, ignored
    ],
)
def test_if_unmodified_since(field: bytes, expected: bool) -> None:
    """RFC 9110 section 13.1.4, row by row."""
    assert modified_after(field, MODIFIED) is expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"Sun, 06 Nov 1994 08:49:37 GMT", True),  # 13.1.3: not later than the date
        (b"Sun, 06 Nov 1994 08:49:38 GMT", True),
        (b"Sun, 06 Nov 1994 08:49:36 GMT", False),
        (b"Sunday, 06-Nov-94 08:49:37 GMT", True),  # 5.6.7: obsolete, must be read
        (b"Sun Nov  6 08:49:37 1994", True),  # 5.6.7: asctime
        (b"Sunday, 06-Nov-26 08:49:37 GMT", True),  # two digits of this century
        (b"Sun, 06 Nov 1994 08:49:37 +0000", False),  # 13.1.3: no HTTP date, ignored
        (b"Sun, 31 Feb 2030 08:49:37 GMT", False),
        (b"Sun, 06 Foo 2030 08:49:37 GMT", False),
        (b"2030-01-01T00:00:00Z", False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_if_modified_since(field: bytes, expected: bool) -> None:
    """RFC 9110 section 13.1.3, row by row."""
    assert unmodified_since(field, MODIFIED) is expected


def test_the_three_forms_of_a_date_are_one_instant() -> None:
    """RFC 9110 section 5.6.7 gives one instant in three forms."""
    forms = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994")
    assert {http_date(form) for form in forms} == {MODIFIED}


@settings(max_examples=examples(200))
@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_raising(field: bytes) -> None:
    """Hostile headers give an answer."""
    none_match_fails(field, TAG)
    unmodified_since(field, MODIFIED)


def test_a_long_list_of_tags_is_read_in_linear_time() -> None:
    """64 KiB of anything are read in a moment."""
    start = time.process_time()
    for piece in (b'"', b',"', b'W/"', b"W/", b'"a', b", \t"):
        none_match_fails(piece * (65536 // len(piece)) + TAG, TAG)
    assert time.process_time() - start < 2
