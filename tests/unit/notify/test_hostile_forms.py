"""Whatever a form holds, something can be said to it, and what is taken can be kept."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import sample_register as sample
from register_api.core.text import email_problem
from register_api.notify.answers import GivenAnswer, fault_of
from register_api.notify.persons import languages
from register_api.notify.subscriptions import Preferences, read_preferences
from register_api.web import plain, read_form, value_of

REGISTER = sample.register()
FIELDS = st.sampled_from(["address", "product", "language", "hears", "frequency", "reminders", "verdict"])


@given(st.binary(max_size=500))
@example(b"&" * 5000)
@example(b"address=%ff%fe&reason=%00%ed%a0%80")
def test_any_bytes_are_a_form(body: bytes) -> None:
    form = read_form(body)
    submitted = read_preferences(form, REGISTER, asks_address=True)
    assert submitted.fault or email_problem(submitted.address) is None
    reason = plain(value_of(form, "reason"))
    reason.encode()
    assert "\x00" not in reason
    fault_of(GivenAnswer(value_of(form, "verdict"), reason, "link"))


@given(st.dictionaries(FIELDS, st.lists(st.text(max_size=30), min_size=1, max_size=4)))
def test_what_is_taken_can_be_kept(form: dict[str, list[str]]) -> None:
    preferences = read_preferences(form, REGISTER, asks_address=False).preferences
    assert isinstance(preferences, Preferences)
    assert set(preferences.products.split()) <= {product.id for product in REGISTER.products}
    assert preferences.language in languages() or read_preferences(form, REGISTER, asks_address=False).fault


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\r\nb\rc\n", "a\nb\nc"),
        ("\x1b[31mred\x07", "[31mred"),
        ("a\u202eb\u0000", "a b"),
        ("  \t ", ""),
        ("שלום", "שלום"),
    ],
)
def test_what_somebody_wrote_is_plain(text: str, kept: str) -> None:
    assert plain(text) == kept
