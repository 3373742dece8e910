"""What is added to a mail that is written already: lines at the end of both forms, long headers."""

from __future__ import annotations

import datetime as dt
import email
from email import policy
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from register_api.sending.mail import Addressed, content_of, with_more, written
from register_api.sending.settings import MailSettings

if TYPE_CHECKING:
    from email.message import EmailMessage

LINE = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200)
SETTINGS = msgspec.convert({"sender": "privacy@example.com", "database": "x"}, MailSettings)


def forms(content: bytes) -> dict[str, list[str]]:
    """Return the lines of the text and of the page."""
    read: EmailMessage = email.message_from_bytes(content, policy=policy.default)  # type: ignore[assignment]
    return {part.get_content_subtype(): part.get_content().splitlines() for part in read.iter_parts()}


@given(st.lists(LINE, max_size=8), LINE)
def test_it_stands_at_the_end_of_both_forms_and_nothing_else_changes(lines: list[str], more: str) -> None:
    text = "".join(f"> {line}\n" for line in lines)
    page = f"<body>\n{text.replace('<', '&lt;')}</body>\n"
    both = with_more(content_of(text, page), f". {more}\n", f"<p>{more.replace('<', '&lt;')}</p>\n")
    found = forms(both)
    assert found["plain"] == [*text.split("\n")[:-1], f". {more}"]
    assert found["html"] == [
        *page.split("\n")[:-2],
        f"<p>{more.replace('<', '&lt;')}</p>",
        "</body>",
    ]
    assert max(len(line) for line in both.split(b"\r\n")) <= 78


def test_what_has_no_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="no parts"):
        with_more(b"text", "more", "more")


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
