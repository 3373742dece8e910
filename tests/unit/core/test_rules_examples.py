"""Every rule, by number, has an example that it accepts and one that it finds fault with."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from examples import (
    FINLAND,
    NOTICE,
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
from register_api.core.rules import RULES, Context, check

if TYPE_CHECKING:
    from register_api.errors import Finding

Example = tuple[model.Draft, Context]

JUDGED_ELSEWHERE = {
    "R01": "the loader, tests/unit/source/test_source.py",
    "R18": "keys, tests/unit/core/test_keys.py",
}

US = model.Location(country="US", activities=("process",))
SCC = model.Transfer(destination="US", mechanism="scc")
LEI = model.Identifier(scheme="lei", value="529900T8BM49AURSDO55")


def alone(**fields: Any) -> Example:
    """Return a first version of one vendor with these fields."""
    return make_draft(make_vendor(**fields)), make_context()


def using(**fields: Any) -> Example:
    """Return a first version of one vendor with one engagement of these fields."""
    return alone(engagements=(make_engagement(**fields),))


def register_with(**fields: Any) -> Example:
    """Return a first version of a register with these fields."""
    return make_draft(**fields), make_context()


def follows(before: model.SubprocessorSource, after: model.SubprocessorSource, **context: Any) -> Example:
    """Return a second version, in which a vendor changes."""
    return make_draft(after), make_context(make_register(before), **context)


def joins(*, days: int, now: dt.datetime = NOW, **fields: Any) -> Example:
    """Return a second version on a day, in which a vendor joins that starts so many days later."""
    starts_on = now.date() + dt.timedelta(days=days)
    newcomer = make_vendor("beta", engagements=(make_engagement(starts_on=starts_on, **fields),))
    return make_draft(make_vendor(), newcomer), make_context(make_register(), now=now)


def lowered(*, now: str) -> Example:
    """Return a version after 30 days were lowered to 10 on 1 June; it announces 10 days ahead."""
    low = msgspec.structs.replace(NOTICE, days=10)
    draft, context = joins(days=10, now=dt.datetime.fromisoformat(now))
    promises = make_promises((1, dt.date(2026, 1, 5), NOTICE), (2, dt.date(2026, 6, 1), low))
    previous = make_register(notice=low, version=2)
    draft = msgspec.structs.replace(draft, register=msgspec.structs.replace(draft.register, notice=low))
    return draft, msgspec.structs.replace(context, previous=previous, promises=promises)


def dated(now: dt.datetime) -> Example:
    """Return a correction at an instant, of content of that day."""
    draft, context = corrected(now=now)
    return (
        msgspec.structs.replace(
            draft, register=msgspec.structs.replace(draft.register, updated_on=now.date())
        ),
        context,
    )


OBJECTION = model.Objection(days=30, contact="mailto:privacy@example.com")


def planned(*, on: dt.date) -> Example:
    """Return a first version of a vendor that has a planned change."""
    change = model.PlannedChangeSource(id="owner", effective_on=on, set={"legal_name": "Acme SE"})
    return alone(planned=(change,))


def corrected(**fields: Any) -> Example:
    """Return a second version, by default a correction."""
    given = {"reason": model.Reason(kind="correction", text="Wrong seat"), "corrects": 1, **fields}
    return follows(make_vendor(seat="SE"), make_vendor(), **given)


def accepting(rule: str, vendor: str | None = None) -> model.AcceptedWarning:
    return model.AcceptedWarning(rule=rule, subprocessor=vendor, reason="Right as it is")


ACCEPTED: dict[str, Example] = {
    "R02": alone(),
    "R03": follows(make_vendor(), make_vendor(engagements=(make_engagement(ends_on=dt.date(2026, 12, 31)),))),
    "R04": (make_draft(make_vendor(replaces=("old",), parent="old"), make_vendor("old")), make_context()),
    "R05": alone(website="https://acme.example/ueber-uns?a=b", address="Straße 1\n00100 Helsinki"),
    "R06": using(locations=(FINLAND, model.Location(country="worldwide")), transfers=(SCC,)),
    "R07": alone(identifiers=(LEI, model.Identifier(scheme="vat", value="DE136695976"))),
    "R08": using(
        status="conditional", conditions=(model.Condition(type="consent"),), locations=(), purpose=""
    ),
    "R09": using(starts_on=TODAY, ends_on=TODAY + dt.timedelta(days=1)),
    "R10": joins(days=30),
    "R11": joins(days=7, short_notice=model.ShortNotice(reason="The vendor used before ceased to operate")),
    "R12": joins(days=-12, short_notice=model.ShortNotice(reason="We learnt of it only today")),
    "R13": lowered(now="2026-07-01T09:00:00+00:00"),
    "R14": corrected(),
    "R15": dated(make_register().published_at + dt.timedelta(seconds=1)),
    "R16": register_with(order=("acme",)),
    "R17": register_with(notice=msgspec.structs.replace(NOTICE, days=3650)),
    "R19": corrected(),
    "R20": using(locations=(US,), transfers=(msgspec.structs.replace(SCC, mechanism="unstated"),)),
    "R21": alone(seat="US", engagements=(make_engagement(transfers=(SCC,)),)),
    "R22": alone(),
    "R23": using(),
    "R24": register_with(updated_on=dt.date(2025, 6, 2)),
    "R25": (
        make_draft(make_vendor(name="Acme, Inc."), make_vendor("acme-2", name="ACME", replaces=("acme",))),
        make_context(),
    ),
    "R26": follows(make_vendor(), make_vendor(website="https://acme.example")),
    "R27": planned(on=TODAY + dt.timedelta(days=1)),
    "R28": register_with(notice=msgspec.structs.replace(NOTICE, objection=OBJECTION)),
    "R29": register_with(notice=msgspec.structs.replace(NOTICE, day_count="business", holidays=(TODAY,))),
    "R30": register_with(publisher=model.Publisher(name="Acme", time_zone="UTC", language="en")),
    "R31": register_with(updated_on=TODAY),
    "R32": register_with(url="https://trust.example.com/"),
    "R33": register_with(url=None, accepted_warnings=(accepting("R32"),)),
}

REFUSED: dict[str, Example] = {
    "R02": alone(id_="acme--cloud"),
    "R03": (make_draft(), make_context(make_register(make_vendor(), make_vendor("beta")))),
    "R04": alone(replaces=("old",)),
    "R05": alone(website="http://acme.example"),
    "R06": using(locations=(model.Location(country="UK"),)),
    "R07": alone(identifiers=(msgspec.structs.replace(LEI, value="529900T8BM49AURSDO54"),)),
    "R08": using(status="conditional"),
    "R09": using(starts_on=TODAY, ends_on=TODAY),
    "R10": joins(days=29),
    "R11": joins(days=7, short_notice=model.ShortNotice(reason="")),
    "R12": joins(days=-12),
    "R13": lowered(now="2026-06-30T09:00:00+00:00"),
    "R14": corrected(corrects=None),
    "R15": dated(make_register().published_at),
    "R16": register_with(order=("acme", "acme")),
    "R17": register_with(notice=msgspec.structs.replace(NOTICE, days=3651)),
    "R19": (make_draft(register="example.org/other"), make_context(make_register())),
    "R20": using(locations=(US,)),
    "R21": alone(seat="US"),
    "R22": alone(contact=None),
    "R23": using(data_scope=None),
    "R24": register_with(updated_on=dt.date(2025, 6, 1)),
    "R25": (make_draft(make_vendor(name="Acme, Inc."), make_vendor("acme-2", name="ACME")), make_context()),
    "R26": follows(make_vendor(), make_vendor(), now=NOW + dt.timedelta(days=1)),
    "R27": planned(on=TODAY),
    "R28": register_with(notice=msgspec.structs.replace(NOTICE, days=14, objection=OBJECTION)),
    "R29": register_with(notice=msgspec.structs.replace(NOTICE, day_count="business")),
    "R30": register_with(publisher=model.Publisher(name="Example Company", time_zone="UTC", language="en")),
    "R31": register_with(updated_on=TODAY + dt.timedelta(days=1)),
    "R32": register_with(url=None),
    "R33": register_with(accepted_warnings=(accepting("R32"),)),
}


def found(number: str, example: Example) -> list[Finding]:
    """Return what one rule says of an example."""
    return [finding for finding in check(*example) if finding.rule == number]


@pytest.mark.parametrize("number", ACCEPTED)
def test_accepted(number: str) -> None:
    """The rule has nothing to say of it, nor does any other that would stop publishing."""
    assert [
        item for item in check(*ACCEPTED[number]) if item.rule == number or item.severity == "error"
    ] == []


@pytest.mark.parametrize("number", REFUSED)
def test_refused(number: str) -> None:
    """Only this rule objects as an error; it names file, sentence and, unless obvious, what to do."""
    severity = {rule.number: rule.severity for rule in RULES}[number]
    findings = found(number, REFUSED[number])
    assert findings
    assert {item.severity for item in findings} == {severity}
    assert all(item.file.endswith(".toml") and item.message for item in findings)
    errors = {item.rule for item in check(*REFUSED[number]) if item.severity == "error"}
    assert errors <= {number}


@pytest.mark.parametrize(
    ("accepted", "heard"),
    [
        (accepting("R20"), True),
        (accepting("R20", "acme"), True),
        (accepting("R20", "beta"), False),
        (accepting("R21"), False),
        (accepting("R06"), False),
    ],
)
def test_a_warning_is_accepted_by_rule_and_vendor(accepted: model.AcceptedWarning, heard: bool) -> None:
    """It is still found, with the publisher's reason; what accepts nothing is itself warned of."""
    draft, context = using(locations=(US,))
    register = msgspec.structs.replace(draft.register, accepted_warnings=(accepted,))
    findings = check(msgspec.structs.replace(draft, register=register), context)
    assert [item.accepted for item in findings if item.rule == "R20"] == [accepted.reason if heard else ""]
    assert [item.key for item in findings if item.rule == "R33"] == (
        [] if heard else ["accepted_warnings[0]"]
    )


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("Germany", "Germany is DE"),
        ("germany ", "germany is DE"),
        ("Deutschland", "Deutschland is DE"),
        ("de", "write it in capitals: DE"),
        ("", "write a code such as FI; a seat that is unknown is left out"),
        ("UK", "an ISO 3166-1"),
        ("Atlantis", "an ISO 3166-1"),
    ],
)
def test_a_country_in_words_gets_its_code(written: str, hint: str) -> None:
    draft, context = using(locations=(model.Location(country=written),), transfers=(SCC,))
    (finding,) = check(draft, context)
    assert (finding.rule, finding.hint.startswith(hint)) == ("R06", True)


