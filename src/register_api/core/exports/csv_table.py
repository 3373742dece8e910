"""The rows as CSV (RFC 4180) with its Table Schema, and two templates of DORA's register of information.

Spreadsheets evaluate cells that begin like a formula, even if quoted. Such texts, and those that begin with
an apostrophe, are prefixed with one; removing it restores the text. The templates B_05.01 and B_05.02
(Regulation (EU) 2024/2956, EBA's data point model 4) are partial: what only the customer knows, and what the
register does not state, is empty.
"""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.exports.columns import COLUMNS, UseAtPlace, cells
from register_api.core.model import (
    Certification,
    Condition,
    Entity,
    Identifier,
    ProductScope,
    Register,
    Subprocessor,
    Transfer,
)
from register_api.core.timeline import ALL

GUARD = "'"
GUARDED = ("=", "+", "-", "@", "\t", "\r", GUARD)
"""Prefixes of texts that get the guard."""

NONE = "none"
"""Cell of a list that is stated to be empty."""

_BETWEEN = "; "


class _Lines(list[str]):
    """The file-like object for ``csv.writer``."""

    write = list.append


def uses_csv(rows: Iterable[UseAtPlace]) -> bytes:
    """Return rows as CSV: UTF-8 without a BOM, CRLF, one header row."""
    texts = cells(COLUMNS, rows, lambda column, row: _cell(column.value(row)))
    return csv_bytes([column.name for column in COLUMNS], texts)


