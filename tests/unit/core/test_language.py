"""The catalogue is whole in every language; words, dates and numbers of days read as people write them."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any, get_args

import pytest

import messages
from programs import run
from register_api.core import model
from register_api.core.changes import ChangeType
from register_api.core.field_forms import WIDE_COUNTRIES
from register_api.core.language.language import (
    ENGLISH,
    VOCABULARIES,
    Language,
    capital,
    contrast,
    count,
    sentence,
    shorten,
    translations,
)
from register_api.core.language.notice import (
    notice_dates,
    notice_given,
    objection_period,
    promise,
    shortfall,
)
from register_api.core.language.values import Values
from register_api.core.notice_period import NoticeStatus
from register_api.core.timeline import State

GERMAN = Language.of("de")
TRANSLATED = [
    (tag, message) for tag in sorted(translations()) for message in messages.catalogue(tag) if message.id
]
DAY = dt.date(2026, 5, 10)


def texts(value: str | tuple[str, ...] | list[str]) -> list[str]:
    """Return one text or several as several."""
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("tag", sorted(translations()))
def test_the_catalogue_is_that_of_the_code(tag: str) -> None:
    """No message is missing and none is stale; ``make messages`` puts it right."""
    assert messages.po_file(tag).read_bytes() == messages.updated(tag)


@pytest.mark.parametrize(("tag", "message"), TRANSLATED, ids=lambda part: getattr(part, "id", part))
def test_every_message_is_translated_with_the_same_placeholders(tag: str, message: Any) -> None:
    """In every plural form; a number may be left out where the form says it."""
    assert not message.fuzzy
    for translated in texts(message.string):
        assert translated.strip()
        for source in texts(message.id):
            assert messages.placeholders(translated) == messages.placeholders(source)


def test_languages_are_chosen_by_their_first_part() -> None:
    """One without a catalogue is English, and so is what is no tag at all."""
    tags = {"en": "en", "en-GB": "en", "de": "de", "DE-at": "de", "fr": "en", "": "en", "../de": "en"}
    assert {tag: Language.of(tag).tag for tag in tags} == tags
    assert Language.of("de-CH") is GERMAN


def test_nothing_is_loaded_before_a_word_is_asked_for() -> None:
    """A customer's program that makes no sentence does not pay for Babel."""
    code = (
        "import sys, register_api.core.language.changes, register_api.core.diff.document;"
        "from register_api.core.language.language import Language; Language('de');"
        "sys.exit('babel' in sys.modules)"
    )
    assert run(sys.executable, "-c", code).returncode == 0


OPEN = {
    "activity": model.Activity,
    "claim": model.Claim,
    "condition": model.ConditionType,
    "data_scope": model.DataScope,
    "ict_service": model.IctService,
    "identifier": model.IdentifierScheme,
    "mechanism": model.Mechanism,
    "notice_event": model.CoveredEvent,
    "role": model.ContactRole,
}
CLOSED = {
    "change": ChangeType,
    "day_count": model.DayCount,
    "state": State,
    "status": model.Status,
    "vendor_kind": model.VendorKind,
    "vendor_role": model.VendorRole,
    "lifecycle": model.LifecycleState,
}


def test_every_code_of_the_model_has_words() -> None:
    """A code that joins the model is red here until somebody says what it means, and none is left behind."""
    known = {name: set(get_args(codes)) for name, codes in CLOSED.items()}
    for name, annotated in OPEN.items():
        known[name] = set(annotated.__metadata__[0].extra["form"].codes)
    assert known | {"country": set(WIDE_COUNTRIES)} == {
        name: set(codes) for name, codes in VOCABULARIES.items()
    }


def test_codes_and_countries() -> None:
    """An unknown code is shown as it is."""
    assert ENGLISH.code("mechanism", "scc") == "standard contractual clauses"
    assert GERMAN.code("mechanism", "scc") == "Standardvertragsklauseln"
    assert GERMAN.code("mechanism", "pact") == "pact"
    assert [ENGLISH.country(code) for code in ("FI", "EEA", "ZZZ")] == [
        "Finland", "European Economic Area", "ZZZ",
    ]  # fmt: skip
    assert GERMAN.country("US") == "Vereinigte Staaten"


def test_days_and_instants() -> None:
    """As contracts write them; no setting of the machine has a say in it."""
    assert (ENGLISH.day(DAY), GERMAN.day(DAY)) == ("10 May 2026", "10. Mai 2026")
    assert ENGLISH.day(dt.date(999, 12, 1)) == "1 December 999"
    instant = dt.datetime(2026, 5, 10, 9, 5, tzinfo=dt.UTC)
    assert ENGLISH.instant(instant) == "10 May 2026, 09:05 UTC"
    assert GERMAN.instant(instant) == "10. Mai 2026, 09:05 Uhr UTC"


@pytest.mark.parametrize(
    ("parts", "english", "german"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a und b"),
        (["a", "b", "c"], "a, b and c", "a, b und c"),
        (["a, b", "c"], "a, b; c", "a, b; c"),
        (["{0}", "{1}"], "{0} and {1}", "{0} und {1}"),
    ],
)
def test_enumerations(parts: list[str], english: str, german: str) -> None:
    """A part with commas of its own is set off by semicolons."""
    assert (ENGLISH.list(parts), GERMAN.list(parts)) == (english, german)


