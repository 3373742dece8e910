"""The chain: registers joined where their entries are the same company, in memory.

A company is all entries that share a key (``watch.identity``) or that a person said to be the same.
An entry is named ``vendor``, as we have it, or ``vendor/sub-processor``, as that vendor's register lists it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from register_api.core.printable import quoted
from register_api.core.similarity import normalise_name
from register_api.core.text import nearest
from register_api.errors import WatchError
from register_api.sending.database import Database
from register_api.watch.edges import PUBLISHER
from register_api.watch.identity import keys_of_vendor
from register_api.watch.vendors import Vendor, all_vendors


class Company(msgspec.Struct, frozen=True):
    """A company of the chain.

    Attributes:
        entries: Where it stands: as a vendor of ours, and in registers.
        keys: By what the entries are known to be one.
        is_ours: Whether it is a vendor of ours.
    """

    name: str
    entries: tuple[str, ...]
    keys: tuple[str, ...]
    is_ours: bool
    is_critical: bool


class ChainUse(NamedTuple):
    """A use at one of its places, between two companies by their numbers."""

    user: int
    used: int
    country: str
    mechanisms: str
    purpose: str
    concerns: bool


class ChainEntry(NamedTuple):
    """What is said of a company in one place."""

    id: str
    name: str
    keys: frozenset[str]
    vendor: Vendor | None = None


class Chain:
    """Companies by number, and who uses whom.

    Attributes:
        companies: All that are known.
        uses: What is in use on the day that the chain is of, between two companies or within one.
        users: For each company who uses it, and whether any of that concerns us.
        purposes: What for, by user and used.
    """

    def __init__(self, entries: Iterable[ChainEntry], same: Iterable[tuple[str, str]]) -> None:
        """Join entries to companies.

        Args:
            entries: All of them, vendors of ours first.
            same: Pairs of entries of which a person said that they are the same company.
        """
        known = {entry.id: entry for entry in entries}
        groups = _joined(known, same)
        self._number_of = {id_: number for number, group in enumerate(groups) for id_ in group}
        self.companies = [_company([known[id_] for id_ in group]) for group in groups]
        self.uses: list[ChainUse] = []
        self.users: list[dict[int, bool]] = [{} for _ in groups]
        self.purposes: dict[tuple[int, int], dict[str, None]] = {}
        self._exact: dict[str, dict[int, None]] = {}
        self._names: dict[str, dict[int, None]] = {}
        for number, (company, group) in enumerate(zip(self.companies, groups, strict=True)):
            for word in (*group, *company.keys, *(key.partition(":")[2] for key in company.keys)):
                self._exact.setdefault(word.casefold(), {})[number] = None
            for word in {*(known[id_].name for id_ in group), *(id_.rpartition("/")[2] for id_ in group)}:
                self._names.setdefault(" ".join(normalise_name(word)), {})[number] = None

    def add(self, use: ChainUse) -> None:
        """Add a use; within one company it is no step of the chain."""
        self.uses.append(use)
        self.purposes.setdefault((use.user, use.used), {})[use.purpose] = None
        if use.user != use.used:
            users = self.users[use.used]
            users[use.user] = users.get(use.user, False) or use.concerns

    def number_of(self, entry: str) -> int | None:
        """Return the number of the company that an entry stands for."""
        return self._number_of.get(entry)

    def find(self, asked: str) -> tuple[int, ...]:
        """Return the companies that are called so: by an entry, a key, a domain or number, else by name.

        Raises:
            WatchError: None is.
        """
        found = self._exact.get(asked.casefold()) or self._names.get(" ".join(normalise_name(asked)))
        if found:
            return tuple(found)
        near = nearest(asked, (company.name for company in self.companies))
        hint = f"did you mean {quoted(near)}?" if near else "name a company, its domain, number or id"
        raise WatchError(f"no register lists {quoted(asked)}", hint=hint)


def load(database: Database, day: dt.date) -> Chain:
    """Return the chain as it holds on a day."""
    vendors = all_vendors(database)
    watched = {vendor.id for vendor in vendors}
    same = database.query("SELECT one, other FROM matches WHERE same = 1")
    chain = Chain(_entries(database, vendors), ((row["one"], row["other"]) for row in same))
    uses = database.query(
        "SELECT vendor, subprocessor, country, mechanisms, purpose, concerns FROM uses"
        " WHERE holds_from <= ? AND holds_until > ? ORDER BY vendor, subprocessor, engagement, number",
        *(day.isoformat(), day.isoformat()),
    )
    for row in uses:
        if row["vendor"] in watched:
            user, used = (
                chain.number_of(row["vendor"]),
                chain.number_of(entry_id(row["vendor"], row["subprocessor"])),
            )
            if user is not None and used is not None:
                place = row["country"], row["mechanisms"], row["purpose"]
                chain.add(ChainUse(user, used, *place, bool(row["concerns"])))
    return chain


def entry_id(vendor: str, subprocessor: str) -> str:
    """Return the name of an entry."""
    return vendor if subprocessor == PUBLISHER else f"{vendor}/{subprocessor}"


def _entries(database: Database, vendors: Iterable[Vendor]) -> Iterator[ChainEntry]:
    """Yield vendors of ours, each with what its own register says of it, and what registers list."""
    rows = database.query(
        "SELECT vendor, subprocessor, name, keys FROM companies ORDER BY vendor, subprocessor"
    )
    keys_of = {
        entry_id(row["vendor"], row["subprocessor"]): frozenset(filter(None, row["keys"].split("\n")))
        for row in rows
    }
    ours = {vendor.id: vendor for vendor in vendors}
    for vendor in ours.values():
        own = keys_of.get(vendor.id, frozenset())
        yield ChainEntry(vendor.id, vendor.name, keys_of_vendor(vendor) | own, vendor)
    for row in rows:
        if row["vendor"] in ours and row["subprocessor"] != PUBLISHER:
            id_ = entry_id(row["vendor"], row["subprocessor"])
            yield ChainEntry(id_, row["name"], keys_of[id_])


def _company(entries: list[ChainEntry]) -> Company:
    vendors = [entry.vendor for entry in entries if entry.vendor is not None]
    keys = sorted({key for entry in entries for key in entry.keys})
    return Company(
        name=entries[0].name,
        entries=tuple(entry.id for entry in entries),
        keys=tuple(keys),
        is_ours=bool(vendors),
        is_critical=any(vendor.critical for vendor in vendors),
    )


def _joined(known: dict[str, ChainEntry], same: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Return the entries in groups of which each is one company, in their order (union-find)."""
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
    groups: dict[str, list[str]] = {}
    for id_ in known:
        groups.setdefault(top(id_), []).append(id_)
    return list(groups.values())
