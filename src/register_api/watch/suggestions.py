"""Entries that may be one company by their names alone: a person says whether they are."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from register_api.core.printable import quoted
from register_api.core.similarity import normalise_name
from register_api.errors import WatchError
from register_api.sending.database import Database
from register_api.watch.chain import Chain

_PLAIN_KINDS = frozenset({"domain", "register"})
"""Kinds of keys of which a company may have several."""


class Suggestion(msgspec.Struct, frozen=True):
    """Two entries that share a name."""

    one: str
    other: str
    name: str


def suggestions(database: Database, chain: Chain) -> list[Suggestion]:
    """Return pairs of entries with one name that are not joined and about which nobody has said anything.

    Two that state different numbers of one kind are two companies, and not suggested.
    """
    rows = database.query("SELECT one, other FROM matches")
    said = {frozenset((chain.number_of(row["one"]), chain.number_of(row["other"]))) for row in rows}
    named: dict[tuple[str, ...], list[int]] = {}
    for number, company in enumerate(chain.companies):
        named.setdefault(normalise_name(company.name), []).append(number)
    found = []
    for first, *others in named.values():
        one = chain.companies[first]
        for number in others:
            other = chain.companies[number]
            if frozenset((first, number)) not in said and not _are_distinct(one.keys, other.keys):
                found.append(Suggestion(one.entries[0], other.entries[0], other.name))
    return found


def _are_distinct(one: Iterable[str], other: Iterable[str]) -> bool:
    kinds = ({key.partition(":")[0] for key in keys} - _PLAIN_KINDS for keys in (one, other))
    return bool(set.intersection(*kinds))


def confirm(database: Database, chain: Chain, one: str, other: str, *, same: bool, by: str, at: int) -> None:
    """Keep what somebody says about two entries; it takes the place of what was said of them before.

    Raises:
        WatchError: An entry is not there, both are one, or nobody says it.
    """
    for entry in (one, other):
        if chain.number_of(entry) is None:
            raise WatchError(
                f"there is no entry {quoted(entry)}", hint="name it like acme or acme/sub-processor"
            )
    if one == other or not by.strip():
        raise WatchError("a match is said of two entries, by somebody")
    with database.transaction() as run:
        run(
            "INSERT INTO matches VALUES (?, ?, ?, ?, ?) ON CONFLICT (one, other) DO UPDATE SET"
            " same = excluded.same, by = excluded.by, at = excluded.at",
            *(*sorted((one, other)), int(same), by.strip(), at),
        )
