"""Words, dates and values as sentences use them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from register_api.core import model
from register_api.core.diff.value_words import say
from register_api.core.diff.wording import contrast, count, english_date, join, sentence, shorten


def test_dates_are_english() -> None:
    """No locale has a say in it."""
    assert english_date(dt.date(2026, 6, 10)) == "10 June 2026"
    assert english_date(dt.date(999, 12, 1)) == "1 December 999"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a, b", "c"], "a, b; c"),
    ],
)
def test_enumerations(parts: list[str], expected: str) -> None:
    """A part with commas of its own is set off by semicolons."""
    assert join(parts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("short", "short"),
        ("two\nlines", "two lines"),
        ("cut at a word, here", "cut at a word…"),
        ("x" * 30, "x" * 15 + "…"),
    ],
)
def test_long_texts_are_cut(text: str, expected: str) -> None:
    """On one line, at a word if there is one near the end, never longer than asked for."""
    assert shorten(text, 16) == expected
    assert len(shorten(text, 16)) <= 16


def test_a_contrast_shows_the_difference() -> None:
    """Of two long texts the part is shown where they begin to differ."""
    before, after = contrast("word " * 50 + "ten", "word " * 50 + "twelve", 40)
    assert before == "…word word ten"
    assert after == "…word word twelve"
    assert contrast("a", "b", 40) == ("a", "b")


@pytest.mark.parametrize(("text", "expected"), [("a", "a."), ("Acme Inc.", "Acme Inc."), ("cut…", "cut…")])
def test_a_sentence_ends_once(text: str, expected: str) -> None:
    """A name that ends with a full stop ends the sentence too."""
    assert sentence(text) == expected


def test_counts() -> None:
    """One is singular, nought is not."""
    assert [count(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "nothing"),
        (True, "yes"),
        (False, "no"),
        (14, "14"),
        ("customer_content", "customer content"),
        ("LLM_REGION", "LLM_REGION"),
        (("a", "b"), "a and b"),
        ({"tier": "1"}, "tier: 1"),
        (model.Location(country="FI"), "FI"),
        (
            model.Location(
                country="FI", place="Helsinki", default=True, activities=("store",),
                condition=model.Condition(type="region", key="LLM_REGION", value="eu"), text="one site",
            ),
            "Helsinki, FI (store, default, region LLM_REGION = eu, one site)",
        ),
        (model.Condition(type="consent", text="with consent"), "with consent"),
        (model.Condition(type="request"), "request"),
        (model.Transfer(destination="US", mechanism="scc", reference="Module 2"), "US (SCC, Module 2)"),
        (model.Transfer(destination="JP", mechanism="adequacy"), "JP (adequacy)"),
        (
            model.Certification(
                name="ISO 27001", claim="in_progress", scope="hosting", valid_until=dt.date(2027, 1, 2)
            ),
            "ISO 27001 (in progress, hosting, valid until 2 January 2027)",
        ),
        (model.Identifier(scheme="lei", value="5299"), "LEI 5299"),
        (model.Contact(role="privacy", email="a@b.example"), "privacy (a@b.example)"),
        (model.Contact(role="privacy"), "privacy (no address)"),
        (model.Exclusion(title="Banks", text="own duty"), "Banks"),
        (model.RelatedDocument(title="DPA", url="https://a.example/"), "DPA (https://a.example/)"),
        (model.RelatedDocument(title="DPA"), "DPA"),
        (model.ShortNotice(reason="Outage"), "Outage"),
        (model.Withdrawn(reason="Mistake"), "Mistake"),
    ],
)  # fmt: skip
def test_values_in_words(value: Any, expected: str) -> None:
    """Each kind of value reads as a person would write it."""
    assert say(value) == expected
