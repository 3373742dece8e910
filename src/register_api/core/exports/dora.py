"""Two tables of DORA's register of information (Regulation (EU) 2024/2956): B_05.01 and B_05.02.

They are a beginning for a customer that has to keep such a register: what only the customer knows, and
what the register does not say, stays empty. Columns and codes are those of the EBA's data point model 4.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

import msgspec

from register_api.core.exports.columns import UseAtPlace
from register_api.core.exports.csv_table import csv_bytes, guarded
from register_api.core.model import Entity, Identifier, Register, Subprocessor

_CODE_TYPES = {"lei": "eba_qCO:qx2000", "euid": "eba_qCO:qx2002"}
"""The types of codes that a legal person can go by."""

_LEGAL_PERSON = "eba_CT:x212"

PROVIDERS = [f"c{number:03}0" for number in range(1, 13)]
CHAIN = [f"c{number:03}0" for number in range(1, 8)]
"""The columns of B_05.01, in ``PROVIDERS``, and of B_05.02."""

Cells = tuple[str, ...]


class Provider(msgspec.Struct, frozen=True):
    """A legal entity of the chain, with code and type of each LEI and EUID that is stated."""

    name: str
    codes: tuple[tuple[str, str], ...] = ()
    seat: str | None = None

    @property
    def code(self) -> tuple[str, str]:
        """The code that it goes by, with its type; empty where none is stated."""
        return self.codes[0] if self.codes else ("", "")


def dora_providers(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return B_05.01: the publisher, each legal entity in use, and the parent above all of each."""
    return csv_bytes(PROVIDERS, provider_rows(register, rows))


def provider_rows(register: Register, rows: Iterable[UseAtPlace]) -> Iterator[Cells]:
    """Yield the rows of B_05.01 without their header, for a table of several registers."""
    vendors = _by_id(register)
    found: dict[Provider, Provider] = {}
    for row in _in_use(rows):
        found.setdefault(_provider(row.held.vendor, row.held.entity), _ultimate(row.held.vendor, vendors))
    parents = {parent: parent for parent in found.values() if parent not in found}
    publisher = _publisher(register)
    for provider, parent in {publisher: publisher, **found, **parents}.items():
        second = provider.codes[1] if len(provider.codes) > 1 else ("", "")
        seat = f"eba_GA:{provider.seat}" if provider.seat else ""
        latin = provider.name if _is_latin(provider.name) else ""
        cells = (*provider.code, *second, provider.name, latin, _LEGAL_PERSON, seat, "", "", *parent.code)
        yield tuple(map(guarded, cells))


def dora_chain(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return B_05.02: the publisher, and from whom it gets which ICT services, each once.

    A legal entity without a code cannot be named here; B_05.01 shows that it lacks one.
    """
    return csv_bytes(CHAIN, chain_rows(register, rows))


def chain_rows(register: Register, rows: Iterable[UseAtPlace]) -> Iterator[Cells]:
    """Yield the rows of B_05.02 without their header, for a table of several registers."""
    vendors, publisher = _by_id(register), _publisher(register)
    found = [("", "", *publisher.code, "1", "", "")]
    for row in _in_use(rows):
        provider = _provider(row.held.vendor, row.held.entity)
        above = _engaging(row.held.vendor, vendors)
        recipient = _provider(above[0], above[0]) if above else publisher
        service = row.held.engagement.ict_service
        kind = f"eba_TA:{service}" if service else ""
        if provider.codes:
            found.append(("", kind, *provider.code, str(len(above) + 2), *recipient.code))
    return (tuple(map(guarded, row)) for row in dict.fromkeys(found))


def _in_use(rows: Iterable[UseAtPlace]) -> Iterator[UseAtPlace]:
    return (row for row in rows if row.held.state == "in_force" and row.number <= 1)


def _by_id(register: Register) -> dict[str, Subprocessor]:
    return {vendor.id: vendor for vendor in register.subprocessors}


def _publisher(register: Register) -> Provider:
    said = register.publisher
    return Provider(said.legal_name or said.name, _codes(said.identifiers))


def _provider(vendor: Subprocessor, entity: Entity | Subprocessor) -> Provider:
    return Provider(entity.legal_name or vendor.name, _codes(entity.identifiers), entity.seat)


def _codes(identifiers: tuple[Identifier, ...] | None) -> tuple[tuple[str, str], ...]:
    stated = sorted(identifiers or (), key=lambda item: item.scheme != "lei")
    return tuple((item.value, _CODE_TYPES[item.scheme]) for item in stated if item.scheme in _CODE_TYPES)


def _ultimate(vendor: Subprocessor, vendors: dict[str, Subprocessor]) -> Provider:
    """Return the parent above all others, itself where it has none; parents form no circle (R04)."""
    while vendor.parent in vendors:
        vendor = vendors[vendor.parent]
    return _provider(vendor, vendor)


def _engaging(vendor: Subprocessor, vendors: dict[str, Subprocessor]) -> list[Subprocessor]:
    """Return who stands between the publisher and a vendor, the nearest to the vendor first."""
    found: list[Subprocessor] = []
    while vendor.engaged_by in vendors and vendors[vendor.engaged_by] not in found:
        vendor = vendors[vendor.engaged_by]
        found.append(vendor)
    return found


def _is_latin(name: str) -> bool:
    """Tell whether every letter of a name is one of the Latin script."""
    return name.isascii() or all(
        unicodedata.name(char, "").startswith("LATIN") for char in set(name) if char.isalpha()
    )
