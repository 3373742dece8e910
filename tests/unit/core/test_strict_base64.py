"""Base64 has one spelling here."""

from __future__ import annotations

import pytest

from register_api.core import strict_base64
from register_api.errors import Malformed


@pytest.mark.parametrize(
    ("data", "standard", "url"),
    [(b"", "", ""), (b"f", "Zg==", "Zg"), (b"foob", "Zm9vYg==", "Zm9vYg"), (b"\xfb\xff", "+/8=", "-_8")],
)
def test_encodings_are_those_of_rfc_4648(data: bytes, standard: str, url: str) -> None:
    """RFC 4648 section 10, and the two characters in which the alphabets differ."""
    assert strict_base64.encode(data) == standard
    assert strict_base64.decode(standard) == data
    assert strict_base64.encode_url(data) == url
    assert strict_base64.decode_url(url) == data


@pytest.mark.parametrize(
    "text",
    ["Zg", "Zg=", "Zh==", "Zg==\n", " Zg==", "Zg==Zg==", "Z", "-_8=", "Zm9v=", "é===", "Zg\x00==", "\ud800"],
)
def test_other_spellings_of_standard_base64_are_refused(text: str) -> None:
    """No padding, wrong padding, trailing bits, white space, the other alphabet, no ASCII."""
    with pytest.raises(Malformed):
        strict_base64.decode(text)


@pytest.mark.parametrize(
    "text", ["Zg==", "Zg=", "Zh", "Zg\n", " Zg", "Z", "+/8", "Zg.Zg", "é", "Zg\x00", "\ud800", "Zg==Zg"]
)
def test_other_spellings_of_base64url_are_refused(text: str) -> None:
    """Padding, trailing bits, white space, the other alphabet, no ASCII."""
    with pytest.raises(Malformed):
        strict_base64.decode_url(text)
