"""Tables as they were found: cells with their text, links and place, and how a fault is reported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NoReturn

import msgspec

from register_api.core.printable import quoted
from register_api.errors import Finding, Refused

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
