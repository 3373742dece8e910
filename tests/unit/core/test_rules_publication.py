"""Rules on why and when a version is published: R14, R15, R26."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from examples import (
    NOW,
    TODAY,
    make_context,
    make_draft,
    make_engagement,
    make_promises,
    make_register,
    make_vendor,
)
from register_api.core import model
from register_api.core.rules import check

if TYPE_CHECKING:
    from register_api.errors import Finding

SECOND = dt.timedelta(seconds=1)
LATER = TODAY + dt.timedelta(days=30)
IMPORTED = make_promises(first_live=None)


def findings_of(
    number: str, draft: model.Draft, previous: model.Register | None, **context: Any
) -> list[Finding]:
    """Return what one rule says of a source."""
    return [item for item in check(draft, make_context(previous, **context)) if item.rule == number]


@pytest.mark.parametrize(
    ("version", "kind", "corrects", "good"),
    [
        (1, "initial", None, True),
        (1, "change", None, False),
        (1, "editorial", None, False),
        (1, "correction", 1, False),
        (3, "initial", None, False),
        (3, "change", None, True),
        (3, "change", 1, False),
        (3, "editorial", 2, False),
        (3, "correction", None, False),
        (3, "correction", 0, False),
        (3, "correction", 1, True),
        (3, "correction", 2, True),
        (3, "correction", 3, False),
    ],
)
def test_kind_and_corrects(version: int, kind: model.ReasonKind, corrects: int | None, good: bool) -> None:
    """R14: version 1 alone is initial; corrections alone name a version, and one that exists."""
    previous = make_register(version=version - 1) if version > 1 else None
    found = findings_of(
        "R14", make_draft(), previous, reason=model.Reason(kind=kind, text="…"), corrects=corrects
    )
    assert (found == []) is good
    assert all(item.file == "register.toml" for item in found)


def test_editorial_versions_announce_nothing() -> None:
    """R14: wording is editorial; a vendor that joins is not, however early it is announced."""
    editorial = model.Reason(kind="editorial")
    worded = make_draft(make_vendor(engagements=(make_engagement(purpose="Hosts the application"),)))
    assert findings_of("R14", worded, make_register(), reason=editorial) == []
    newcomer = make_vendor("beta", engagements=(make_engagement(starts_on=LATER),))
    (finding,) = findings_of("R14", make_draft(make_vendor(), newcomer), make_register(), reason=editorial)
    assert (finding.file, finding.key) == ("subprocessors/beta.toml", "engagements[0]")
    assert "addition" in finding.message


def test_each_version_is_later_than_the_one_before() -> None:
    """R15: the same second is refused, the next one is fine."""
    previous = make_register()
    for now, good in ((-SECOND, False), (0 * SECOND, False), (SECOND, True)):
        found = findings_of("R15", make_draft(), previous, now=previous.published_at + now)
        assert (found == []) is good


def test_fractions_of_a_second_do_not_make_it_later() -> None:
    """R15: instants are whole seconds."""
    previous = make_register()
    almost = previous.published_at + dt.timedelta(milliseconds=999)
    assert findings_of("R15", make_draft(), previous, now=almost)


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (NOW, True),
        (NOW + SECOND, False),
        (dt.datetime(1970, 1, 1, tzinfo=dt.UTC), True),
        (dt.datetime(1969, 12, 31, tzinfo=dt.UTC), False),
        (dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=-12))), False),
    ],
)
def test_history_is_not_of_the_future(at: dt.datetime, good: bool) -> None:
    """R15: history may be as old as clocks are, and no newer than now."""
    zone = dt.timezone(-dt.timedelta(hours=8))
    assert (findings_of("R15", make_draft(), None, at=at, zone=zone) == []) is good


def test_history_comes_before_the_first_live_version() -> None:
    """R15: imported after imported is fine, imported after live never."""
    imported = make_register(recorded="imported")
    assert findings_of("R15", make_draft(), imported, at=NOW - SECOND, promises=IMPORTED) == []
    (finding,) = findings_of("R15", make_draft(), make_register(), at=NOW - SECOND)
    assert "version 1" in finding.message
    assert "--at" in finding.hint


def test_nothing_has_changed() -> None:
    """R26: another day, another reason, another order of the file's tables: no new version."""
    again = {"reason": model.Reason(kind="correction", text="…"), "corrects": 1}
    for context in ({}, {"now": NOW + dt.timedelta(days=400)}, again):
        assert [item.severity for item in findings_of("R26", make_draft(), make_register(), **context)] == [
            "warning"
        ]
    assert findings_of("R26", make_draft(order=("acme",)), make_register())


@pytest.mark.parametrize(
    "draft",
    [
        make_draft(updated_on=TODAY + dt.timedelta(days=1)),
        make_draft(extra={"a": "b"}),
        make_draft(make_vendor(website="https://acme.example")),
        make_draft(make_vendor(), make_vendor("beta", engagements=())),
    ],
)
def test_something_has_changed(draft: model.Draft) -> None:
    """R26: whatever the source says otherwise makes a version, the day of the content too."""
    assert findings_of("R26", draft, make_register()) == []


def test_the_order_of_reading_is_content() -> None:
    """R26: two vendors that change places make a version."""
    one, two = make_vendor(), make_vendor("beta")
    assert findings_of("R26", make_draft(two, one), make_register(one, two)) == []
    assert findings_of("R26", make_draft(one, two), make_register(one, two))
