"""Further headers of a mail, and that nothing else can come of them."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from register_api.sending.mail import Addressed, content_of, written
from register_api.sending.settings import MailSettings

SETTINGS = msgspec.convert({"sender": "privacy@example.com", "database": "x"}, MailSettings)


def mail(**headers: str) -> bytes:
    to = Addressed("0" * 32, "ann@customer.example", "", "Subject", headers)
    return written(SETTINGS, to, content_of("a\n", "<p>a</p>"), dt.datetime.now(dt.UTC)).body


def test_a_long_address_in_a_header_stays_as_it_is() -> None:
    """The library of Python would write it as encoded words, which no mail program reads there."""
    address = f"<https://trust.example.com/{'a' * 200}>"
    assert f"\r\nList-Unsubscribe: {address}\r\n".encode() in mail(**{"List-Unsubscribe": address})


@pytest.mark.parametrize("value", ["a\r\nBcc: eve@evil.example", "a\nb", "é", "\x00"])
def test_nothing_else_comes_from_the_value_of_a_header(value: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a header"):
        mail(**{"List-Unsubscribe": value})
