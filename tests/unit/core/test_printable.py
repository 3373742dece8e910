"""Foreign text in messages can be printed, and ends."""

from __future__ import annotations

import json

import pytest

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.text import printable, quoted
from register_api.errors import Malformed

HOSTILE = "\x1b[2Jfine" + "a" * 10**6


def test_messages_are_short_and_printable() -> None:
    """No escape sequence reaches a terminal."""
    text = printable(ValueError(HOSTILE))
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 1000


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Acme Zürich", '"Acme Zürich"'), ("a\u202eb\x1b", '"a\\u202eb\\x1b"'), ("\udcff", '"\\udcff"')],
)
def test_unprintable_characters_are_escaped(text: str, expected: str) -> None:
    """Names of companies are in many scripts; marks that turn the writing around are none."""
    assert quoted(text) == expected
    assert quoted(text).encode() == expected.encode()


def test_a_quotation_is_short() -> None:
    assert quoted("x" * 1000) == '"' + "x" * 59 + '…"'
    assert quoted("x" * 60) == '"' + "x" * 60 + '"'


def test_a_refused_document_does_not_fill_the_report() -> None:
    """The library quotes the value that is not one of those allowed, whole."""
    key = {"ended": None, "first_version": 1, "jwk": {}, "kid": "", "last_version": None, "note_key": None,
           "pem": "", "use": "log"}  # fmt: skip
    data = {"format": HOSTILE, "format_minor": 0, "keys": [key], "register": "x"}
    with pytest.raises(Malformed) as caught:
        canonical.decode(json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), KeyList)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000