def csv_bytes(header: Sequence[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return cells as CSV; cells that look like a formula must already be guarded."""
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines).encode("utf-8")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet evaluates."""
    return GUARD + text if text.startswith(GUARDED) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # A negative number begins like a formula, but is not one.
    return str(value) if type(value) is int else guarded(value if type(value) is str else plain(value))


def plain(value: Any) -> str:
    """Return a value as text: codes unchanged, list members joined."""
    return _PLAIN.get(type(value), str)(value)


def _list(values: tuple[Any, ...]) -> str:
    return _BETWEEN.join(map(plain, values)) if values else NONE


def _condition(value: Condition) -> str:
    setting = "=".join(part for part in (value.key, value.value) if part)
    words = " ".join(part for part in ("not" if value.negated else "", value.type, setting) if part)
    return words + _in_brackets(value.text)


def _in_brackets(*parts: str | None) -> str:
    return f" ({', '.join(filter(None, parts))})" if any(parts) else ""


_PLAIN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    dt.date: dt.date.isoformat,
    tuple: _list,
    Identifier: lambda value: f"{value.scheme}:{value.value}",
    Condition: _condition,
    Transfer: lambda value: f"{value.destination}: {value.mechanism}{_in_brackets(value.reference)}",
    Certification: lambda value: (
        value.name
        + _in_brackets(value.claim, value.covers, value.valid_until and f"valid until {value.valid_until}")
    ),
    ProductScope: lambda value: ALL if value.all else _list(value.ids),
}


def table_schema() -> dict[str, Any]:
    """Return the Table Schema (Data Package Standard 2.0) of the CSV."""
    return {
        "fields": [
            {
                "name": column.name,
                "title": column.title,
                "type": column.type,
                "description": column.description,
                "constraints": {"required": column.required},
            }
            for column in COLUMNS
        ],
        "missingValues": [""],
        "primaryKey": ["subprocessor", "use", "location"],
    }


_CODE_TYPES = {"lei": "eba_qCO:qx2000", "euid": "eba_qCO:qx2002"}
"""EBA types of the identifiers of a legal person."""

_LEGAL_PERSON = "eba_CT:x212"

PROVIDERS = [f"c{number:03}0" for number in range(1, 13)]
CHAIN = [f"c{number:03}0" for number in range(1, 8)]
"""Columns of B_05.01 (``PROVIDERS``) and of B_05.02."""

Cells = tuple[str, ...]


class Provider(msgspec.Struct, frozen=True):
    """A legal entity of the supply chain, with value and type of each stated LEI and EUID."""

    name: str
    codes: tuple[tuple[str, str], ...] = ()
    seat: str | None = None

    @property
    def code(self) -> tuple[str, str]:
        """Its preferred identifier with type; empty if none is stated."""
        return self.codes[0] if self.codes else ("", "")


def dora_providers(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return B_05.01: the publisher, each legal entity in use, and their ultimate parents."""
    return csv_bytes(PROVIDERS, provider_rows(register, rows))


def provider_rows(register: Register, rows: Iterable[UseAtPlace]) -> Iterator[Cells]:
    """Yield the rows of B_05.01 without header, for a table of several registers."""
    vendors = _by_id(register)
    found: dict[Provider, Provider] = {}
    for row in _in_use(rows):
        top = row.current.vendor  # ultimate parent; there are no cycles (R04)
        while top.parent in vendors:
            top = vendors[top.parent]
        found.setdefault(_provider(row.current.vendor, row.current.entity), _provider(top, top))
    parents = {parent: parent for parent in found.values() if parent not in found}
    publisher = _publisher(register)
    for provider, parent in {publisher: publisher, **found, **parents}.items():
        second = provider.codes[1] if len(provider.codes) > 1 else ("", "")
        seat = f"eba_GA:{provider.seat}" if provider.seat else ""
        letters = {char for char in provider.name if char.isalpha()}
        is_latin = all(unicodedata.name(char, "").startswith("LATIN") for char in letters)
        names = (provider.name, provider.name if is_latin else "")
        cells = (*provider.code, *second, *names, _LEGAL_PERSON, seat, "", "", *parent.code)
        yield tuple(map(guarded, cells))


def dora_chain(register: Register, rows: Iterable[UseAtPlace]) -> bytes:
    """Return B_05.02: which ICT services the publisher receives from whom, each once.

    A legal entity without an identifier cannot be listed here; B_05.01 shows that it has none.
    """
    return csv_bytes(CHAIN, chain_rows(register, rows))


def chain_rows(register: Register, rows: Iterable[UseAtPlace]) -> Iterator[Cells]:
    """Yield the rows of B_05.02 without header, for a table of several registers."""
    vendors, publisher = _by_id(register), _publisher(register)
    found = [("", "", *publisher.code, "1", "", "")]
    for row in _in_use(rows):
        provider = _provider(row.current.vendor, row.current.entity)
        above, vendor = list[Subprocessor](), row.current.vendor
        while vendor.engaged_by in vendors and vendors[vendor.engaged_by] not in above:
            vendor = vendors[vendor.engaged_by]
            above.append(vendor)  # between publisher and vendor, nearest to the vendor first
        recipient = _provider(above[0], above[0]) if above else publisher
        service = row.current.engagement.ict_service
        kind = f"eba_TA:{service}" if service else ""
        if provider.codes:
            found.append(("", kind, *provider.code, str(len(above) + 2), *recipient.code))
    return (tuple(map(guarded, row)) for row in dict.fromkeys(found))


def _in_use(rows: Iterable[UseAtPlace]) -> Iterator[UseAtPlace]:
    return (row for row in rows if row.current.state == "in_force" and row.number <= 1)


def _by_id(register: Register) -> dict[str, Subprocessor]:
    return {vendor.id: vendor for vendor in register.subprocessors}


def _publisher(register: Register) -> Provider:
    publisher = register.publisher
    return Provider(publisher.legal_name or publisher.name, _codes(publisher.identifiers))


def _provider(vendor: Subprocessor, entity: Entity | Subprocessor) -> Provider:
    return Provider(entity.legal_name or vendor.name, _codes(entity.identifiers), entity.seat)


def _codes(identifiers: tuple[Identifier, ...] | None) -> tuple[tuple[str, str], ...]:
    stated = sorted(identifiers or (), key=lambda item: item.scheme != "lei")
    return tuple((item.value, _CODE_TYPES[item.scheme]) for item in stated if item.scheme in _CODE_TYPES)
