"""Questions about the chain against a search that tries every walk."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from naive_chain import Listed, countries, depth_to
from register_api.core.countries import is_outside_eea
from register_api.errors import WatchError
from register_api.watch.chain import Chain, ChainEntry, ChainUse
from register_api.watch.chain_questions import by_company, by_country, outside_eea, paths_to
from register_api.watch.vendors import Vendor

if TYPE_CHECKING:
    from register_api.watch.chain_questions import ChainPath

MOST = 6
PLACES = ("DE", "US", "SG", "varies", "worldwide", "")


def entry(number: int, *, ours: bool) -> ChainEntry:
    vendor = Vendor(id=f"v{number}", name=f"V{number}", critical=number % 2 == 0) if ours else None
    return ChainEntry(f"v{number}" if ours else f"x/s{number}", f"V{number}", frozenset(), vendor)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Chain, list[Listed]]:
    """Draw companies and uses between them; whoever uses somebody need not be ours."""
    size = draw(st.integers(1, MOST))
    one = st.integers(0, size - 1)
    drawn = st.builds(Listed, one, one, st.sampled_from(PLACES), st.booleans())
    uses = draw(st.lists(drawn, max_size=12))
    ours = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    chain = Chain([entry(number, ours=each) for number, each in enumerate(ours)], ())
    for use in uses:
        chain.add(ChainUse(use.user, use.used, use.country, "", "", use.concerns))
    return chain, uses


DEPTHS = st.integers(1, 4)


def is_walked(path: ChainPath, uses: list[Listed]) -> bool:
    """Tell whether each step of a path is a use, and the first one serves us."""
    steps = list(itertools.pairwise(path))
    known = {(use.user, use.used) for use in uses}
    ours = {(use.user, use.used) for use in uses if use.concerns}
    return steps[0] in ours and set(steps) <= known


@given(chains(), DEPTHS, st.integers(0, MOST - 1))
def test_ways_to_a_company_are_the_shortest(
    drawn: tuple[Chain, list[Listed]], depth: int, number: int
) -> None:
    chain, uses = drawn
    target = number % len(chain.companies)
    found = {path[0]: path for path in paths_to(chain, [target], depth)}
    for user, company in enumerate(chain.companies):
        steps = depth_to(uses, user, target, depth) if company.is_ours and user != target else None
        assert (len(found[user]) - 1 if user in found else None) == steps
    assert all(is_walked(path, uses) and path[-1] == target for path in found.values())


@given(chains(), st.integers(0, MOST - 1))
def test_without_a_depth_every_dependence_is_found(drawn: tuple[Chain, list[Listed]], number: int) -> None:
    chain, _ = drawn
    target = number % len(chain.companies)
    assert paths_to(chain, [target], None) == paths_to(chain, [target], len(chain.companies) + 1)


@given(chains(), DEPTHS)
def test_countries_outside_the_eea_are_reached_by_the_shortest_way(
    drawn: tuple[Chain, list[Listed]], depth: int
) -> None:
    chain, uses = drawn
    found = {(item.path[0], item.country): item.path for item in outside_eea(chain, depth)}
    expected = {
        (user, country): steps
        for user, company in enumerate(chain.companies)
        if company.is_ours
        for country, steps in countries(uses, user, depth).items()
        if country and is_outside_eea(country)
    }
    assert {at: len(path) - 1 for at, path in found.items()} == expected
    for (_, country), path in found.items():
        assert is_walked(path, uses)
        assert (path[-2], path[-1], country) in {(use.user, use.used, use.country) for use in uses}


@given(chains(), DEPTHS)
def test_concentration_counts_who_depends(drawn: tuple[Chain, list[Listed]], depth: int) -> None:
    chain, uses = drawn
    ours = [number for number, company in enumerate(chain.companies) if company.is_ours]
    shares = {share.what: share for share in by_company(chain, depth)}
    for target, company in enumerate(chain.companies):
        steps = {user: depth_to(uses, user, target, depth) for user in ours if user != target}
        users = [user for user, number in steps.items() if number is not None]
        share = shares.get(company.name)
        assert (share.all if share else 0) == len(users)
        assert (share.direct if share else 0) == sum(steps[user] == 1 for user in users)
        assert (share.critical if share else 0) == sum(user % 2 == 0 for user in users)
    reached = [countries(uses, user, depth) for user in ours]
    for country in {use.country for use in uses} - {""}:
        found = [share for share in by_country(chain, depth) if share.what == country]
        assert sum(share.all for share in found) == sum(country in each for each in reached)
        assert sum(share.direct for share in found) == sum(each.get(country) == 1 for each in reached)


@given(
    st.lists(st.frozensets(st.integers(0, 8).map(str), max_size=3), max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=2),
)
def test_companies_are_what_keys_and_people_connect(
    keys: list[frozenset[str]], said: list[tuple[int, int]]
) -> None:
    entries = [ChainEntry(f"e{number}", "E", each) for number, each in enumerate(keys)]
    chain = Chain(entries, [(f"e{one}", f"e{other}") for one, other in said])
    groups = [{number} for number in range(len(keys))]
    for _ in keys:  # as many times as a chain of keys can be long
        for group in groups:
            for number, each in enumerate(keys):
                linked = any(
                    each & keys[other] or (number, other) in said or (other, number) in said
                    for other in group
                )
                group.update({number} if linked else ())
    assert {company.entries for company in chain.companies} == {
        tuple(f"e{number}" for number in sorted(group)) for group in groups
    }


def test_entries_with_a_key_in_common_are_one_company() -> None:
    entries = [
        ChainEntry("acme", "Acme", frozenset({"domain:acme.example"}), Vendor(id="acme", name="Acme")),
        ChainEntry("b/acme-us", "Acme US", frozenset({"domain:acme.example", "lei:1"})),
        ChainEntry("c/acme", "ACME Inc.", frozenset({"lei:1"})),
        ChainEntry("d/acme", "Acme", frozenset()),
        ChainEntry("e/other", "Other", frozenset()),
    ]
    chain = Chain(entries, [("d/acme", "e/other"), ("d/acme", "f/gone")])
    assert [company.entries for company in chain.companies] == [
        ("acme", "b/acme-us", "c/acme"),
        ("d/acme", "e/other"),
    ]
    assert chain.find("c/acme") == chain.find("lei:1") == chain.find("ACME.example") == (0,)
    assert chain.find("acme") == (0,)  # an entry goes before a name
    assert chain.find("ACME inc") == (0, 1)
    with pytest.raises(WatchError, match="lists") as caught:
        chain.find("Acne \x1b")
    assert caught.value.message.isprintable()
    assert "Acme" in caught.value.hint
