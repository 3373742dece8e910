"""CSV and TSV (RFC 4180): the first row names the columns; white space belongs to the cells."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from register_api.core.printable import printable
from register_api.importer.columns import find_field
from register_api.importer.table import Cell, Row, Table, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEPARATORS = (",", ";")


def read_csv(name: str, text: str) -> tuple[Table, ...]:
    """Read the one table of a CSV file, separated by commas or, as some programs do, by semicolons."""
    fitting = [
        mark for mark in _SEPARATORS if any(find_field(cell) == "name" for cell in _header(text, mark))
    ]
    parting = [mark for mark in _SEPARATORS if len(_header(text, mark)) > 1]
    if not fitting and len(parting) != 1:
        hint = "the first row names the columns; --column COLUMN=name says which holds the names"
        refuse(name, "", "the first row has no column of names that is known", hint, line=1)
    return _read(name, text, (fitting or parting)[0])


def read_tsv(name: str, text: str) -> tuple[Table, ...]:
    """Read the one table of a file separated by tabs."""
    return _read(name, text, "\t")


def _header(text: str, mark: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), [])
    except csv.Error:
        return []


def _read(name: str, text: str, mark: str) -> tuple[Table, ...]:
    lines = list(_lines(name, text, mark))
    if not lines:
        return ()
    (line, header), *body = lines
    rows = (
        Row(cells=tuple(Cell(text=text) for text in cells), number=number, line=at)
        for number, (at, cells) in enumerate(body, 1)
    )
    return (
        Table(
            file=name, number=1, header=tuple(Cell(text=text) for text in header), rows=tuple(rows), line=line
        ),
    )


def _lines(name: str, text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the line it begins on; rows without any cell are blank lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    begins = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            refuse(name, "", f"not well-formed: {printable(error)}", line=max(reader.line_num, 1))
        if cells is None:
            return
        if cells:
            yield begins, [cell.replace("\r\n", "\n") for cell in cells]
        begins = reader.line_num + 1
