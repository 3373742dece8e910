"""RFC 8785 against the ``rfc8785`` package, and hostile bytes."""

from __future__ import annotations

import contextlib
import json

import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.errors import Malformed, VerificationError
from thoroughness import examples

# Names on both sides of the surrogates, where code point order and UTF-16 order differ.
NAMES = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("\ud7ff\ue000\ufb33\uffff\U00010000\U0001f600\U0010ffff"),
    max_size=4,
)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.text(max_size=8) | NAMES
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)
ANY_JSON = st.recursive(
    SCALARS | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=10,
)


@given(DOCUMENTS)
@example({"\ufb33": 1, "\U0001f600": 2})
@settings(max_examples=examples(200), deadline=None)
def test_bytes_are_those_of_rfc8785_and_read_back(document: object) -> None:
    """Two implementations, one form; reading is the inverse of writing."""
    data = canonical.encode(document)
    assert data == rfc8785.dumps(document)
    assert canonical.parse(data) == document


@given(
    st.binary(max_size=64)
    | st.text(alphabet='{}[]",:\\u0123456789eE+-. \ntruefalsn', max_size=40).map(str.encode)
)
@settings(max_examples=examples(300), deadline=None)
def test_any_bytes_are_answered_or_refused(data: bytes) -> None:
    """And what is answered has exactly these bytes."""
    with contextlib.suppress(Malformed):
        assert canonical.encode(canonical.parse(data)) == data


@given(document=ANY_JSON, ascii_only=st.booleans(), sort=st.booleans())
@settings(max_examples=examples(150), deadline=None)
def test_any_json_text_is_answered_or_refused(document: object, *, ascii_only: bool, sort: bool) -> None:
    """Floats, large integers, NaN, other orders and escapes, as other programs write them."""
    text = json.dumps(document, ensure_ascii=ascii_only, sort_keys=sort, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    with contextlib.suppress(Malformed):
        assert canonical.encode(canonical.parse(data)) == data


@given(DOCUMENTS)
@settings(max_examples=examples(100), deadline=None)
def test_any_document_is_decoded_or_refused(document: object) -> None:
    """A document of another kind is refused by name, not by accident."""
    with contextlib.suppress(VerificationError):
        canonical.decode(canonical.encode(document), KeyList)
