"""Files written by people: CSV tables, with every fault and its line, and TOML settings."""

from __future__ import annotations

import csv
import io
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from register_api.core.language.language import count
from register_api.core.text import printable
from register_api.errors import UsageError
from register_api.files.durable import read_bounded

_MAX_BYTES = 64 * 1024
_LONGEST = 100

TABLES = frozenset({"notify", "watch"})
"""Tables of the settings file for the command of the same name; everything else belongs to `serve`."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a settings file.

    Raises:
        UsageError: The file cannot be read, is too large, or is not valid TOML.
    """
    data = read_bounded(path, _MAX_BYTES, shortened(str(path)))
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} has more than {_MAX_BYTES} bytes; that is not a settings file")
    try:
        return tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {printable(error)}") from error


def value_fault(error: msgspec.ValidationError) -> str:
    """Return what is wrong with a value in a row, after the name of its field."""
    problem, _, field = printable(error).partition(" - at `$.")
    return f"{field.rstrip('`')}: {problem[:1].lower()}{problem[1:]}" if field else problem


def shortened(value: object) -> str:
    """Return a value for a message: truncated, and in ASCII for terminals."""
    return ascii(value if isinstance(value, int | float) else str(value)[:_LONGEST])


MAX_BYTES = 32 * 1024 * 1024


class RowFault(NamedTuple):
    """A fault in a row, and the line of the file on which the row begins."""

    line: int
    message: str


class CsvFile(NamedTuple):
    """Headings, rows (first line to cells by column index), and faults; faulty rows are left out."""

    headings: list[str]
    rows: dict[int, dict[int, str]]
    faults: list[RowFault]


def read_csv(data: bytes) -> CsvFile:
    """Parse a CSV file in UTF-8 with a header row, separated by commas or semicolons."""
    if len(data) > MAX_BYTES:
        return CsvFile([], {}, [RowFault(1, f"more than {MAX_BYTES} bytes")])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return CsvFile([], {}, [RowFault(line, "not UTF-8; save the table as CSV UTF-8")])
    head = text.partition("\n")[0]
    cells = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=";" if head.count(";") > head.count(",") else ",",
        strict=True,
    )
    found = CsvFile([], {}, [])
    try:
        found.headings.extend(name.strip() for name in next(cells, []))
        end = cells.line_num
        for row in cells:
            line, end = end + 1, cells.line_num  # a quoted cell may have several lines
            values = {place: cell.strip() for place, cell in enumerate(row) if cell.strip()}
            if values and len(row) != len(found.headings):
                columns = count(len(found.headings), "column")
                fault = f"{count(len(row), 'cell')} in a table of {columns}"
                found.faults.append(RowFault(line, fault))
            elif values:
                found.rows[line] = values
    except csv.Error as error:
        found.faults.append(RowFault(max(cells.line_num, 1), f"not CSV: {printable(error)}"))
    return found
