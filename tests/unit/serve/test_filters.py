"""Which engagements each filter finds, of a register in memory."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from examples import make_engagement, make_register, make_vendor
from near_histories import Stored
from register_api.core import model
from register_api.core.api.questions import AnswersQuery, SubprocessorsQuery
from register_api.serve.answer import compute
from register_api.serve.answer.archive import AsOf
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from register_api.core.model import Location, Register, SubprocessorSource

DAY = dt.date(2026, 1, 10)
LATER = dt.date(2026, 3, 1)


def in_countries(*countries: str) -> tuple[Location, ...]:
    return tuple(model.Location(country=country) for country in countries)


def vendor(id_: str, **use: Any) -> SubprocessorSource:
    return make_vendor(id_, engagements=(make_engagement(**use),))


def found(*registers: Register, on: dt.date = DAY, version: int | None = None, **asked: Any) -> set[str]:
    """Return who is listed by the newest of some versions; the answers name the same."""
    stored: Any = Stored(list(registers), dt.UTC)  # type: ignore[arg-type]
    as_of = AsOf(on=on, version=version)
    given = {name: value if isinstance(value, str) else frozenset(value) for name, value in asked.items()}
    listed = compute.subprocessors(stored, SubprocessorsQuery(**given), as_of)
    answered = compute.answers(stored, AnswersQuery(**given), as_of)
    names = {item.id for item in listed.subprocessors}
    assert {item.subprocessor for item in answered.answers} == names
    return names


PLACES = make_register(
    vendor("berlin", locations=in_countries("DE")),
    vendor("reunion", locations=in_countries("RE")),
    vendor("oslo", locations=in_countries("NO")),
    vendor("union", locations=in_countries("EU")),
    vendor("area", locations=in_countries("EEA")),
    vendor("london", locations=in_countries("GB")),
    vendor("world", locations=in_countries("worldwide")),
    vendor("both", locations=in_countries("US", "FI")),
    vendor("nowhere", locations=()),
)


@pytest.mark.parametrize(
    ("country", "names"),
    [
        ("EEA", {"berlin", "reunion", "oslo", "union", "area", "both"}),
        ("EU", {"berlin", "reunion", "union", "both"}),
        ("DE", {"berlin"}),
        ("GB", {"london"}),
        ("worldwide", {"world"}),
        ("varies", set()),
    ],
)
def test_a_wide_value_finds_what_lies_within_it(country: str, names: set[str]) -> None:
    assert found(PLACES, country={country}) == names


def test_a_place_that_is_planned_is_found_from_its_day_on() -> None:
    move = model.PlannedChangeSource(id="move", effective_on=LATER, set={"locations": [{"country": "US"}]})
    register = make_register(vendor("acme", planned=(move,)))
    assert found(register, country={"US"}) == set()
    assert found(register, country={"US"}, on=LATER) == {"acme"}
    assert found(register, country={"FI"}, on=LATER) == set()


def test_mechanisms_are_found_and_so_is_that_none_is_stated() -> None:
    to_america = model.Transfer(destination="US", mechanism="scc")
    register = make_register(
        vendor("clauses", locations=in_countries("US"), transfers=(to_america,)),
        vendor("silent", locations=in_countries("US")),
        vendor("half", locations=in_countries("US", "IN"), transfers=(to_america,)),
        vendor("open", locations=(), transfers=(model.Transfer(destination="US", mechanism="unstated"),)),
        vendor("inside"),
    )
    assert found(register, mechanism={"scc"}) == {"clauses", "half"}
    assert found(register, mechanism={"unstated"}) == {"silent", "half", "open"}
    assert found(register, mechanism={"scc", "bcr"}) == {"clauses", "half"}
    assert found(register, mechanism={"dpf"}) == set()


PRODUCTS = make_register(
    vendor("everywhere", products=model.ProductScope(all=True)),
    vendor("mail", products=model.ProductScope(all=False, ids=("mail",))),
    vendor("both", products=model.ProductScope(all=False, ids=("mail", "crm"))),
    vendor("none", products=model.ProductScope(all=False)),
    vendor("silent"),
    products=tuple(model.Product(id=name, title=name.title()) for name in ("mail", "crm")),
)


@pytest.mark.parametrize(
    ("products", "names"),
    [
        ({"mail"}, {"everywhere", "mail", "both"}),
        ({"crm"}, {"everywhere", "both"}),
        ({"crm", "mail"}, {"everywhere", "mail", "both"}),
    ],
)
def test_a_product_finds_what_it_uses(products: set[str], names: set[str]) -> None:
    """What every product uses is among it; where a register says nothing, nothing is guessed."""
    assert found(PRODUCTS, product=products) == names


def test_a_product_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Problem) as caught:
        found(PRODUCTS, product={"phone"})
    assert (caught.value.name, caught.value.parameter) == ("no-such-product", "product")
    assert caught.value.allowed == ("mail", "crm")
    with pytest.raises(Problem, match="Unknown product phone"):
        found(PLACES, product={"phone"})


LEI = model.Identifier(scheme="lei", value="5493001KJTIIGC8Y1R12")
OTHER = model.Entity(
    legal_name="Acme Ireland Limited",
    seat="IE",
    identifiers=(model.Identifier(scheme="vat", value="IE 6388047 V"),),
)
ENTITIES = make_register(
    make_vendor("acme", legal_name="Acme, Inc.", identifiers=(LEI,), engagements=(make_engagement(),)),
    make_vendor(
        "brand", legal_name="Brand, Inc.", identifiers=(LEI,), engagements=(make_engagement(entity=OTHER),)
    ),
)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"identifier": {"5493001KJTIIGC8Y1R12"}}, {"acme"}),
        ({"identifier": {"lei:5493001kjtiigc8y1r12"}}, {"acme"}),
        ({"identifier": {"IE6388047V"}}, {"brand"}),
        ({"identifier": {"vat:5493001KJTIIGC8Y1R12"}}, set()),
        ({"entity": "ireland LIMITED"}, {"brand"}),
        ({"entity": "inc."}, {"acme"}),
    ],
)
def test_the_legal_entity_is_the_one_that_is_engaged(asked: dict[str, Any], names: set[str]) -> None:
    """Where a use names one of its own, it takes the place of the vendor's."""
    assert found(ENTITIES, **asked) == names


