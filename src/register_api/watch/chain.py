"""The supply chain: registers joined in memory where their entries are the same company.

A company comprises all entries that share a key (``watch.vendor_uses``) or were confirmed to be the same. An
entry is ``vendor`` (one of ours) or ``vendor/sub-processor`` (listed in that vendor's register).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from register_api.core.text import nearest, normalise_name, quoted
from register_api.errors import WatchError
from register_api.sending.database import Database, insert
from register_api.watch.vendor_uses import PUBLISHER, keys_of
from register_api.watch.vendors import Vendor, all_vendors

_PLAIN_KINDS = frozenset({"domain", "register"})
"""Kinds of keys that a company may have several of."""


class Company(msgspec.Struct, frozen=True):
    """A company in the chain, with the entries where it appears and its keys."""

    name: str
    entries: tuple[str, ...]
    keys: tuple[str, ...]
    is_ours: bool
    is_critical: bool


class ChainUse(NamedTuple):
    """A use at one location, between two companies given by number."""

    user: int
    used: int
    country: str
    mechanisms: str
    purpose: str
    concerns: bool


class ChainEntry(NamedTuple):
    """One entry about a company: a vendor of ours, or a sub-processor in a register."""

    id: str
    name: str
    keys: frozenset[str]
    vendor: Vendor | None = None


class Suggestion(msgspec.Struct, frozen=True):
    """Two entries with the same name."""

    one: str
    other: str
    name: str


class Chain:
    """Companies by number, and their uses of one another.

    Attributes:
        numbers: Company number by entry id.
        uses: Uses in effect on the chain's day, including those within one company.
        users: For each company its users, and whether any of these uses concerns us.
        purposes: Purposes by user and used company.
    """

    def __init__(self, entries: Iterable[ChainEntry], same: Iterable[tuple[str, str]]) -> None:
        """Group entries (our vendors first) into companies by shared keys and confirmed pairs."""
        groups = _joined({entry.id: entry for entry in entries}, same)
        self.numbers = {entry.id: number for number, group in enumerate(groups) for entry in group}
        self.companies: list[Company] = []
        self.uses: list[ChainUse] = []
        self.users: list[dict[int, bool]] = [{} for _ in groups]
        self.purposes: dict[tuple[int, int], dict[str, None]] = {}
        self._exact: dict[str, dict[int, None]] = {}
        self._named: dict[tuple[str, ...], dict[int, None]] = {}
        for number, group in enumerate(groups):
            ours = [entry.vendor for entry in group if entry.vendor is not None]
            company = Company(
                group[0].name,
                tuple(entry.id for entry in group),
                tuple(sorted({key for entry in group for key in entry.keys})),
                is_ours=bool(ours),
                is_critical=any(vendor.critical for vendor in ours),
            )
            self.companies.append(company)
            values = (key.partition(":")[2] for key in company.keys)
            for word in (*company.entries, *company.keys, *values):
                self._exact.setdefault(word.casefold(), {})[number] = None
            for word in {text for entry in group for text in (entry.name, entry.id.rpartition("/")[2])}:
                self._named.setdefault(normalise_name(word), {})[number] = None

    def add(self, use: ChainUse) -> None:
        """Add a use; a use within one company is not a step of the chain."""
        self.uses.append(use)
        self.purposes.setdefault((use.user, use.used), {})[use.purpose] = None
        if use.user != use.used:
            users = self.users[use.used]
            users[use.user] = users.get(use.user, False) or use.concerns

    def find(self, asked: str) -> tuple[int, ...]:
        """Return the companies matching an entry id, key, domain or number, or else a name."""
        found = self._exact.get(asked.casefold()) or self._named.get(normalise_name(asked))
        if found:
            return tuple(found)
        near = nearest(asked, (company.name for company in self.companies))
        hint = f"did you mean {quoted(near)}?" if near else "name a company, its domain, number or id"
        raise WatchError(f"no register lists {quoted(asked)}", hint=hint)


def load(database: Database, day: dt.date) -> Chain:
    """Return the chain as of a day."""
    same = database.query("SELECT one, other FROM matches WHERE same = 1")
    chain = Chain(_entries(database), ((row["one"], row["other"]) for row in same))
    uses = database.query(
        "SELECT vendor, subprocessor, country, mechanisms, purpose, concerns FROM uses"
        " WHERE holds_from <= ? AND holds_until > ? ORDER BY vendor, subprocessor, engagement, number",
        *(day.isoformat(), day.isoformat()),
    )
    for row in uses:
        user = chain.numbers.get(row["vendor"])
        used = chain.numbers.get(_entry_id(row["vendor"], row["subprocessor"]))
        if user is not None and used is not None:
            place = row["country"], row["mechanisms"], row["purpose"]
            chain.add(ChainUse(user, used, *place, bool(row["concerns"])))
    return chain


def _entry_id(vendor: str, subprocessor: str) -> str:
    return vendor if subprocessor == PUBLISHER else f"{vendor}/{subprocessor}"


def _entries(database: Database) -> Iterator[ChainEntry]:
    """Yield our vendors, with the keys from their own registers, then the sub-processors listed."""
    rows = database.query(
        "SELECT c.* FROM companies c JOIN vendors ON vendors.id = c.vendor WHERE closed_at IS NULL"
        " ORDER BY c.vendor, subprocessor"
    )
    listed = {
        id_: ChainEntry(id_, row["name"], frozenset(filter(None, row["keys"].split("\n"))))
        for row in rows
        for id_ in [_entry_id(row["vendor"], row["subprocessor"])]
    }
    for vendor in all_vendors(database):
        own = listed.pop(vendor.id).keys if vendor.id in listed else frozenset[str]()
        yield ChainEntry(vendor.id, vendor.name, keys_of(vendor.register, vendor.website) | own, vendor)
    yield from listed.values()


def _joined(known: dict[str, ChainEntry], same: Iterable[tuple[str, str]]) -> list[list[ChainEntry]]:
    """Return the entries grouped by company, in order (union-find)."""
    above: dict[str, str] = {id_: id_ for id_ in known}

    def top(id_: str) -> str:
        while above[id_] != id_:
            above[id_] = id_ = above[above[id_]]
        return id_

    first_with: dict[str, str] = {}
    for entry in known.values():
        for key in entry.keys:
            above[top(entry.id)] = top(first_with.setdefault(key, entry.id))
    for one, other in same:
        if one in known and other in known:
            above[top(one)] = top(other)
    groups: dict[str, list[ChainEntry]] = {}
    for id_, entry in known.items():
        groups.setdefault(top(id_), []).append(entry)
    return list(groups.values())


def suggestions(database: Database, chain: Chain) -> list[Suggestion]:
    """Return pairs of unjoined entries that share a name and have not been decided.

    Entries with different numbers of one kind are different companies and are not suggested.
    """
    rows = database.query("SELECT one, other FROM matches")
    decided = {frozenset((chain.numbers.get(row["one"]), chain.numbers.get(row["other"]))) for row in rows}
    kinds = [{key.partition(":")[0] for key in each.keys} - _PLAIN_KINDS for each in chain.companies]
    named: dict[tuple[str, ...], list[int]] = {}
    for number, company in enumerate(chain.companies):
        named.setdefault(normalise_name(company.name), []).append(number)
    found = []
    for first, *others in named.values():
        one = chain.companies[first]
        for number in others:
            other = chain.companies[number]
            if frozenset((first, number)) not in decided and not kinds[first] & kinds[number]:
                found.append(Suggestion(one.entries[0], other.entries[0], other.name))
    return found


def confirm(database: Database, chain: Chain, one: str, other: str, *, same: bool, by: str, at: int) -> None:
    """Store whether two entries are the same company, replacing an earlier decision."""
    for entry in (one, other):
        if entry not in chain.numbers:
            hint = "name it like acme or acme/sub-processor"
            raise WatchError(f"unknown entry {quoted(entry)}", hint=hint)
    if one == other or not by.strip():
        raise WatchError("name two different entries, and in --by who decides")
    with database.transaction() as run:
        first, second = sorted((one, other))
        row = {"one": first, "other": second, "same": int(same), "by": by.strip(), "at": at}
        again = "same = excluded.same, by = excluded.by, at = excluded.at"
        insert(run, "matches", row, f"ON CONFLICT (one, other) DO UPDATE SET {again}")
