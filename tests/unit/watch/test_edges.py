"""What is kept of a register for the chain, on both databases, and by what companies are joined."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

import sample_register
from register_api.core import model
from register_api.core.canonical import encode
from register_api.core.diff.affected import Interests
from register_api.core.timeline import engagement_states
from register_api.errors import WatchError
from register_api.watch.chain import confirm, load, suggestions
from register_api.watch.chain_questions import outside_eea, paths_to
from register_api.watch.vendor_uses import (
    keys_of,
    keys_of_publisher,
    keys_of_subprocessor,
    rewrite_uses,
    uses_of,
)
from register_api.watch.vendors import Vendor, interests_of
from strategies import days, registers
from watching import AT, add_vendor

if TYPE_CHECKING:
    from register_api.sending.database import Database

DAY = dt.date(2026, 5, 10)
CHAT = model.ProductScope(all=False, ids=("chat",))


def listing(*names: str, **fields: object) -> model.Register:
    """Return a register that lists some companies, by name and domain."""
    use = sample_register.engagement("use", "operations", **{"locations": (place("US"),), **fields})
    listed = tuple(
        model.Subprocessor(id=name, name=name.title(), domain=f"{name}.example", engagements=(use,))
        for name in names
    )
    products = tuple(model.Product(id=id_, title=id_) for id_ in ("chat", "mail"))
    return sample_register.register(subprocessors=listed, products=products, publisher=NOBODY)


NOBODY = model.Publisher(name="Nobody", time_zone="UTC", language="en")


def place(country: str) -> model.Location:
    return model.Location(country=country)


def record(database: Database, vendor: Vendor, register: model.Register) -> None:
    with database.transaction() as run:
        rewrite_uses(run, vendor.id, interests_of(vendor), register)


def paths(database: Database, target: str, day: dt.date = DAY, depth: int = 2) -> list[list[str]]:
    chain = load(database, day)
    found = paths_to(chain, chain.find(target), depth)
    return [[chain.companies[number].name for number in path] for path in found]


def test_registers_are_joined_by_domain_and_the_newest_version_counts(database: Database) -> None:
    acme = add_vendor(database, website="https://www.acme.example/")
    beta = add_vendor(database, "beta", website="https://beta.example")
    record(database, acme, listing("hoster", "mailer"))
    record(database, beta, listing("acme"))
    assert paths(database, "Hoster") == [["Acme", "Hoster"], ["Beta", "Acme", "Hoster"]]
    assert paths(database, "hoster.example", depth=1) == [["Acme", "Hoster"]]
    record(database, acme, listing("mailer"))
    with pytest.raises(WatchError):
        paths(database, "Hoster")
    assert paths(database, "beta/acme") == [["Beta", "Acme"]]


def test_what_does_not_concern_us_is_no_first_step_until_we_use_it(database: Database) -> None:
    said = {"website": "https://acme.example/", "products": ("mail",)}
    acme = add_vendor(database, **said)
    register = listing("hoster", products=CHAT)
    with database.transaction() as run:
        run(
            "INSERT INTO versions VALUES (?, 7, '', 0, 0, ?, ?)",
            *("acme", zlib.compress(encode(register)), zlib.compress(b"[]")),
        )
    record(database, acme, register)
    beta = add_vendor(database, "beta")
    record(database, beta, listing("acme"))
    assert paths(database, "Hoster") == [["Beta", "Acme", "Hoster"]]
    add_vendor(database, **{**said, "products": ("chat",)})
    assert paths(database, "Hoster") == [["Acme", "Hoster"], ["Beta", "Acme", "Hoster"]]


def planned(day: str, **changed: object) -> model.PlannedChange:
    announced = model.Announced(version=7, at=sample_register.SEVENTH)
    on = dt.date.fromisoformat(day)
    return model.PlannedChange(id=day, effective_on=on, set=changed, announced=announced)


def countries_on(register: model.Register, day: str) -> list[str]:
    on = dt.date.fromisoformat(day)
    rows = uses_of("x", Interests(), register)
    return [row.country for row in rows if row.holds_from <= on < row.holds_until]


def test_starts_ends_and_planned_changes_hold_from_their_days() -> None:
    moves = planned("2026-08-01", locations=[{**PLAIN, "country": "SG"}])
    register = listing(
        "hoster",
        locations=(place("FI"), place("DE")),
        planned=(moves,),
        starts_on=dt.date(2026, 6, 1),
        ends_on=dt.date(2026, 10, 1),
    )
    assert countries_on(register, "2026-05-31") == []
    assert countries_on(register, "2026-06-01") == ["FI", "DE"]
    assert countries_on(register, "2026-07-31") == ["FI", "DE"]
    assert countries_on(register, "2026-08-01") == ["SG"]
    assert countries_on(register, "2026-09-30") == ["SG"]
    assert countries_on(register, "2026-10-01") == []


PLAIN = {"place": None, "is_default": False, "activities": [], "conditions": [], "text": None}


@pytest.mark.parametrize(
    ("fields", "countries"),
    [
        ({"status": "available"}, []),
        ({"locations": None}, [""]),
        ({"planned": (planned("2026-01-01", no_such_field=1),)}, []),
        ({"cancelled": model.Cancelled(reason="x", announced=planned("2026-01-01").announced)}, []),
    ],
)
def test_what_is_not_used_is_no_use(fields: dict[str, object], countries: list[str]) -> None:
    assert countries_on(listing("hoster", **fields), "2026-05-10") == countries


def test_a_register_that_lists_an_id_twice_and_texts_with_nul_is_kept(database: Database) -> None:
    acme = add_vendor(database)
    record(
        database, acme, listing("hoster", "hoster", purpose="a\0b", locations=(place("US\0"), place("US")))
    )
    chain = load(database, DAY)
    assert [use.purpose for use in chain.uses] == ["ab", "ab"]
    assert [(item.country, item.mechanisms) for item in outside_eea(chain)] == [("US", "unstated")]


LEI = model.Identifier(scheme="lei", value="5299 00T8BM49AURSDO55")


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"domain": "acme.example", "website": "https://other.example/"}, {"domain:acme.example"}),
        ({"website": "https://WWW.acme.example"}, {"domain:acme.example"}),
        ({"website": "https://github.example/acme"}, set()),
        ({"website": "https://[::1"}, set()),
        ({"identifiers": (LEI,)}, {"lei:529900t8bm49aursdo55"}),
        ({"identifiers": (model.Identifier(scheme="vat", value="unknown"),)}, set()),
        ({"identifiers": (model.Identifier(scheme="duns", value="n/a 1"),)}, set()),
        (
            {
                "identifiers": (
                    model.Identifier(scheme="national", value="HRB 1234", country="DE", registry="Ansbach"),
                )
            },
            {"national:de/ansbach/hrb1234"},
        ),
        (
            {"register": model.OwnRegister(url="https://Trust.acme.example/a/")},
            {"register:trust.acme.example/a"},
        ),
        (
            {
                "engagements": (
                    sample_register.engagement(
                        "u", "operations", entity=model.Entity(legal_name="A", identifiers=(LEI,))
                    ),
                )
            },
            {"lei:529900t8bm49aursdo55"},
        ),
    ],
)
def test_keys_are_what_tells_companies_apart(fields: dict[str, object], keys: set[str]) -> None:
    assert keys_of_subprocessor(model.Subprocessor(id="a", name="A", **fields)) == keys  # type: ignore[arg-type]


def test_a_vendor_has_the_keys_of_its_contract_and_of_its_register() -> None:
    vendor = Vendor(id="a", name="A", website="https://acme.example", register="https://trust.acme.example/")
    assert keys_of(vendor.register, vendor.website) == {"domain:acme.example", "register:trust.acme.example/"}
    said = sample_register.register(url="https://trust.acme.example/")
    assert keys_of_publisher(said) == {"domain:example.com", "register:trust.acme.example/"}


def unnamed(register: model.Register) -> model.Register:
    """Return a register whose entries have no key."""
    listed = tuple(
        model.Subprocessor(id=v.id, name=v.name, engagements=v.engagements) for v in register.subprocessors
    )
    return sample_register.register(subprocessors=listed, publisher=NOBODY)


def test_names_suggest_and_a_person_decides(database: Database) -> None:
    for id_, name in (("beta", "hoster"), ("gamma", "hoster"), ("delta", "hoster")):
        record(database, add_vendor(database, id_), unnamed(listing(name)))
    chain = load(database, DAY)
    found = suggestions(database, chain)
    assert [(each.one, each.other) for each in found] == [
        ("beta/hoster", "delta/hoster"),
        ("beta/hoster", "gamma/hoster"),
    ]
    confirm(database, chain, "delta/hoster", "beta/hoster", same=True, by="Ann", at=AT)
    confirm(database, chain, "gamma/hoster", "beta/hoster", same=False, by="Ann", at=AT)
    chain = load(database, DAY)
    assert suggestions(database, chain) == []
    assert len(chain.find("beta/hoster")) == 1
    assert len(paths_to(chain, chain.find("beta/hoster"))) == 2
    confirm(database, chain, "beta/hoster", "gamma/hoster", same=True, by="Bo", at=AT + 1)
    chain = load(database, DAY)
    assert len(paths_to(chain, chain.find("gamma/hoster"))) == 3


def test_different_numbers_of_one_kind_are_two_companies(database: Database) -> None:
    for id_, value in (("beta", "111111111"), ("gamma", "222222222")):
        number = model.Identifier(scheme="duns", value=value)
        listed = model.Subprocessor(id="hoster", name="Hoster", identifiers=(number,))
        register = sample_register.register(subprocessors=(listed,), publisher=NOBODY)
        record(database, add_vendor(database, id_), register)
    assert suggestions(database, load(database, DAY)) == []


@pytest.mark.parametrize(
    ("pair", "by"), [(("acme", "x\x1b/y"), "Ann"), (("acme", "acme"), "Ann"), (("acme", "beta"), " ")]
)
def test_what_nobody_can_confirm_is_refused(database: Database, pair: tuple[str, str], by: str) -> None:
    add_vendor(database)
    add_vendor(database, "beta")
    chain = load(database, DAY)
    with pytest.raises(WatchError) as caught:
        confirm(database, chain, *pair, same=True, by=by, at=AT)
    assert caught.value.message.isprintable()
    assert not database.query("SELECT * FROM matches")


@given(registers(), days())
def test_on_every_day_the_rows_are_what_is_in_force(register: model.Register, any_day: dt.date) -> None:
    rows = list(uses_of("x", Interests(), register))
    turns = {day for row in rows for day in (row.holds_from, row.holds_until)} - {dt.date.min, dt.date.max}
    for day in {any_day, *turns, *(day - dt.timedelta(days=1) for day in turns)}:
        expected = sorted(
            (row.vendor.id, row.engagement.id, place.country if place else "")
            for row in engagement_states(register, day)
            if row.state == "in_force"
            for place in row.engagement.locations or [None]
        )
        found = [row for row in rows if row.holds_from <= day < row.holds_until]
        assert sorted((row.subprocessor, row.engagement, row.country) for row in found) == expected
