"""Warnings about incomplete, outdated or similar entries: R22 to R25."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from examples import NOW, TODAY, make_context, make_draft, make_engagement, make_vendor
from register_api.core import model
from register_api.core.rules import check

if TYPE_CHECKING:
    from register_api.errors import Finding

YESTERDAY = TODAY - dt.timedelta(days=1)
WITHDRAWN = model.WithdrawnSource(reason="Listed by mistake")


def findings_of(number: str, draft: model.Draft, now: dt.datetime = NOW) -> list[Finding]:
    """Return what one rule says of a source."""
    return [item for item in check(draft, make_context(now=now)) if item.rule == number]


def certified(
    claim: model.Claim = "certified", valid_until: dt.date | None = None
) -> tuple[model.Certification, ...]:
    """Return a list of one certification."""
    return (model.Certification(name="ISO/IEC 27001", claim=claim, valid_until=valid_until),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"identifiers": None}, "identifier"),
        ({"identifiers": ()}, None),
        ({"contact": None}, "contact"),
        ({"privacy_url": None}, "privacy_url"),
        ({"certifications": certified()}, "valid_until"),
        ({"certifications": certified("declared")}, None),
        ({"certifications": certified(valid_until=TODAY)}, None),
        ({"contact": None, "withdrawn": WITHDRAWN}, None),
    ],
)
def test_missing_fields_are_one_warning(fields: dict[str, Any], words: str | None) -> None:
    """R22: one warning a vendor, and it says what is missing."""
    found = findings_of("R22", make_draft(make_vendor(**fields)))
    assert len(found) == (words is not None)
    assert all(str(words) in item.message for item in found)


def test_four_missing_fields_are_one_warning() -> None:
    """R22: four gaps are one warning."""
    (finding,) = findings_of("R22", make_draft(make_vendor(identifiers=None, contact=None, privacy_url=None)))
    assert finding.message.count("no ") == 3


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"data_categories": None, "data_scope": None}, ["data_categories", "data_scope"]),
        ({"data_categories": (), "data_scope": ()}, []),
        ({"status": "available", "data_scope": None}, []),
        ({"status": "conditional", "conditions": (model.Condition(type="consent"),), "data_scope": None}, []),
        ({"data_scope": None, "ends_on": TODAY}, []),
    ],
)
def test_unstated_data(fields: dict[str, Any], keys: list[str]) -> None:
    """R23: an engagement that is active, and not over, says which data and whose."""
    found = findings_of("R23", make_draft(make_vendor(engagements=(make_engagement(**fields),))))
    assert [item.key for item in found] == [f"engagements[0].{key}" for key in keys]


@pytest.mark.parametrize(
    ("updated_on", "today", "old"),
    [
        ("2025-06-02", "2026-06-01", False),
        ("2025-06-01", "2026-06-01", True),
        ("2024-02-29", "2025-02-28", False),
        ("2024-02-29", "2025-03-01", True),
        ("2025-12-31", "2026-12-30", False),
        ("2026-06-01", "2026-06-01", False),
    ],
)
def test_age_of_the_content(updated_on: str, today: str, old: bool) -> None:
    """R24: twelve months by the calendar, leap days included."""
    now = dt.datetime.fromisoformat(f"{today}T09:00:00+00:00")
    found = findings_of("R24", make_draft(updated_on=dt.date.fromisoformat(updated_on)), now)
    assert [item.key for item in found] == ["updated_on"] * old


@pytest.mark.parametrize(("valid_until", "over"), [(YESTERDAY, True), (TODAY, False), (None, False)])
def test_certifications_run_out(valid_until: dt.date | None, over: bool) -> None:
    """R24: the last day of validity is still good."""
    draft = make_draft(make_vendor(certifications=certified("declared", valid_until)))
    assert [item.key for item in findings_of("R24", draft)] == ["certifications[0].valid_until"] * over


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Acme", "Acme"),
        ("Acme, Inc.", "ACME"),
        ("Acme GmbH", "Acme Ltd."),
        ("Acme L.L.C.", "acme llc"),
        ("Azure (Microsoft)", "Microsoft (Azure)"),
        ("Google-Analytics", "Google Analytics"),
        ("\u0646\u0627\u0645\u0647", "\u0646\u0627\u0645\u200c\u0647"),
    ],
)
def test_names_that_look_alike(one: str, two: str) -> None:
    """R25: case, punctuation, legal form, order and characters that nobody sees make no other name."""
    (finding,) = findings_of("R25", make_draft(make_vendor("one", name=one), make_vendor("two", name=two)))
    assert (finding.file, finding.key) == ("subprocessors/two.toml", "name")


@pytest.mark.parametrize(
    ("one", "two"), [("Acme", "Acme Cloud"), ("Oy", "AB"), ("😀", "😎"), ("A.B.", "A.C.")]
)
def test_names_that_are_not_similar(one: str, two: str) -> None:
    """R25: what is left of a name has to be the same."""
    assert findings_of("R25", make_draft(make_vendor("one", name=one), make_vendor("two", name=two))) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"merged_from": ("one",)},
        {"replaces": ("one",)},
        {"split_from": "one"},
        {"parent": "one"},
        {"formerly": ("Acme",)},
        {"withdrawn": WITHDRAWN},
    ],
)
def test_a_stated_relation_explains_similar_names(fields: dict[str, Any]) -> None:
    """R25: a relation stated by either vendor removes the warning."""
    one, two = make_vendor("one", name="Acme"), make_vendor("two", name="ACME", **fields)
    assert findings_of("R25", make_draft(one, two)) == []
    assert findings_of("R25", make_draft(two, one)) == []
