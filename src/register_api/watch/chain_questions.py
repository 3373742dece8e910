"""Queries on the chain by breadth-first search, which finds the shortest path.

The first step of a path is a use by one of our vendors that concerns us. Beyond that, it is unknown which
uses serve us, so all of them count.
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
"""Default search depth; at four steps most chains reach every company."""

ChainPath = tuple[int, ...]
"""A path of company numbers from one of our vendors to a company it uses."""


class Abroad(NamedTuple):
    """A country outside the EEA where a vendor or its chain processes, with the transfer mechanisms."""

    country: str
    path: ChainPath
    mechanisms: str


class Share(msgspec.Struct, frozen=True):
    """Number of our vendors that depend on something: directly, in total, and critical ones in total."""

    what: str
    direct: int
    all: int
    critical: int


_End = tuple[ChainPath, str]
"""The last steps of a path, and the transfer mechanisms of its last use."""


def _search(
    chain: Chain, users: Iterable[tuple[int, bool, _End]], depth: int, asked: Collection[int] = ()
) -> dict[int, _End]:
    """Return the shortest path from each of our vendors, except those in ``asked``.

    ``users`` are the companies that take the last step, whether it concerns us, and the end of the path.
    """
    seen, found = set(asked), dict[int, _End]()
    for _ in range(depth):
        new: list[_End] = []
        for user, concerns, (rest, mechanisms) in users:
            is_found = concerns and user not in found and user not in asked and chain.companies[user].is_ours
            if is_found or user not in seen:
                path = (user, *rest), mechanisms
                if is_found:
                    found[user] = path
                if user not in seen:
                    seen.add(user)
                    new.append(path)
        users = ((user, concerns, path) for path in new for user, concerns in chain.users[path[0][0]].items())
    return found


def paths_to(chain: Chain, targets: Iterable[int], depth: int | None = DEPTH) -> list[ChainPath]:
    """Return each of our vendors' shortest path to any of the targets; depth ``None`` is unlimited."""
    asked = tuple(dict.fromkeys(targets))
    users = (
        (user, concerns, ((each,), "")) for each in asked for user, concerns in chain.users[each].items()
    )
    found = _search(chain, users, depth or len(chain.companies), asked).values()
    return sorted((path for path, _ in found), key=lambda path: (len(path), chain.companies[path[0]].name))


def outside_eea(chain: Chain, depth: int = DEPTH) -> list[Abroad]:
    """Return the countries outside the EEA that each of our vendors reaches, with the shortest path."""
    places = set(filter(is_outside_eea, {use.country for use in chain.uses} - {""}))
    uses: dict[str, list[ChainUse]] = {}
    # Of several uses in one country, one without a stated mechanism comes first, because it needs attention.
    for use in sorted(chain.uses, key=lambda use: OPENLY_UNSTATED not in use.mechanisms):
        if use.country in places:
            uses.setdefault(use.country, []).append(use)
    found = []
    for country, there in uses.items():
        users = ((use.user, use.concerns, ((use.used,), use.mechanisms)) for use in there)
        found += [Abroad(country, *end) for end in _search(chain, users, depth).values()]
    return sorted(found, key=lambda item: (chain.companies[item.path[0]].name, item.path[0], item.country))


def by_company(chain: Chain, depth: int = DEPTH) -> list[Share]:
    """Return how many of our vendors depend on each company, highest number first."""
    bits = _bits(chain)
    direct, reach = _reach(chain, bits, depth)
    rows = (
        (company.name, direct[number] & ~bits[number], reach[number] & ~bits[number])
        for number, company in enumerate(chain.companies)
    )
    return _shares(chain, rows)


def by_country(chain: Chain, depth: int = DEPTH) -> list[Share]:
    """Return how many of our vendors depend on processing in each country, highest number first."""
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
    """Return a bit for each of our vendors and 0 for other companies; a set of vendors is an integer."""
    return [1 << number if company.is_ours else 0 for number, company in enumerate(chain.companies)]


def _reach(chain: Chain, bits: list[int], depth: int) -> tuple[list[int], list[int]]:
    """Return for each company our vendors that use it directly and those that reach it within ``depth``."""
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
    """Return how many uses by our vendors that concern us state no location."""
    return sum(not use.country and use.concerns and chain.companies[use.user].is_ours for use in chain.uses)
