"""Which column holds what: by its name, in a table of names that companies use; never by its content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec

from register_api.core.fields import FIELDS
from register_api.core.forms import Vocabulary
from register_api.core.model import EngagementSource, Identifier, SubprocessorSource
from register_api.core.printable import quoted
from register_api.core.shapes import shapes
from register_api.errors import Finding
from register_api.importer.table import Table, fault, refuse, refuse_any

EXTRA = "extra"
"""Where a column goes whose text is published under its own name: only if the caller asks for it."""
DROP = "drop"
"""Where a column goes that is not published: what is internal in a spreadsheet would be public for ever."""


def _names() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield fields and company numbers with the names that columns for them have, the surest first."""
    for kind in (SubprocessorSource, EngagementSource):
        for field, row in FIELDS[kind].items():
            if row.columns:
                yield field, tuple(row.columns.split(", "))
    scheme = shapes(Identifier)["scheme"].form
    if isinstance(scheme, Vocabulary):
        yield from ((code, (code, *others)) for code, others in scheme.codes.items())


NAMES = dict(_names())
"""Field to the names that columns for it have; of several columns for one field the name first here wins."""


def folded(text: str) -> str:
    """Return a name without case, punctuation and spaces, for comparison."""
    return "".join(char for char in text.casefold() if char.isalnum())


_FIELD_BY_NAME = {
    folded(name): (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)
}


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a table's columns.

    Attributes:
        fields: The field of each column, ``extra`` or ``drop``.
        passed_over: Dropped columns whose name is known, and the field that another column took.
    """

    fields: tuple[str, ...]
    passed_over: tuple[tuple[str, str], ...] = ()

    def index(self, field: str) -> int | None:
        """Return the column that holds a field."""
        return self.fields.index(field) if field in self.fields else None


def find_field(name: str) -> str | None:
    """Return the field that a column of that name holds, or ``None`` if the name is not known."""
    found = _FIELD_BY_NAME.get(folded(name))
    return found[0] if found else None


def match_columns(table: Table, chosen: Mapping[str, str]) -> Columns:
    """Find out which column holds which field."""
    refuse_any(_faults(table))
    wanted = {folded(name): field for name, field in chosen.items()}
    ranked: dict[str, list[tuple[int, int]]] = {}
    for index, cell in enumerate(table.header):
        name = folded(cell.text)
        if name in wanted:
            ranked.setdefault(wanted[name], []).append((-1, index))
        elif name in _FIELD_BY_NAME:
            field, rank = _FIELD_BY_NAME[name]
            ranked.setdefault(field, []).append((rank, index))
    fields = [DROP for _ in table.header]
    passed: list[tuple[str, str]] = []
    for field, columns in ranked.items():
        taken = sorted(columns)[: None if field == EXTRA else 1]
        for _, index in taken:
            fields[index] = field
        if field != DROP:
            passed += [(table.header[index].text, field) for _, index in sorted(columns)[len(taken) :]]
    if "name" not in fields and "legal_name" in fields:
        # "Entity Name", alone, is what such a table calls its sub-processors.
        fields[fields.index("legal_name")] = "name"
    if "name" not in fields:
        names = ", ".join(quoted(cell.text) for cell in table.header)
        hint = "--column COLUMN=name says which column holds the names"
        message = f"no column holds the names; there are {names}"
        refuse(table.file, f"table {table.number}", message, hint, line=table.line)
    return Columns(fields=tuple(fields), passed_over=tuple(passed))


def _faults(table: Table) -> Iterator[Finding]:
    key = f"table {table.number}"
    for name, times in Counter(folded(cell.text) or cell.text for cell in table.header if cell.text).items():
        if times > 1:
            twice = next(cell.text for cell in table.header if (folded(cell.text) or cell.text) == name)
            message = f"{times} columns are named {quoted(twice)}"
            yield fault(table.file, key, message, "give each its own name", line=table.line)
    for index, cell in enumerate(table.header):
        filled = next((row for row in table.rows if row.cells[index].text), None)
        if not cell.text and filled:
            message = f"column {index + 1} has content and no name"
            yield fault(table.file, key, message, "name it", line=table.line)
        if {"s", "del", "strike"} & set(cell.marks):
            yield fault(table.file, key, f"column {index + 1} is struck out", line=table.line)