@pytest.mark.parametrize(
    ("number", "english", "german"), [(0, "0 days", "0 Tage"), (1, "1 day", "1 Tag"), (2, "2 days", "2 Tage")]
)
def test_plural_forms(number: int, english: str, german: str) -> None:
    """One is singular, nought is not."""
    assert ENGLISH.plural("{n} day", "{n} days", number) == english
    assert GERMAN.plural("{n} day", "{n} days", number) == german


def test_a_message_that_is_nowhere_translated_stays_english() -> None:
    assert GERMAN.text("No such message: {name}", name="x") == "No such message: x"
    assert GERMAN.plural("{n} such", "{n} suches", 2) == "2 suches"


def status(days: int | None, **fields: Any) -> NoticeStatus:
    """Return the status of a change that 30 days were promised for."""
    given = {"required": True, "promised_days": 30, "met": days is not None and days >= 30, **fields}
    return NoticeStatus(days=days, **{"day_count": "calendar", **given})


@pytest.mark.parametrize(
    ("given", "english", "german"),
    [
        (
            status(38),
            "38 days' notice given (30 required)",
            "38 Tage im Voraus angekündigt (30 erforderlich)",
        ),
        (
            status(10, day_count="business"),
            "Short notice: 10 business days instead of 30",
            "Verkürzte Ankündigungsfrist: 10 Arbeitstage statt 30",
        ),
        (
            status(1),
            "Short notice: 1 day instead of 30",
            "Verkürzte Ankündigungsfrist: 1 Tag statt 30",
        ),
        (
            status(-15, day_count="business"),
            "Late notice: announced 15 business days after it took effect, 30 business days' notice required",
            ("Verspätet angekündigt: 15 Arbeitstage nach dem Wirksamwerden; "
            "vorgesehene Ankündigungsfrist: 30 Arbeitstage"),
        ),
        (
            status(None),
            "No effective date stated: 30 days' notice required",
            "Kein Wirksamkeitsdatum angegeben; vorgesehene Ankündigungsfrist: 30 Tage",
        ),
        (NoticeStatus(required=False, days=12), None, None),
    ],
)  # fmt: skip
def test_notice_given_in_words(given: NoticeStatus, english: str | None, german: str | None) -> None:
    """Business days are always called so; for a change that no promise covers, there is no phrase."""
    assert (notice_given(ENGLISH, given), notice_given(GERMAN, given)) == (english, german)
    assert shortfall(ENGLISH, given) == (None if given.met else english)


def test_dates_of_a_change() -> None:
    """Notice, effect and objection, as far as they are known."""
    dated = status(
        31, announced_on=DAY, effective_on=dt.date(2026, 6, 10), objection_until=dt.date(2026, 5, 24)
    )
    assert list(notice_dates(ENGLISH, dated)) == [
        "Notice given 10 May 2026, effective 10 June 2026.",
        "Objection deadline: 24 May 2026.",
    ]
    assert list(notice_dates(GERMAN, dated)) == [
        "Angekündigt am 10. Mai 2026, wirksam ab 10. Juni 2026.",
        "Widerspruchsfrist bis 24. Mai 2026.",
    ]
    assert list(notice_dates(ENGLISH, status(None, effective_on=DAY))) == ["Effective 10 May 2026."]
    assert list(notice_dates(ENGLISH, NoticeStatus(required=False))) == []


