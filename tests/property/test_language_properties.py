"""Every change, whoever reported it, is described in each language, with every placeholder filled."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import make_promises, make_register
from register_api.core.changes import Change, ChangeType, FieldChange
from register_api.core.diff.document import changes_between
from register_api.core.fields import FIELDS
from register_api.core.language.changes import MAX_SUMMARY, MAX_TITLE, Sentences
from register_api.core.language.language import VOCABULARIES, Language
from register_api.core.language.notice import notice_dates, notice_given
from register_api.core.notice_period import NoticeStatus
from strategies import register_pairs
from thoroughness import examples

if TYPE_CHECKING:
    from register_api.core.model import Register

LANGUAGES = [Language.of(tag) for tag in ("en", "de")]
each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.tag)

json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=9) | st.just("2026-05-10"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
names = sorted({name for fields in FIELDS.values() for name in fields})
paths = st.sampled_from(
    [
        *names,
        "notice.days",
        "subprocessors.acme.engagements.hosting.retention",
        "subprocessors.acme.website",
        "subprocessor.name",
        "planned.move.effective_on",
        "categories.ai",
        "statuses.active.title",
        "subprocessors",
    ]
) | st.text(max_size=9)
days = st.none() | st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
statuses = st.builds(
    NoticeStatus,
    required=st.booleans(),
    announced_on=days,
    effective_on=days,
    days=st.none() | st.integers(-400, 400),
    day_count=st.sampled_from([None, "calendar", "business"]),
    promised_days=st.none() | st.integers(0, 400),
    met=st.sampled_from([None, True, False]),
    objection_until=days,
)
hostile_changes = st.builds(
    Change,
    id=st.just("2-1"),
    type=st.sampled_from(get_args(ChangeType)) | st.text(max_size=9),  # type: ignore[arg-type]
    subprocessor=st.none() | st.sampled_from(["acme", "nobody"]),
    engagement=st.none() | st.sampled_from(["hosting", "nothing"]),
    kind=st.sampled_from(["added", "removed", "changed"]),
    planned=st.none() | st.sampled_from(["move"]),
    affects=st.lists(st.sampled_from(["acme", "nobody"]), max_size=2).map(tuple),
    fields=st.lists(st.builds(FieldChange, path=paths, before=json, after=json), max_size=3).map(tuple),
    notice=statuses,
)


def is_readable(text: str, limit: int) -> bool:
    """Tell whether a text is one non-empty line of bounded length."""
    return bool(text.strip()) and "\n" not in text and len(text) <= limit


@each_language
@given(register_pairs(removals=True))
@settings(max_examples=examples(60), deadline=None)
def test_every_change_is_described(language: Language, pair: tuple[Register, Register]) -> None:
    """In sentences that end, without a blank; with and without the older register at hand."""
    older, newer = pair
    day = newer.published_at.date()
    for change in changes_between(older, newer, make_promises((1, dt.date(2015, 1, 1), newer.notice))):
        for sentences in (Sentences(language, newer, day, older), Sentences(language, newer, day)):
            summary, title = sentences.summary(change), sentences.title(change)
            assert is_readable(summary, MAX_SUMMARY)
            assert summary.endswith((".", "…", "!", "?"))
            assert is_readable(title, MAX_TITLE + 140)
            assert not {"{", "}"} & {*summary, *title}


@given(register_pairs(removals=True))
@settings(max_examples=examples(30), deadline=None)
def test_every_change_is_described_in_the_language_of_the_register(pair: tuple[Register, Register]) -> None:
    """What is published says which language it is in."""
    older, newer = pair
    language = Language.of(newer.publisher.language)
    found = changes_between(older, newer, make_promises((1, dt.date(2015, 1, 1), newer.notice)))
    assert {change.summary_language for change in found} <= {language.tag}


@each_language
@given(hostile_changes)
@settings(max_examples=examples(500), deadline=None)
def test_a_change_of_any_writer_is_described(language: Language, change: Change) -> None:
    """Unknown types, unknown fields, values of any form: there are sentences, and never an error."""
    sentences = Sentences(language, make_register(), dt.date(2026, 1, 6))
    assert is_readable(sentences.summary(change), MAX_SUMMARY)
    assert is_readable(sentences.title(change), MAX_TITLE + 140)


@each_language
@given(statuses)
@settings(max_examples=examples(200), deadline=None)
def test_any_status_of_notice_is_described(language: Language, status: NoticeStatus) -> None:
    """Whatever is known of days, no number of days is negative, and business days are called so."""
    given_ = notice_given(language, status)
    assert given_ is None or (status.required and "-" not in given_ and "{" not in given_)
    if given_ and status.days is not None and status.day_count == "business":
        assert "business day" in given_ or "Arbeitstag" in given_
    assert all("{" not in sentence for sentence in notice_dates(language, status))


@each_language
@given(st.sampled_from(sorted(VOCABULARIES)), st.text(max_size=20))
@settings(max_examples=examples(200), deadline=None)
def test_any_code_has_a_term(language: Language, vocabulary: str, code: str) -> None:
    """A known one in words, any other as it is."""
    known: Any = VOCABULARIES[vocabulary].get(code)
    assert language.code(vocabulary, code) == (language.text(known) if known else code)
