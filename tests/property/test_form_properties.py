"""A fault of a text is found at any place in a vendor, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import edited_at, make_context, make_draft, make_vendor
from register_api.core.field_forms import MAX_TEXT, Form
from register_api.core.rules import check, identity
from register_api.core.struct_fields import forms_in
from register_api.core.text import text_problems
from register_api.source.lines import parse_key
from strategies import subprocessors, vendor_source
from thoroughness import examples

if TYPE_CHECKING:
    from register_api.core import model

_MARKS = 'ab <>&;"\\/!?\t\n\r\x00\x1f\x7f\x85\xa0\u00e4\u0308\u0338\u1680\u2000\u200b\u200d\u2028\u202a\u202f'
ODD = st.sampled_from(
    [
        *_MARKS,
        *"\u205f\u2060\u2066\u2069\u3000\ufeff\U0001f600",
        "A\u030a",
        "\u212b",
        "&amp;",
        "<b>",
        "\ud800",
    ]
)
"""Characters that some rule looks at, beside some that none does."""

TEXTS = st.one_of(
    st.lists(ODD, max_size=5).map("".join),
    st.sampled_from(["https://a.example/", "http://a.example", "https://a b", "a@b", "mailto:x", "words"]),
)


@settings(max_examples=examples(300), deadline=None)
@given(vendor=subprocessors(), text=TEXTS, data=st.data())
def test_a_text_is_checked_by_its_own_field(
    vendor: model.Subprocessor, text: str, data: st.DataObject
) -> None:
    """One edit makes a finding just if the field's form objects, at the key of the edit; R05 if unclean."""
    source = vendor_source(vendor)
    texts = [(key, form) for key, form, value in forms_in(source, Form) if isinstance(value, str)]
    key, form = data.draw(st.sampled_from(texts))
    edited = edited_at(source, parse_key(key), text)
    found = [item for item in identity.check_forms(make_draft(edited), make_context()) if item.key == key]
    unclean = any(text_problems(text)) and not (text == "" and form.if_empty is None)
    assert bool(found) == (form.fault(text) is not None)
    assert bool(found) >= unclean
    assert all(item.message.isprintable() for item in found)


@given(length=st.integers(3_990, 4_010))
def test_r17_counts_characters(length: int) -> None:
    """The limit is one of characters, also where each takes two bytes."""
    draft = make_draft(make_vendor(address="ü" * length), make_vendor("short"))
    found = [item for item in check(draft, make_context()) if item.rule == "R17"]
    assert len(found) == (1 if length > MAX_TEXT else 0)
