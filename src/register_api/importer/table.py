"""Tables as read from a file, the options of an import, and the matching of columns to fields.

Columns are matched by name, against the names that companies commonly use; never by content.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Literal, NoReturn

import msgspec

from register_api.core.field_forms import Vocabulary
from register_api.core.fields import FIELDS
from register_api.core.model import EngagementSource, Identifier, SubprocessorSource
from register_api.core.struct_fields import shapes
from register_api.core.text import quoted
from register_api.errors import Finding, Refused, UsageError
from register_api.source.file import finding

FileFormat = Literal["markdown", "html", "csv", "tsv", "json", "yaml"]
_SUFFIXES: dict[FileFormat, str] = {
    "markdown": ".md .markdown .mdx",
    "html": ".html .htm .xhtml .mhtml .mht",
    "csv": ".csv",
    "tsv": ".tsv .tab",
    "json": ".json",
    "yaml": ".yaml .yml",
}
FILE_FORMATS: tuple[FileFormat, ...] = tuple(_SUFFIXES)


SPREADSHEET = "save a spreadsheet as CSV (UTF-8), and other documents as HTML"
"""Hint for formats that are not read."""


def format_of(name: str) -> FileFormat:
    """Return the format of a file, from its name."""
    suffix = PurePath(name).suffix.lower()
    for form, known in _SUFFIXES.items():
        if suffix in known.split():
            return form
    hint = f"--format {'|'.join(FILE_FORMATS)}; {SPREADSHEET}"
    raise UsageError(f"the name {name} does not say which format the file has", hint=hint)


MAX_BYTES = 8 * 1024 * 1024
"""Maximum file size: enough for a page with as many vendors as a register may have."""
MAX_CELLS = 1_000_000
"""Maximum number of cells in all tables of a file, after merged cells are expanded."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    r"""One cell.

    Attributes:
        text: Its text, decoded from the syntax of the file; line breaks are ``\n``.
        items: Its list items, if the syntax has lists (JSON).
        links: Targets of its links, in order.
        marks: Elements in it that change the meaning of its text, e.g. ``sup``.
        apart_from_badges: Its text without badges such as "New" (HTML).
    """

    text: str = ""
    items: tuple[str, ...] | None = None
    links: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    apart_from_badges: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row, numbered from 1, with its line, if known, and the headings above it."""

    cells: tuple[Cell, ...]
    number: int
    line: int | None = None
    section: tuple[str, ...] = ()


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """A statement of a page or file about itself; it is used only if the user agrees.

    The value is a date (YYYY-MM-DD) for ``updated_on``, and a number for ``notice_days``.
    """

    field: Literal["updated_on", "notice_days"]
    value: str
    words: str
    file: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a file, numbered from 1, with the line of its header and remarks for the user."""

    file: str
    number: int
    header: tuple[Cell, ...]
    rows: tuple[Row, ...]
    line: int | None = None
    remarks: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()

    def place(self, row: Row, column: int) -> str:
        """Return the place of a cell, e.g. ``table 1, row 3, column "Purpose"``."""
        name = self.header[column].text if column < len(self.header) else ""
        return f"table {self.number}, row {row.number}, column {quoted(name) if name else column + 1}"


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options for reading the tables.

    Attributes:
        form: Format of all files; derived from their names if not given.
        columns: Column name to field, ``extra`` or ``drop``.
        tables: Numbers of the tables to read; empty means all, which must then have the same columns.
        status: Status of rows without one.
        category: Title of the category of rows without one.
        defaults: Text to read for a field that a row lacks, by field.
        links: Field for the link on a vendor's name; ``None`` keeps the link as extra text.
    """

    form: FileFormat | None = None
    columns: dict[str, str] = {}
    tables: tuple[int, ...] = ()
    status: str | None = None
    category: str | None = None
    defaults: dict[str, str] = {}
    links: str | None = None
    clean: bool = False


class ImportedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    name: str
    category: str
    vendor: dict[str, Any]
    use: dict[str, Any]
    extra: dict[str, str]
    words: dict[str, str]
    file: str
    key: str
    line: int | None


def keep_as_extra(extra: dict[str, str], label: str, text: str) -> None:
    """Store a text that no field takes; ``*`` is appended to a label already in use."""
    while label in extra:
        label += "*"
    extra[label] = text


def refuse_any(faults: Iterable[Finding]) -> None:
    """Raise ``Refused`` if there are any faults."""
    found = tuple(faults)
    if found:
        raise Refused(found, "written")


def refuse(file: str, key: str, message: str, hint: str = "", **more: Any) -> NoReturn:
    """Raise ``Refused`` with one fault; ``line`` and ``rule`` are optional."""
    raise Refused([finding(file, key, message, hint, **more)], "written")


EXTRA = "extra"
"""Target of a column that is published under its own name, only on request."""
DROP = "drop"
"""Target of a column that is not published: internal notes would otherwise become permanently public."""


_SCHEME = shapes(Identifier)["scheme"].form
NAMES: dict[str, tuple[str, ...]] = {
    field: tuple(row.columns.split(", "))
    for kind in (SubprocessorSource, EngagementSource)
    for field, row in FIELDS[kind].items()
    if row.columns
} | {
    code: (code, *others)
    for code, others in (_SCHEME.codes.items() if isinstance(_SCHEME, Vocabulary) else ())
}
"""Fields and company number schemes to their column names; the first name wins if several columns match."""


def folded(text: str) -> str:
    """Return a name without case, punctuation and spaces, for comparison."""
    return "".join(char for char in text.casefold() if char.isalnum())


_FIELD_BY_NAME = {
    folded(name): (field, rank) for field, names in NAMES.items() for rank, name in enumerate(names)
}


def find_field(name: str) -> str | None:
    """Return the field of a column with this name, or ``None`` if the name is unknown."""
    found = _FIELD_BY_NAME.get(folded(name))
    return found[0] if found else None


def match_columns(table: Table, chosen: Mapping[str, str]) -> list[str]:
    """Return the field of each column, or ``extra`` or ``drop``."""
    refuse_any(_faults(table))
    known = _FIELD_BY_NAME | {folded(name): (field, -1) for name, field in chosen.items()}
    names = [folded(cell.text) for cell in table.header]
    ranked = sorted((known[name][1], at, known[name][0]) for at, name in enumerate(names) if name in known)
    fields = [DROP for _ in names]
    for _, at, field in ranked:
        if field == EXTRA or field not in fields:
            fields[at] = field
    if "name" not in fields and "legal_name" in fields:
        # Without a name column, "Entity Name" holds the names of the sub-processors.
        fields[fields.index("legal_name")] = "name"
    if "name" not in fields:
        there = ", ".join(quoted(cell.text) for cell in table.header)
        hint = "--column COLUMN=name says which column holds the names"
        message = f"no column holds the names; there are {there}"
        refuse(table.file, f"table {table.number}", message, hint, line=table.line)
    return fields


def _faults(table: Table) -> Iterator[Finding]:
    key = f"table {table.number}"
    named: dict[str, list[str]] = {}
    for cell in table.header:
        named.setdefault(folded(cell.text) or cell.text, []).append(cell.text)
    for name, texts in named.items():
        if name and len(texts) > 1:
            message = f"{len(texts)} columns are named {quoted(texts[0])}"
            yield finding(table.file, key, message, "give each its own name", line=table.line)
    for index, cell in enumerate(table.header):
        if not cell.text and any(row.cells[index].text for row in table.rows):
            message = f"column {index + 1} has content and no name"
            yield finding(table.file, key, message, "name it", line=table.line)
        if {"s", "del", "strike"} & set(cell.marks):
            yield finding(table.file, key, f"column {index + 1} is struck out", line=table.line)
