"""Content codings and media types as RFC 9110 section 12 wants them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.serve.http.negotiation import CODINGS, acceptable_codings, prefers
from thoroughness import examples

CODING_ROWS = [
    # (Accept-Encoding, codings best first, why)
    (None, ("identity",), "12.5.3: not sent, any coding would do; the plain form is safest"),
    (b"", ("identity",), "12.5.3: an empty field means that only identity is wanted"),
    (b"gzip", ("gzip", "identity"), "12.5.3: identity stays acceptable unless excluded"),
    (b"gzip, br, zstd", ("br", "zstd", "gzip", "identity"), "equal weights: our order"),
    (b"gzip;q=1.0, br;q=0.5", ("gzip", "br", "identity"), "12.4.2: higher weight first"),
    (b"gzip;q=0.001", ("gzip", "identity"), "identity unstated comes last, whatever the weight"),
    (b"gzip;q=0.5, identity", ("identity", "gzip"), "identity stated with weight 1 is preferred"),
    (b"identity", ("identity",), "only the plain form"),
    (b"gzip;q=0", ("identity",), "12.4.2: weight 0 means not acceptable"),
    (b"*", ("br", "zstd", "gzip", "identity"), "12.5.3: * matches whatever is not listed"),
    (b"*;q=0.5, gzip", ("gzip", "br", "zstd", "identity"), "* gives the rest its weight"),
    (b"*;q=0", (), "* with weight 0 excludes identity too"),
    (b"gzip, *;q=0", ("gzip",), "all but gzip excluded"),
    (b"identity;q=0", (), "identity excluded and nothing else accepted"),
    (b"br, identity;q=0", ("br",), "identity excluded, br accepted"),
    (b"identity;q=0, *", ("br", "zstd", "gzip"), "the listed coding beats *"),
    (b"GZIP", ("gzip", "identity"), "8.4.1: codings are case-insensitive"),
    (b"x-gzip", ("gzip", "identity"), "8.4.1.3: x-gzip is gzip"),
    (b"gzip ; Q=0.2 ,br;q=0.3", ("br", "gzip", "identity"), "white space and a capital Q are allowed"),
    (b"deflate, compress", ("identity",), "codings that we do not have are passed over"),
    (b",, gzip ,", ("gzip", "identity"), "5.6.1: empty elements of a list are ignored"),
    (b"gzip;q=1.5", ("identity",), "a weight out of range makes the element void"),
    (b"gzip;q=0.1234", ("identity",), "12.4.2: three digits at most"),
    (b"gzip;q=", ("identity",), "no weight after q="),
    (b"gz ip, \xff\xfe", ("identity",), "not tokens"),
]


@pytest.mark.parametrize(("field", "expected", "why"), CODING_ROWS, ids=[str(row[0]) for row in CODING_ROWS])
def test_codings_are_ranked_by_weight(field: bytes | None, expected: tuple[str, ...], why: str) -> None:
    """Each row: what a client sends, and in which order it gets what we have."""
    assert acceptable_codings(field) == expected, why


@settings(max_examples=examples(200))
@given(
    st.binary(max_size=60)
    | st.lists(st.sampled_from([b"gzip", b"*", b";q=0", b",", b"q", b"="])).map(b"".join)
)
def test_any_bytes_give_a_ranking(field: bytes) -> None:
    """Hostile headers never raise, and never invent a coding."""
    assert set(acceptable_codings(field)) <= set(CODINGS)
    prefers(field, "text/html")


def test_a_long_header_is_read_in_linear_time() -> None:
    """64 KiB of anything are read in a moment."""
    start = time.process_time()
    for piece in (b",", b"gzip;", b" ;q=", b"gzip;q=0 ", b'"', b"a" * 60 + b","):
        acceptable_codings(piece * (65536 // len(piece)))
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, False),
        (b"*/*", False),
        (b"application/json", False),
        (b"text/html", True),
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        (b"application/json, text/html;q=0.5", False),
        (b"application/problem+json;q=0.4, text/html;q=0.5", True),
        (b"text/html;q=0", False),
        (b"TEXT/HTML", True),
        (b"text/*", False),
    ],
)
def test_only_who_names_html_gets_a_page(field: bytes | None, expected: bool) -> None:
    """RFC 9110 section 12.5.1: the more specific range counts, and its weight."""
    assert prefers(field, "text/html") is expected
