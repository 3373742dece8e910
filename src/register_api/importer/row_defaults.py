"""Status and category of a row: by its own columns, by the headings above it, or by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from register_api.core.printable import quoted
from register_api.importer.cell_values import is_nothing, status_of
from register_api.importer.columns import Columns, folded
from register_api.importer.hygiene import Hygiene
from register_api.importer.import_report import Reporter
from register_api.importer.reading_options import ImportOptions
from register_api.importer.table import Table

if TYPE_CHECKING:
    from register_api.importer.table import Cell, Row

USUAL_STATUS = "active"
USUAL_CATEGORY = "Sub-processors"

_NUMBERING = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})*[.)]?\s+")
_OF_STATUS = frozenset({"", "subprocessor", "subprocessors", "vendor", "vendors", "processors"})


class TableContext(msgspec.Struct, frozen=True):
    """One table and what is known of it while its rows are read.

    Attributes:
        titles: The words that the caller says mean a status, and the status (names.toml).
        titled: Whether headings above the rows tell their category.
    """

    table: Table
    columns: Columns
    options: ImportOptions
    titles: Mapping[str, str]
    reporter: Reporter
    hygiene: Hygiene
    titled: bool


def row_status(context: TableContext, row: Row, cells: list[Cell]) -> str | None:
    """Return the status by column, heading, or the caller; ``None`` for a word that is none."""
    column = context.columns.index("status")
    if column is not None and not is_nothing(cells[column].text):
        text = cells[column].text
        return context.titles.get(text) or status_of(text)
    for heading in reversed(row.section):
        named = _status_of_heading(context, heading)
        if named is not None:
            return named
    if context.options.status is None:
        message = f'rows that name no status are written as "{USUAL_STATUS}"; --status says otherwise'
        context.reporter.note("assumed", message, file=context.table.file)
    return context.options.status or USUAL_STATUS


def _status_of_heading(context: TableContext, heading: str) -> str | None:
    """Return the status that a heading names: "Active", or "Active sub-processors"."""
    if heading in context.titles:
        return context.titles[heading]
    word, _, rest = _NUMBERING.sub("", heading, count=1).partition(" ")
    return status_of(word) if folded(rest) in _OF_STATUS else None


def row_category(context: TableContext, row: Row, cells: list[Cell]) -> str:
    """Return the title of the category."""
    column = context.columns.index("category")
    if column is not None and not is_nothing(cells[column].text):
        return cells[column].text
    headings = (
        [item for item in row.section if _status_of_heading(context, item) is None] if context.titled else []
    )
    if headings:
        title = _NUMBERING.sub("", headings[-1], count=1)
        context.reporter.note("read", f"the heading {quoted(headings[-1])} is read as a category")
        key = f"table {context.table.number}, heading"
        return context.hygiene.text(title, context.table.file, key, line=row.line, name=True)
    if context.options.category is None:
        message = f'rows without a category are written into "{USUAL_CATEGORY}"; --category says otherwise'
        context.reporter.note("assumed", message, file=context.table.file)
    return context.options.category or USUAL_CATEGORY
