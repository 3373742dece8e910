"""``pkcs11:`` URIs (RFC 7512): what names a key is read, what does not, or holds a secret, is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.errors import KeyStoreError
from register_api.publish.signing.token_uri import TokenUri, parse_uri


def test_all_parts_are_read() -> None:
    """Escapes are undone; an id may be any bytes (RFC 7512 section 2.3)."""
    text = (
        "pkcs11:token=The%20Token;serial=0af1;object=r%c3%b6t;id=%69%95%3e%00;type=private"
        "?pin-source=file:/etc/token_pin&module-path=/usr/lib/p11.so"
    )
    assert parse_uri(text) == TokenUri(
        text=text,
        token="The Token",
        serial="0af1",
        label="röt",
        id=b"\x69\x95\x3e\x00",
        module=Path("/usr/lib/p11.so"),
        pin_file=Path("/etc/token_pin"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a pkcs11: URI"),
        ("pkcs12:token=a;object=b", "not a pkcs11: URI"),
        ("pkcs11:token=a b;object=c", "not a pkcs11: URI"),
        ("pkcs11:token=a;object=b\npkcs11:token=c;object=d", "not a pkcs11: URI"),
        ("pkcs11:token=ä;object=b", "not a pkcs11: URI"),
        (f"pkcs11:token=a;object={'b' * 2000}", "not a pkcs11: URI"),
        ("pkcs11:", "which token"),
        ("pkcs11:token=a", "which key"),
        ("pkcs11:object=a", "which token"),
        ("pkcs11:token=a;object=b;type=public", "type=private"),
        ("pkcs11:token=a;object=b;slot-id=1", "not known"),
        ("pkcs11:token=a;object=b;x-mine=1", "not known"),
        ("pkcs11:token=a;object=b?module-name=p11", "not known"),
        ("pkcs11:token=a;object=b;pin-source=/a", "not known"),
        ("pkcs11:token=a;token=b;object=c", "twice"),
        ("pkcs11:token=;object=c", "empty"),
        ("pkcs11:token=%zz;object=c", "malformed"),
        ("pkcs11:token=%ff;object=c", "UTF-8"),
        ("pkcs11:token=a;object=b?pin-source=|/bin/ask", "absolute path"),
        ("pkcs11:token=a;object=b?pin-source=pin", "absolute path"),
        ("pkcs11:token=a;object=b?pin-source=file://host/pin", "absolute path"),
        ("pkcs11:token=a;object=b?module-path=p11.so", "absolute path"),
        ("pkcs11:token=a;object=b?module-path=/p%00", "absolute path"),
    ],
)
def test_what_is_not_one_key_is_refused(text: str, words: str) -> None:
    """Also what this program does not know: it might narrow what is meant."""
    with pytest.raises(KeyStoreError, match=words):
        parse_uri(text)


@pytest.mark.parametrize("place", [";", "?"])
def test_a_pin_in_the_uri_is_refused_and_not_repeated(place: str) -> None:
    """It would stand in a file that people copy, and on a command line."""
    with pytest.raises(KeyStoreError, match="must not contain a PIN") as caught:
        parse_uri(f"pkcs11:token=a;object=b{place}pin-value=canary")
    assert "canary" not in f"{caught.value}{caught.value.hint}"


@given(st.text() | st.text("pkcs11:token=objectid;?&%0aF/-").map("pkcs11:token=a;object={}".format))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    """No other error comes of it."""
    try:
        uri = parse_uri(text)
    except KeyStoreError:
        return
    assert uri.token is not None or uri.serial is not None
