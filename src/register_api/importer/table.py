"""Tables as they were found, what the caller says of them, and how a fault in them is reported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Any, Literal, NoReturn, get_args

import msgspec

from register_api.core.printable import quoted
from register_api.errors import Finding, Refused, UsageError

FileFormat = Literal["markdown", "html", "csv", "tsv", "json", "yaml"]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
_SUFFIXES: dict[str, FileFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".mhtml": "html",
    ".mht": "html",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def format_of(name: str) -> FileFormat:
    """Return the form of a file by its name."""
    suffix = PurePath(name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UsageError(
            f"{name}: the name does not tell the form of the file", hint=f"--format {'|'.join(FILE_FORMATS)}"
        )
    return _SUFFIXES[suffix]


MAX_BYTES = 8 * 1024 * 1024
"""Largest file that is read: a page of the most vendors a register may have."""
MAX_CELLS = 1_000_000
"""Most cells of all tables of a file, after merged cells were spread out."""


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    r"""One cell.

    Attributes:
        text: What it says, by the rules of the syntax it came in; line breaks are ``\n``.
        items: What it lists, where the syntax itself has lists (JSON).
        links: Targets of its links, in order.
        marks: Names of mark-up within it that changes what its letters mean, e.g. ``sup``.
        apart_from_badges: What it says without its badges ("New"), where the syntax has such.
    """

    text: str = ""
    items: tuple[str, ...] | None = None
    links: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    apart_from_badges: str = ""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row.

    Attributes:
        number: From 1, the header not counted.
        line: Line of the file, from 1, where the syntax has lines.
        section: Headings above it, the outermost first.
    """

    cells: tuple[Cell, ...]
    number: int
    line: int | None = None
    section: tuple[str, ...] = ()


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """What a page or file states of itself beside its rows: proposed, and taken only if a person agrees.

    Attributes:
        field: ``updated_on``, a day (YYYY-MM-DD), or ``notice_days``, a number.
        words: How it is stated.
    """

    field: Literal["updated_on", "notice_days"]
    value: str
    words: str
    file: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table.

    Attributes:
        file: What the file is called in reports.
        number: Which table of the file, from 1.
        header: The names of the columns.
        line: Line of the header.
        remarks: What the reader did that a person should know, e.g. merged cells spread out.
        stated: What the file states of itself.
    """

    file: str
    number: int
    header: tuple[Cell, ...]
    rows: tuple[Row, ...]
    line: int | None = None
    remarks: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()

    def place(self, row: Row, column: int) -> str:
        """Name a cell: ``table 1, row 3, column "Purpose"``."""
        name = self.header[column].text if column < len(self.header) else ""
        return f"table {self.number}, row {row.number}, column {quoted(name) if name else column + 1}"


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says of the tables, beside what they say themselves.

    Attributes:
        form: Form of all files; by their names if not given.
        columns: Column to field, to ``extra`` or to ``drop``.
        tables: Numbers of the tables to read; none means all, which then have the same columns.
        status: What a row is that names no status.
        category: Title of the category of a row that names none.
        defaults: Text to read for a field where a row says nothing of it, by field.
        links: Field that takes the link of a vendor's name; ``None`` keeps it as text.
        clean: Whether texts are put right, with a note for each, or refused.
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


def keep_aside(extra: dict[str, str], label: str, text: str) -> None:
    """Keep a text that no field takes; a label that is taken gets a mark."""
    while label in extra:
        label += "*"
    extra[label] = text


def fault(
    file: str, key: str, message: str, hint: str = "", *, line: int | None = None, rule: str = "R01"
) -> Finding:
    """Return an error about a place in a file that is taken over."""
    return Finding(rule=rule, severity="error", file=file, key=key, message=message, hint=hint, line=line)


def refuse_any(faults: Iterable[Finding]) -> None:
    """Raise if there is any fault."""
    found = tuple(faults)
    if found:
        raise Refused(found, "written")


def refuse(
    file: str, key: str, message: str, hint: str = "", *, line: int | None = None, rule: str = "R01"
) -> NoReturn:
    """Refuse a file for one fault."""
    raise Refused([fault(file, key, message, hint, line=line, rule=rule)], "written")
