"""Rows as CSV (RFC 4180), and the Table Schema that describes it.

A spreadsheet takes a cell that begins like a formula for one, quoted or not. Such texts, and those that
begin with the guard itself, get an apostrophe in front; who takes one away has the text again.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from register_api.core.exports.columns import COLUMNS, UseAtPlace
from register_api.core.model import Certification, Condition, Identifier, ProductScope, Transfer
from register_api.core.timeline import ALL

GUARD = "'"
GUARDED = ("=", "+", "-", "@", "\t", "\r", GUARD)
"""How texts begin that get the guard in front."""

NONE = "none"
"""What a list says that is stated and empty."""

_BETWEEN = "; "


class _Lines(list[str]):
    """What the writer writes into."""

    write = list.append


def uses_csv(rows: Iterable[UseAtPlace]) -> bytes:
    """Return rows as CSV: UTF-8 without a mark, CRLF, one header row."""
    values = [column.value for column in COLUMNS]
    return csv_bytes([column.name for column in COLUMNS], ([_cell(of(row)) for of in values] for row in rows))


def csv_bytes(header: Sequence[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Return cells as CSV; those of a row that could be taken for a formula have their guard already."""
    lines = _Lines()
    writer = csv.writer(lines)
    writer.writerow(header)
    writer.writerows(rows)
    return "".join(lines).encode("utf-8")


def guarded(text: str) -> str:
    """Return a text that no spreadsheet runs."""
    return GUARD + text if text.startswith(GUARDED) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    # A number below zero begins like a formula and is not one.
    return str(value) if type(value) is int else guarded(value if type(value) is str else plain(value))


def plain(value: Any) -> str:
    """Return a value as one text: codes as they are, the members of a list one behind the other."""
    return _PLAIN.get(type(value), str)(value)


def _list(values: tuple[Any, ...]) -> str:
    return _BETWEEN.join(map(plain, values)) if values else NONE


def _condition(value: Condition) -> str:
    setting = "=".join(part for part in (value.key, value.value) if part)
    words = " ".join(part for part in ("not" if value.negated else "", value.type, setting) if part)
    return f"{words} ({value.text})" if value.text else words


def _transfer(value: Transfer) -> str:
    reference = f" ({value.reference})" if value.reference else ""
    return f"{value.destination}: {value.mechanism}{reference}"


def _certification(value: Certification) -> str:
    until = f"valid until {value.valid_until}" if value.valid_until else None
    return f"{value.name} ({', '.join(filter(None, (value.claim, value.covers, until)))})"


_PLAIN: Mapping[type, Callable[[Any], str]] = {
    bool: lambda value: "true" if value else "false",
    dt.date: dt.date.isoformat,
    tuple: _list,
    Identifier: lambda value: f"{value.scheme}:{value.value}",
    Condition: _condition,
    Transfer: _transfer,
    Certification: _certification,
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