@pytest.mark.parametrize(
    ("since", "names"),
    [
        ("1", {"moved", "planned", "renamed", "new"}),
        ("2", {"renamed"}),
        ("3", set()),
        ("2026-01-05", {"moved", "planned", "renamed", "new"}),
        ("2026-01-06", {"renamed"}),
        ("2026-01-06T08:00:00Z", {"renamed"}),
        ("2020-01-01", {"moved", "planned", "renamed", "new", "same"}),
    ],
)
def test_what_versions_after_a_moment_changed(since: str, names: set[str]) -> None:
    assert found(*_three(), changed_since=since) == names


def test_what_was_changed_later_than_the_version_asked_about_is_not_found() -> None:
    assert found(*_three(), changed_since="1", version=2) == {"moved", "planned", "new"}
    assert found(*_three(), changed_since="3", version=2) == set()


def _three() -> tuple[Register, ...]:
    plan = model.PlannedChangeSource(id="move", effective_on=LATER, set={"purpose": "Something else"})
    first = [vendor("moved"), vendor("planned"), vendor("renamed"), vendor("same")]
    second = [
        vendor("moved", locations=in_countries("SE")),
        vendor("planned", planned=(plan,)),
        *first[2:],
        vendor("new"),
    ]
    third = [msgspec.structs.replace(item, name="Other") if item.id == "renamed" else item for item in second]
    return tuple(
        make_register(*said, version=number) for number, said in enumerate((first, second, third), 1)
    )


def test_an_unknown_version_or_instant_is_refused() -> None:
    for since in ("9", "soon"):
        with pytest.raises(Problem):
            found(*_three(), changed_since=since)