@pytest.mark.parametrize("seat", ["", "EU", "Germany", "XX"])
def test_consequences_of_an_invalid_value_are_not_reported(seat: str) -> None:
    """A change of seat needs notice (R10); for a seat that is not a country only that is reported."""
    draft, context = follows(make_vendor(seat="FI"), make_vendor(seat=seat))
    assert [item.rule for item in check(draft, context)] in (["R06"], ["R05"], ["R05", "R06"])


def test_a_reference_that_is_misspelt_gets_the_one_most_like_it() -> None:
    (finding,) = check(*using(category="infrastucture"))
    assert finding.hint.startswith("did you mean infrastructure? one of: ")


def test_every_rule_has_both_examples() -> None:
    """No rule without an accepted and a refused example, but those judged where their input is."""
    numbers = {rule.number for rule in RULES} - JUDGED_ELSEWHERE.keys()
    assert ACCEPTED.keys() == numbers == REFUSED.keys()


def test_the_table_is_complete() -> None:
    """Numbers run from 1 on without a gap; each title is one line."""
    assert [rule.number for rule in RULES] == [f"R{number:02}" for number in range(1, 34)]
    assert {rule.severity for rule in RULES} == {"error", "warning"}
    assert all(rule.title and "\n" not in rule.title for rule in RULES)


def test_the_plain_example_passes_every_rule() -> None:
    """What the builders make is a source without any finding."""
    assert check(make_draft(), make_context()) == ()