def test_the_promise_itself() -> None:
    """How many days before what, and how long one may object."""
    notice = model.Notice(
        days=14,
        day_count="business",
        applies_to=("addition", "relocation"),
        objection=model.Objection(days=7, contact="mailto:a@example.com"),
    )
    assert promise(ENGLISH, notice) == (
        "We give at least 14 business days' prior notice of: new sub-processors; "
        "processing in a further country."
    )
    assert promise(GERMAN, notice) == (
        "Wir kündigen mindestens 14 Arbeitstage im Voraus an: neue Unterauftragsverarbeiter; "
        "Verarbeitung in einem weiteren Land."
    )
    assert objection_period(ENGLISH, notice) == "You may object within 7 business days of the notice."
    assert objection_period(GERMAN, notice) == "Widerspruchsfrist: 7 Arbeitstage ab der Ankündigung."
    assert objection_period(ENGLISH, model.Notice(days=1, applies_to=())) is None


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (None, "not stated", "nicht angegeben"),
        (True, "yes", "ja"),
        (False, "no", "nein"),
        (14, "14", "14"),
        ("LLM_REGION", "LLM_REGION", "LLM_REGION"),
        (("a", "b"), "a and b", "a und b"),
        (["a", {"tier": None}], "a and tier: not stated", "a und tier: nicht angegeben"),
        ({"tier": "1"}, "tier: 1", "tier: 1"),
        (model.Location(country="FI"), "Finland", "Finnland"),
        (
            model.Location(
                country="FI", place="Helsinki", is_default=True, activities=("store", "access"),
                conditions=(model.Condition(type="region", key="LLM_REGION", value="eu"),), text="old",
            ),
            "Helsinki, Finland (storage, remote access; default; condition: region LLM_REGION = eu; old)",
            "Helsinki, Finnland (Speicherung, Fernzugriff; Standard; Bedingung: Region LLM_REGION = eu; old)",
        ),
        (model.Condition(type="consent", text="If you agree"), "If you agree", "If you agree"),
        (
            model.Condition(type="region", key="LLM_REGION", value="eu", negated=True),
            "not used where LLM_REGION = eu",
            "nicht im Einsatz, wo LLM_REGION = eu",
        ),
        (
            model.Condition(type="region", key="R", value="eu", negated=True, text="another serves there"),
            "not used where R = eu (another serves there)",
            "nicht im Einsatz, wo R = eu (another serves there)",
        ),
        (
            model.Condition(type="consent", negated=True, text="You decline"),
            "not used in this case: You decline",
            "nicht im Einsatz in diesem Fall: You decline",
        ),
        (
            (
                model.Condition(type="region", key="R", value="eu", negated=True),
                model.Condition(type="consent", text="If you agree"),
            ),
            "If you agree and not used where R = eu",
            "If you agree; nicht im Einsatz, wo R = eu",
        ),
        ((), "none", "keine"),
        (model.ProductScope(all=True), "all products", "alle Produkte"),
        (model.ProductScope(all=False), "none", "keine"),
        (model.ProductScope(all=False, ids=("desk", "gone")), "desk and gone", "desk und gone"),
        (
            model.Entity(
                legal_name="Acme Ltd.", seat="IE", address="1 Street",
                identifiers=(model.Identifier(scheme="lei", value="5299"),),
            ),
            "Acme Ltd. (Ireland; 1 Street; LEI 5299)",
            "Acme Ltd. (Irland; 1 Street; LEI 5299)",
        ),
        (model.Condition(type="request"), "at the customer's request", "auf Wunsch des Kunden"),
        (
            model.Transfer(destination="US", mechanism="scc", reference="Module Two"),
            "United States (standard contractual clauses, Module Two)",
            "Vereinigte Staaten (Standardvertragsklauseln, Module Two)",
        ),
        (model.Transfer(destination="JP", mechanism="adequacy"), "Japan (adequacy decision)",
         "Japan (Angemessenheitsbeschluss)"),
        (
            model.Certification(
                name="ISO 27001", claim="in_progress", covers="hosting", valid_until=dt.date(2027, 1, 2)
            ),
            "ISO 27001 (in progress, hosting, valid until 2 January 2027)",
            "ISO 27001 (in Vorbereitung, hosting, gültig bis 2. Januar 2027)",
        ),
        (model.Identifier(scheme="lei", value="5299"), "LEI 5299", "LEI 5299"),
        (model.Contact(role="privacy", email="a@b.example"), "privacy (a@b.example)",
         "Datenschutz (a@b.example)"),
        (model.Contact(role="vip"), "vip (no address)", "vip (keine Adresse)"),
        (model.Exclusion(title="Banks", text="own duty"), "Banks", "Banks"),
        (model.RelatedDocument(title="DPA", url="https://a.example/"), "DPA (https://a.example/)",
         "DPA (https://a.example/)"),
        (model.RelatedDocument(title="DPA"), "DPA", "DPA"),
        (model.ShortNotice(reason="Outage"), "Outage", "Outage"),
        (model.WithdrawnSource(reason="Mistake"), "Mistake", "Mistake"),
    ],
)  # fmt: skip
def test_values_in_words(value: Any, english: str, german: str) -> None:
    """Each kind of value reads as a person would write it."""
    assert (Values(ENGLISH).of(value), Values(GERMAN).of(value)) == (english, german)


@pytest.mark.parametrize(
    ("kind", "name", "value", "expected"),
    [
        (model.Subprocessor, "replaces", ("acme", "gone"), "Acme Oy und gone"),
        (model.Subprocessor, "parent", "acme", "Acme Oy"),
        (model.Subprocessor, "seat", "US", "Vereinigte Staaten"),
        (model.Subprocessor, "website", "https://a.example/", "https://a.example/"),
        (model.Subprocessor, "unheard_of", "as_it_is", "as_it_is"),
        (model.Engagement, "category", "ai", "KI"),
        (model.Engagement, "data_scope", ("customer_account", "else"), "Kontodaten und else"),
        (model.Engagement, "status", "conditional", "bedingt"),
        (model.Engagement, "special_categories", True, "ja"),
        (model.Notice, "days", 14, "14 Arbeitstage"),
    ],
)
def test_values_of_fields_in_words(kind: Any, name: str, value: Any, expected: str) -> None:
    """Ids are spoken of by name, codes in words."""
    values = Values(GERMAN, {"acme": "Acme Oy"}, {"ai": "KI"}, "business")
    assert values.of_field(kind, name, value) == expected


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


def test_capitals_and_counts() -> None:
    """One is singular, nought is not; only the first letter is touched."""
    assert [count(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert [capital(text) for text in ("", "legal name", "äLTER")] == ["", "Legal name", "ÄLTER"]
