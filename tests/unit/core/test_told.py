"""What a library says of bad input is told so that it can be printed, and ends."""

from __future__ import annotations

import json

import pytest

from register_api.core import canonical
from register_api.core.documents import Keys
from register_api.errors import Malformed, told

HOSTILE = "\x1b[2Jfine" + "a" * 10**6


def test_what_is_told_is_short_and_printable() -> None:
    """No escape sequence reaches a terminal."""
    text = told(ValueError(HOSTILE))
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 1000


def test_a_refused_document_does_not_fill_the_report() -> None:
    """The library quotes the value that is not one of those allowed, whole."""
    key = {"ended": None, "first_version": 1, "jwk": {}, "kid": "", "last_version": None, "note_key": None,
           "pem": "", "use": HOSTILE}  # fmt: skip
    data = {"format": "sub-processor-register-keys/1", "keys": [key], "register": "x"}
    with pytest.raises(Malformed) as caught:
        canonical.decode(json.dumps(data, sort_keys=True, separators=(",", ":")).encode(), Keys)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 1000
