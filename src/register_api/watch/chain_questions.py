"""Questions about the chain, each by a breadth-first search: so that the way that is shown is the shortest.

The first step of a way is a use by a vendor of ours that concerns us; of what lies behind, nobody can say
which use serves us, so all of it counts.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from register_api.core.countries import is_outside_eea
from register_api.core.third_countries import OPENLY_UNSTATED
from register_api.watch.chain import Chain

DEPTH = 2
"""How many steps are gone unless something else is asked for; at four most chains reach everybody."""


class Way(NamedTuple):
    """How a vendor of ours comes to use a company.

    Attributes:
        companies: Numbers of the companies, from the vendor to the one that is used.
    """

    companies: tuple[int, ...]

    @property
    def depth(self) -> int:
        """How many steps it has: 1 where the vendor uses it itself."""
        return len(self.companies) - 1


class Abroad(NamedTuple):
    """A country outside the EEA in which a vendor of ours, or who works for it, processes.

    Attributes:
        way: From the vendor to the company that processes there.
        mechanisms: What its transfer there rests on, as whoever uses it states; nothing where it processes no
            personal data.
    """

    country: str
    way: Way
    mechanisms: str


class Share(msgspec.Struct, frozen=True):
    """How many vendors of ours depend on something.

    Attributes:
        direct: That use it themselves.
        all: That use it themselves or through others.
        critical: Those of all that are critical.
    """

    what: str
    direct: int
    all: int
    critical: int


def ways_to(chain: Chain, targets: Iterable[int], depth: int | None = DEPTH) -> list[Way]:
    """Return for each vendor of ours that uses one of some companies the shortest way to it.

    Args:
        chain: The chain.
        targets: Numbers of the companies.
        depth: The most steps; ``None``: any number.
    """
    asked = set(targets)
    toward: dict[int, int | None] = dict.fromkeys(asked)
    found: dict[int, Way] = {}
    level, steps = list(toward), 0
    while level and (depth is None or steps < depth):
        behind: list[int] = []
        for used in level:
            for user, concerns in chain.users[used].items():
                if concerns and user not in found and user not in asked and chain.companies[user].is_ours:
                    found[user] = Way((user, *_follow(used, toward)))
                if user not in toward:
                    toward[user] = used
                    behind.append(user)
        level, steps = behind, steps + 1
    return sorted(found.values(), key=lambda way: (way.depth, chain.companies[way.companies[0]].name))


def _follow(start: int, toward: dict[int, int | None]) -> Iterator[int]:
    at: int | None = start
    while at is not None:
        yield at
        at = toward[at]


class _Reached(NamedTuple):
    """How a company reaches a country: through which other, what that rests on, and in how many steps."""

    through: int
    mechanisms: str
    depth: int


_Countries = dict[int, dict[str, _Reached]]
"""What companies reach, by number and country."""


def outside_eea(chain: Chain, depth: int = DEPTH) -> list[Abroad]:
    """Return the countries outside the EEA that each vendor of ours reaches, by the shortest way."""
    reached: _Countries = {}
    ours: _Countries = {}
    places = set(filter(is_outside_eea, {use.country for use in chain.uses} - {""}))
    abroad = (use for use in chain.uses if use.country in places)
    # Of several uses in one country, one that states no mechanism is what somebody has to look at.
    for use in sorted(abroad, key=lambda use: OPENLY_UNSTATED not in use.mechanisms):
        for known in (reached, ours) if use.concerns else (reached,):
            countries = known.setdefault(use.user, {})
            if use.country not in countries:
                countries[use.country] = _Reached(use.used, use.mechanisms, 1)
    new = {user: set(countries) for user, countries in reached.items()}
    for steps in range(2, depth + 1):
        new = _step_back(chain, new, steps, reached, ours)
    companies = chain.companies
    vendors = sorted(
        (user for user in ours if companies[user].is_ours), key=lambda user: (companies[user].name, user)
    )
    return [_abroad(user, item, reached) for user in vendors for item in sorted(ours[user].items())]


def _step_back(
    chain: Chain, new: dict[int, set[str]], steps: int, reached: _Countries, ours: _Countries
) -> dict[int, set[str]]:
    """Let users reach what was new to whom they use, and return what is new to them."""
    further: _Countries = {}
    for used, countries in new.items():
        known = {country: _Reached(used, reached[used][country].mechanisms, steps) for country in countries}
        for user, concerns in chain.users[used].items():
            for country in countries.difference(reached.get(user, ())):
                further.setdefault(user, {}).setdefault(country, known[country])
            if concerns:
                for country in countries.difference(ours.get(user, ())):
                    ours.setdefault(user, {})[country] = known[country]
    for user, countries_of in further.items():
        reached.setdefault(user, {}).update(countries_of)
    return {user: set(countries_of) for user, countries_of in further.items()}


def _abroad(user: int, item: tuple[str, _Reached], reached: _Countries) -> Abroad:
    country, step = item
    way = [user, step.through]
    while step.depth > 1:
        step = reached[step.through][country]
        way.append(step.through)
    return Abroad(country, Way(tuple(way)), step.mechanisms)


def by_company(chain: Chain, depth: int = DEPTH) -> list[Share]:
    """Return for each company how many vendors of ours depend on it, the most first."""
    bits = _bits(chain)
    direct, reach = _reach(chain, bits, depth)
    rows = (
        (company.name, direct[number] & ~bits[number], reach[number] & ~bits[number])
        for number, company in enumerate(chain.companies)
    )
    return _shares(chain, bits, rows)


def by_country(chain: Chain, depth: int = DEPTH) -> list[Share]:
    """Return for each country how many vendors of ours depend on processing there, the most first."""
    bits = _bits(chain)
    _, behind = _reach(chain, bits, depth - 1)
    direct: dict[str, int] = {}
    reach: dict[str, int] = {}
    for use in filter(lambda use: use.country, chain.uses):
        own = bits[use.user] if use.concerns else 0
        direct[use.country] = direct.get(use.country, 0) | own
        reach[use.country] = reach.get(use.country, 0) | own | behind[use.user]
    return _shares(chain, bits, ((country, direct[country], reach[country]) for country in direct))


def _bits(chain: Chain) -> list[int]:
    """Return a bit for each vendor of ours, 0 for all other companies: sets of vendors are whole numbers."""
    return [1 << number if company.is_ours else 0 for number, company in enumerate(chain.companies)]


def _reach(chain: Chain, bits: list[int], depth: int) -> tuple[list[int], list[int]]:
    """Return for each company the vendors of ours that use it, and those that reach it in so many steps."""
    direct = [_union(bits[user] for user, concerns in users.items() if concerns) for users in chain.users]
    reach = direct if depth else [0] * len(direct)
    for _ in range(depth - 1):
        reach = [
            own | _union(map(reach.__getitem__, users))
            for own, users in zip(direct, chain.users, strict=True)
        ]
    return direct, reach


def _union(sets: Iterable[int]) -> int:
    return functools.reduce(operator.or_, sets, 0)


def _shares(chain: Chain, bits: list[int], rows: Iterable[tuple[str, int, int]]) -> list[Share]:
    critical = _union(bit for bit, company in zip(bits, chain.companies, strict=True) if company.is_critical)
    found = (
        Share(what, direct.bit_count(), reach.bit_count(), (reach & critical).bit_count())
        for what, direct, reach in rows
        if reach
    )
    return sorted(found, key=lambda share: (-share.all, -share.direct, share.what))


def without_place(chain: Chain) -> int:
    """Return how many uses of our vendors that concern us state no place."""
    return sum(not use.country and use.concerns and chain.companies[use.user].is_ours for use in chain.uses)
