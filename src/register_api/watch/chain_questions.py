"""Questions about the chain, each by a breadth-first search: so that the way that is shown is the shortest.

The first step of a way is a use by a vendor of ours that concerns us; of what lies behind, nobody can say
which use serves us, so all of it counts.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec

from register_api.core.countries import OPENLY_UNSTATED, is_outside_eea
from register_api.watch.chain import Chain, ChainUse

DEPTH = 2
"""How many steps are gone unless something else is asked for; at four most chains reach everybody."""

Way = tuple[int, ...]
"""How a vendor of ours comes to use a company: numbers of companies, from the vendor to that one."""


class Abroad(NamedTuple):
    """A country outside the EEA in which a vendor of ours, or who works for it, processes.

    ``mechanisms``, on which the transfer rests, are as stated by whoever uses the company there.
    """

    country: str
    way: Way
    mechanisms: str


class Share(msgspec.Struct, frozen=True):
    """How many vendors of ours depend on something: directly, in all, and the critical ones of all."""

    what: str
    direct: int
    all: int
    critical: int


_End = tuple[Way, str]
"""The last steps of a way, and what the use at its end rests on."""


def _search(
    chain: Chain, users: Iterable[tuple[int, bool, _End]], depth: int, asked: Collection[int] = ()
) -> dict[int, _End]:
    """Return the shortest way of each vendor of ours, but for those that are asked about.

    ``users`` are who makes the last step, whether that concerns us, and the end of the way.
    """
    seen, found = set(asked), dict[int, _End]()
    for _ in range(depth):
        new: list[_End] = []
        for user, concerns, (rest, mechanisms) in users:
            is_found = concerns and user not in found and user not in asked and chain.companies[user].is_ours
            if is_found or user not in seen:
                way = (user, *rest), mechanisms
                if is_found:
                    found[user] = way
                if user not in seen:
                    seen.add(user)
                    new.append(way)
        users = ((user, concerns, way) for way in new for user, concerns in chain.users[way[0][0]].items())
    return found


def ways_to(chain: Chain, targets: Iterable[int], depth: int | None = DEPTH) -> list[Way]:
    """Return the shortest way of each vendor of ours to one of some companies; ``None``: of any depth."""
    asked = tuple(dict.fromkeys(targets))
    users = (
        (user, concerns, ((each,), "")) for each in asked for user, concerns in chain.users[each].items()
    )
    found = _search(chain, users, depth or len(chain.companies), asked).values()
    return sorted((way for way, _ in found), key=lambda way: (len(way), chain.companies[way[0]].name))


def outside_eea(chain: Chain, depth: int = DEPTH) -> list[Abroad]:
    """Return the countries outside the EEA that each vendor of ours reaches, by the shortest way."""
    places = set(filter(is_outside_eea, {use.country for use in chain.uses} - {""}))
    uses: dict[str, list[ChainUse]] = {}
    # Of several uses in one country, one that states no mechanism is what somebody has to look at.
    for use in sorted(chain.uses, key=lambda use: OPENLY_UNSTATED not in use.mechanisms):
        if use.country in places:
            uses.setdefault(use.country, []).append(use)
    found = []
    for country, there in uses.items():
        users = ((use.user, use.concerns, ((use.used,), use.mechanisms)) for use in there)
        found += [Abroad(country, *end) for end in _search(chain, users, depth).values()]
    return sorted(found, key=lambda item: (chain.companies[item.way[0]].name, item.way[0], item.country))


def by_company(chain: Chain, depth: int = DEPTH) -> list[Share]:
    """Return for each company how many vendors of ours depend on it, the most first."""
    bits = _bits(chain)
    direct, reach = _reach(chain, bits, depth)
    rows = (
        (company.name, direct[number] & ~bits[number], reach[number] & ~bits[number])
        for number, company in enumerate(chain.companies)
    )
    return _shares(chain, rows)


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
    return _shares(chain, ((country, direct[country], reach[country]) for country in direct))


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


def _shares(chain: Chain, rows: Iterable[tuple[str, int, int]]) -> list[Share]:
    critical = _union(1 << number for number, company in enumerate(chain.companies) if company.is_critical)
    found = (
        Share(what, direct.bit_count(), reach.bit_count(), (reach & critical).bit_count())
        for what, direct, reach in rows
        if reach
    )
    return sorted(found, key=lambda share: (-share.all, -share.direct, share.what))


def without_place(chain: Chain) -> int:
    """Return how many uses of our vendors that concern us state no place."""
    return sum(not use.country and use.concerns and chain.companies[use.user].is_ours for use in chain.uses)
