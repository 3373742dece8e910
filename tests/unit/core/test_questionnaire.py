"""The eight answers say what the register says, and where it is silent that it is silent."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register_api.core.language.language import ENGLISH, Language
from register_api.core.language.values import Values
from register_api.core.model import (
    Announced,
    Condition,
    Engagement,
    Entity,
    Location,
    Notice,
    Objection,
    ProductScope,
    Subprocessor,
    Transfer,
    Withdrawn,
)
from register_api.core.notice_period import NoticePolicy, Promises, announce
from register_api.core.questionnaire.answers import NOT_STATED, QUESTIONS, EngagementAnswers
from register_api.core.questionnaire.fill import answers
from register_api.core.timeline import EngagementState, vendor_states
from strategies import engagements
from thoroughness import examples

DAY = dt.date(2026, 5, 10)
ANNOUNCED = Announced(version=3, at=dt.datetime(2026, 5, 10, 9, 0, tzinfo=dt.UTC))
REGION = Condition(type="region", key="LLM_REGION", value="eu")


def promises(**notice: Any) -> Promises:
    """Return one promise, in force from version 1."""
    notice_ = Notice(days=30, applies_to=("addition",), **notice)
    policy = NoticePolicy(version=1, day=dt.date(2026, 1, 1), notice=notice_)
    return Promises(zone=dt.UTC, first_live=1, policies=(policy,))


def objection(days: int | None) -> Objection | None:
    """Return a period to object, if there are days."""
    return None if days is None else Objection(days=days, contact="mailto:privacy@example.com")


def answered(
    on: dt.date = DAY, *, promise: Promises | None = None, language: Language = ENGLISH, **fields: Any
) -> EngagementAnswers:
    """Answer for an engagement that states only the given fields."""
    promise = promise or promises()
    announced = announce(["addition"], fields.get("starts_on"), 3, ANNOUNCED.at, promise)
    given_ = {"category": "ai", "status": "active", "announced": announced, **fields}
    vendor = {name: given_.pop(name) for name in ("seat", "withdrawn") if name in given_}
    of = Subprocessor(id="acme", name="Acme", engagements=(Engagement(id="use", **given_),), **vendor)
    (row,) = vendor_states(of, on)
    return answers(row, on, promise, Values(language, products={"chat": "Chat", "search": "Search"}))


def test_members_are_the_questions_in_their_order() -> None:
    """Whoever asks by name finds an answer of that name."""
    fields = EngagementAnswers.__struct_fields__
    assert fields[-len(QUESTIONS) :] == tuple(QUESTIONS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_unstated_fields_are_answered_as_not_stated(name: str) -> None:
    """Nothing is concluded from nothing."""
    found = getattr(answered(), name)
    assert found.stated is False
    assert found.words.startswith(NOT_STATED)


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("products", {"products": ProductScope(all=False, ids=("chat", "search"))}, "Chat and Search."),
        (
            "products",
            {"conditions": (Condition(type="feature", text="Smart replies are on"),)},
            "Condition: Smart replies are on.",
        ),
        (
            "data",
            {
                "data_scope": ("customer_content",),
                "data_categories": ("Names", "Messages"),
                "data_subjects": ("Guests",),
                "special_categories": False,
            },
            (
                "Scope of data: customer content. Categories of personal data: Names and Messages. "
                "Category of data subjects: Guests. Special categories of personal data (GDPR Article 9): no."
            ),
        ),
        ("purpose", {"purpose": "Sends mail"}, "Sends mail."),
        (
            "places",
            {"locations": (Location(country="FI", place="Helsinki"),), "seat": "US"},
            "Helsinki, Finland. Established in United States.",
        ),
        (
            "transfers",
            {"transfers": (Transfer(destination="US", mechanism="scc", reference="Module 3"),)},
            "United States (standard contractual clauses, Module 3).",
        ),
        ("retention", {"retention": "30 days"}, "30 days."),
    ],
)
def test_stated_fields_are_repeated_in_the_answers(name: str, fields: dict[str, Any], words: str) -> None:
    """In sentences, and as the fields it was taken from."""
    found = getattr(answered(**fields), name)
    assert (found.stated, found.words) == (True, words)
    mine = {field: value for field, value in fields.items() if hasattr(found, field)}
    assert {field: getattr(found, field) for field in mine} == mine


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("products", {"products": ProductScope(all=True)}, "All products."),
        ("products", {"products": ProductScope(all=False)}, "None."),
        (
            "data",
            {"data_scope": (), "data_categories": (), "data_subjects": ()},
            "Scopes of data: none. Categories of personal data: none. Categories of data subjects: none.",
        ),
        ("places", {"locations": ()}, "None."),
        ("transfers", {"transfers": ()}, "Third-country transfers: none."),
        (
            "transfers",
            {"transfers": (), "locations": (Location(country="FI"),)},
            "Third-country transfers: none. Every stated place is within the EEA.",
        ),
    ],
)
def test_an_empty_list_is_an_answer(name: str, fields: dict[str, Any], words: str) -> None:
    """An empty list says that there is none; only what is left out is not stated."""
    found = getattr(answered(**fields), name)
    assert (found.stated, found.words) == (True, words)
    for field in fields.keys() & set(found.__struct_fields__):
        assert getattr(found, field) == fields[field]


@pytest.mark.parametrize(
    ("fields", "is_said"),
    [
        ({}, True),
        ({"transfers": ()}, True),
        ({"transfers": (Transfer(destination="US", mechanism="unstated"),)}, True),
        ({"transfers": (Transfer(destination="IN", mechanism="scc"),)}, True),
        ({"transfers": (Transfer(destination="US", mechanism="scc"),)}, False),
        ({"transfers": (Transfer(destination="worldwide", mechanism="bcr"),)}, False),
        ({"data_scope": ()}, False),
        ({"locations": (Location(country="FI"),)}, False),
        ({"locations": None}, False),
    ],
)
def test_a_place_outside_the_eea_without_a_mechanism_says_so(fields: dict[str, Any], is_said: bool) -> None:
    """Wherever places are named; where no personal data is processed, nothing is transferred."""
    words = answered(**{"locations": (Location(country="US"),), **fields}).places.words
    assert ("Transfer mechanism: not stated." in words) is is_said


def test_the_legal_entity_of_a_use_takes_the_place_of_the_vendors() -> None:
    """A brand with several contracting entities is answered for with the one that is engaged."""
    found = answered(entity=Entity(legal_name="Acme Europe Ltd.", seat="IE"), seat="US")
    assert (found.legal_name, found.places.seat) == ("Acme Europe Ltd.", "IE")
    assert found.places.words.endswith("Established in Ireland.")
    assert answered(seat="US").entity is None


def test_a_negated_condition_says_where_it_is_not_used() -> None:
    """For a program as a flag, for a person in words: in the answer on products and in that on regions."""
    unless = msgspec.structs.replace(REGION, negated=True)
    consent = Condition(type="consent", text="The visitor accepts")
    found = answered(conditions=(unless, consent), locations=(Location(country="US"),))
    assert found.products.conditions == (unless, consent)
    assert found.products.words == (
        f"{NOT_STATED} Condition: The visitor accepts; not used where LLM_REGION = eu."
    )
    assert found.region.conditions == (unless,)
    assert found.region.words.startswith("Not used where LLM_REGION = eu.")


def test_a_condition_of_another_kind_does_not_name_products() -> None:
    """It is included all the same, since it decides whether the engagement concerns a customer."""
    found = answered(conditions=(Condition(type="consent", text="The visitor accepts"),)).products
    assert found.stated is False
    assert found.words == f"{NOT_STATED} Condition: The visitor accepts."


def test_a_mechanism_that_is_openly_not_stated_is_no_mechanism() -> None:
    """The publisher says so, and the answer says that the publisher does."""
    found = answered(transfers=(Transfer(destination="US", mechanism="unstated"),)).transfers
    assert found.stated is False
    assert found.words == "United States (not stated)."


def test_without_transfers_places_within_the_eea_are_a_hint_and_no_answer() -> None:
    """The register says nothing of transfers; that all places lie in the EEA it does say."""
    found = answered(locations=(Location(country="FI"),)).transfers
    assert found.words == f"{NOT_STATED} Every stated place is within the EEA."
    assert found.stated is False


FI, DE, US = (Location(country=code) for code in ("FI", "DE", "US"))
CHOSEN = Location(country="SE", place="Stockholm", conditions=(REGION,))


@pytest.mark.parametrize(
    ("fields", "pinning", "within_eea"),
    [
        ({}, "unstated", None),
        ({"locations": (FI,)}, "fixed", True),
        ({"locations": (US,)}, "fixed", False),
        ({"locations": (FI, DE)}, "unstated", True),
        ({"locations": (FI, US)}, "unstated", False),
        ({"locations": (Location(country="EU"),)}, "unstated", True),
        ({"locations": (Location(country="worldwide"),)}, "unstated", False),
        ({"locations": (Location(country="varies"),)}, "unstated", None),
        ({"locations": (Location(country="FI", is_default=True), US)}, "default", False),
        ({"locations": (US, CHOSEN)}, "conditional", False),
        ({"locations": (CHOSEN,)}, "conditional", True),
        ({"locations": (FI,), "conditions": (REGION,)}, "conditional", True),
        ({"locations": (FI,), "conditions": (Condition(type="consent"),)}, "fixed", True),
    ],
)
def test_a_chosen_region(fields: dict[str, Any], pinning: str, within_eea: bool | None) -> None:
    """Conditions and defaults decide, and nothing else: a list of places promises nobody one of them."""
    found = answered(**fields).region
    assert (found.pinning, found.within_eea) == (pinning, within_eea)
    assert found.stated is (pinning != "unstated")
    assert (*found.unconditional, *found.conditional) == tuple(
        sorted(fields.get("locations", ()), key=lambda item: bool(item.conditions))
    )


def test_conditions_of_region_are_described_in_words() -> None:
    """Both that of the engagement and those of its places."""
    words = answered(locations=(US, CHOSEN), conditions=(REGION,)).region.words
    assert "Used only on a condition of region: region LLM_REGION = eu." in words
    assert "On a condition: Stockholm, Sweden (condition: region LLM_REGION = eu)." in words
    assert "Without condition: United States." in words


@pytest.mark.parametrize(
    ("on", "left", "words"),
    [
        (
            DAY,
            14,
            "You may object within 14 days of the notice. Objection deadline: 24 May 2026 (14 days left).",
        ),
        (dt.date(2026, 5, 24), 0, "Objection deadline: 24 May 2026 (0 days left)."),
        (dt.date(2026, 5, 25), None, "The objection period ended on 24 May 2026."),
    ],
)
def test_until_when_to_object(on: dt.date, left: int | None, words: str) -> None:
    """The last day counts; the day after, it is over."""
    found = answered(on, promise=promises(objection=objection(14))).objection
    assert (found.until, found.days_left) == (dt.date(2026, 5, 24), left)
    assert found.words.endswith(words)
    assert (found.stated, found.objection_days, found.announced_on) == (True, 14, DAY)


def test_business_days_are_counted_as_promised() -> None:
    """10 May 2026 is a Sunday; five business days later is Friday."""
    found = answered(promise=promises(objection=objection(5), day_count="business")).objection
    assert found.until == dt.date(2026, 5, 15)
    assert "You may object within 5 business days of the notice." in found.words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "available"}, "Not in use"),
        ({"ends_on": DAY}, "No longer in use"),
        ({"withdrawn": Withdrawn(reason="by mistake", announced=ANNOUNCED)}, "listed in error"),
    ],
)
def test_an_unused_engagement_has_no_objection_deadline(fields: dict[str, Any], words: str) -> None:
    """No day is named, though a period is promised."""
    found = answered(promise=promises(objection=objection(14)), **fields).objection
    assert (found.until, found.days_left) == (None, None)
    assert words in found.words


@settings(max_examples=examples(200), deadline=None)
@given(engagements(version=2, at=ANNOUNCED.at), st.none() | st.integers(0, 90), st.booleans())
def test_the_day_is_that_of_the_diff(engagement: Engagement, days: int | None, business: bool) -> None:
    """Whatever is announced, the answer and the notice of the change name one day."""
    promise = promises(objection=objection(days), day_count="business" if business else "calendar")
    vendor = Subprocessor(id="acme", name="Acme", engagements=(engagement,))
    announced = announce(["addition"], engagement.starts_on, 2, ANNOUNCED.at, promise)
    used = msgspec.structs.replace(engagement, announced=announced)
    row = EngagementState(vendor=vendor, engagement=used, state="in_force")
    assert answers(row, DAY, promise, Values(ENGLISH)).objection.until == announced.objection_until


@settings(max_examples=examples(200), deadline=None)
@given(engagements(), st.sampled_from(("en", "de")).map(Language.of))
def test_any_engagement_is_answered_in_sentences(engagement: Engagement, language: Language) -> None:
    """Each answer has words, and says nothing but silence where it says that nothing is stated."""
    vendor = Subprocessor(id="acme", name="Acme", engagements=(engagement,))
    (row,) = vendor_states(vendor, DAY)
    found = answers(row, DAY, promises(), Values(language))
    for name in QUESTIONS:
        assert getattr(found, name).words
    assert found.purpose.stated is bool(row.engagement.purpose)
    assert found.retention.stated is (row.engagement.retention is not None)
    assert found.places.stated is bool(row.engagement.locations)
