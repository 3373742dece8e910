"""Shortcuts for what is right find nothing wrong where the long way would: on texts and on files."""

from __future__ import annotations

import datetime as dt
from typing import Any
from unittest import mock

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import make_context, make_draft, make_engagement, make_vendor
from register_api.core import model
from register_api.core.rules import wording
from register_api.core.text import text_problems
from register_api.source import collect
from strategies import subprocessors, vendor_source

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

TEXTS = st.lists(ODD, max_size=5).map("".join)


@settings(max_examples=500)
@given(text=TEXTS, place=st.integers(0, 5))
def test_no_faulty_text_passes_the_look_at_the_whole(text: str, place: int) -> None:
    """A vendor that the shortcut leaves out has no text that R05 would object to."""
    vendor = [
        lambda: make_vendor(name=text),
        lambda: make_vendor(extra={text: "label"}),
        lambda: make_vendor(extra={"label": text}),
        lambda: make_vendor(formerly=("Former", text)),
        lambda: make_vendor(engagements=(make_engagement(purpose=text or "-"),)),
        lambda: make_vendor(engagements=(make_engagement(data_categories=(text, "all")),)),
    ][place]()
    faults = list(text_problems(text)) if place != 4 or text else []
    assert not faults or wording.may_be_faulty(vendor)


ADDRESSES = st.sampled_from(
    ["https://a.example/", "http://a.example", "https://a b", "a@b", "mailto:x", "words"]
)


@settings(max_examples=200)
@given(
    vendor=subprocessors(),
    fields=st.dictionaries(
        st.sampled_from(["website", "privacy_url", "subprocessors_url", "contact", "address"]),
        st.one_of(st.none(), TEXTS, ADDRESSES),
    ),
    url=st.one_of(st.none(), ADDRESSES),
)
def test_r05_says_the_same_with_and_without_the_shortcut(
    vendor: model.Subprocessor, fields: dict[str, Any], url: str | None
) -> None:
    """Findings are those of the walk through every string."""
    certified = (model.Certification(name="ISO 27001", claim="certified", url=url),)
    edited = msgspec.structs.replace(vendor_source(vendor), certifications=certified, **fields)
    draft, context = make_draft(make_vendor("first"), edited), make_context()
    short = list(wording.check_text(draft, context))
    with mock.patch.object(wording, "may_be_faulty", return_value=True):
        assert short == list(wording.check_text(draft, context))


@given(length=st.integers(3_990, 4_010))
def test_r17_says_the_same_with_and_without_the_shortcut(length: int) -> None:
    draft = make_draft(make_vendor(address="ü" * length), make_vendor("short"))
    found = list(wording.check_sizes(draft, make_context()))
    assert len(found) == (1 if length > wording.MAX_TEXT else 0)


def table(vendor: model.Subprocessor) -> dict[str, Any]:
    """Return a vendor as TOML would give it: nothing for what is not known, days as days."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: clean(item) for name, item in value.items() if item is not None}
        return [clean(item) for item in value] if isinstance(value, list | tuple) else value

    source = vendor_source(vendor)
    return dict(clean(msgspec.to_builtins(source, builtin_types=(dt.date, dt.datetime))))


WRONG = st.sampled_from([1, 2**60, 1.5, True, "text", "", [], {}, ["x"], dt.date(2026, 6, 1), "2026-06-01"])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where values stand in a table."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


@settings(max_examples=300)
@given(vendor=subprocessors(), data=st.data())
def test_a_file_is_read_alike_with_and_without_the_shortcut(
    vendor: model.Subprocessor, data: st.DataObject
) -> None:
    """A value of another kind, an unknown key or a missing one is found by both, and told alike."""
    document = table(vendor)
    *above, last = data.draw(st.sampled_from(places(document)[1:]))
    inside: Any = document
    for key in above:
        inside = inside[key]
    match data.draw(st.sampled_from(["leave", "wrong", "missing", "unknown", "published"])):
        case "wrong":
            inside[last] = data.draw(WRONG)
        case "missing":
            del inside[last]
        case "unknown" if isinstance(inside, dict):
            inside["purpos"] = "x"
        case "published" if isinstance(inside, dict):
            inside["announced"] = {"version": 1}
    short = collect.collect(document, model.SubprocessorSource)
    with mock.patch.object(collect, "_is_known", return_value=False):
        assert short == collect.collect(document, model.SubprocessorSource)
