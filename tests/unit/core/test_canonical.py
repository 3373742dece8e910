"""RFC 8785: one form of bytes, and everything else refused."""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest

from register_api.core import canonical
from register_api.core.documents import Ended, RootReference, VersionList
from register_api.errors import Malformed


@pytest.mark.parametrize(
    ("document", "data"),
    [
        (None, b"null"),
        (True, b"true"),
        (0, b"0"),
        (-(2**53) + 1, b"-9007199254740991"),
        ([], b"[]"),
        ({}, b"{}"),
        ("\b\t\n\f\r\x00\x1f\x7f/\u2028", b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f/\xe2\x80\xa8"'),
        ({"b": [1, {"d": None, "c": ""}], "a": -1}, b'{"a":-1,"b":[1,{"c":"","d":null}]}'),
    ],
)
def test_values_have_one_form(document: object, data: bytes) -> None:
    """There and back."""
    assert canonical.encode(document) == data
    assert canonical.parse(data) == document


def test_structs_are_written_with_sorted_names() -> None:
    """Whatever the order of their fields."""
    assert canonical.encode(RootReference(version=1, sha256="ab")) == b'{"sha256":"ab","version":1}'
    ended = Ended(at=dt.datetime(2026, 5, 10, 9, tzinfo=dt.UTC), reason="lost")
    assert canonical.encode(ended) == b'{"at":"2026-05-10T09:00:00Z","reason":"lost","text":null}'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" {}",
        b"{}\n",
        b"{ }",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b'{"a":{"b":1,"b":2}}',
        b'{"\xef\xac\xb3":1,"\xf0\x9f\x98\x80":1}',
        b'"\\/"',
        b'"\\u00e9"',
        b'"\\u000A"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"1.0",
        b"1e2",
        b"1E2",
        b"-0",
        b"01",
        b"+1",
        b"0x1",
        b"NaN",
        b"Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"[1,]",
        b"[1][2]",
        b"{'a':1}",
        b"// comment\n1",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"tru",
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 100_000,
        b"\x00",
    ],
)
def test_bytes_that_are_not_the_one_form_are_refused(data: bytes) -> None:
    """White space, order, duplicates, escapes, floats, large integers, depth, other encodings."""
    with pytest.raises(Malformed):
        canonical.parse(data)


def test_the_deepest_allowed_document_is_read() -> None:
    """32 levels."""
    data = b"[" * canonical.MAX_DEPTH + b"]" * canonical.MAX_DEPTH
    assert canonical.encode(canonical.parse(data)) == data


def test_size_is_bounded_before_anything_is_read() -> None:
    """Exactly the limit is enough."""
    assert canonical.parse(b'"abc"', max_bytes=5) == "abc"
    with pytest.raises(Malformed):
        canonical.parse(b'"abc"', max_bytes=4)


def test_a_duplicate_name_is_named() -> None:
    """So that a publisher finds it."""
    with pytest.raises(Malformed, match="'twice'"):
        canonical.parse(b'{"once":1,"twice":1,"twice":2}')


@pytest.mark.parametrize("document", ["\ud800", {"\udfff": 1}, {"a": ["\ud800"]}, object(), {1.5: object()}])
def test_values_that_json_cannot_represent_are_refused(document: object) -> None:
    """Lone surrogates, and things that are no data."""
    with pytest.raises(Malformed):
        canonical.encode(document)


def test_decoding_ignores_unknown_fields_and_requires_known_ones() -> None:
    """A reader of a later writer's document displays what it knows (docs/format/bytes.md)."""
    data = canonical.encode({"sha256": "ab", "version": 1, "zone": "later"})
    assert canonical.decode(data, RootReference) == RootReference(version=1, sha256="ab")
    for wrong in ({"sha256": "ab"}, {"sha256": "ab", "version": "1"}, ["ab", 1], None):
        with pytest.raises(Malformed):
            canonical.decode(canonical.encode(wrong), RootReference)


def test_digest_is_sha_256_in_hex() -> None:
    """Of the bytes, as they are."""
    assert canonical.digest(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_standard_library_reads_what_we_write() -> None:
    """It is plain JSON."""
    document = {"a": [1, None, True, "é"], "b": {}}
    assert json.loads(canonical.encode(document)) == msgspec.to_builtins(document)


def test_a_document_without_its_format_is_refused() -> None:
    """A struct's default does not replace a missing member."""
    whole = VersionList(register="example.com/r", versions=())
    assert canonical.decode(canonical.encode(whole), VersionList) == whole
    bare = {"register": "example.com/r", "versions": []}
    with pytest.raises(Malformed, match="does not name its format"):
        canonical.decode(canonical.encode(bare), VersionList)


def test_a_document_that_is_not_an_object_is_refused() -> None:
    with pytest.raises(Malformed, match="does not name its format"):
        canonical.decode(b"[]", VersionList)
