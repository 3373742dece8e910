"""Status and category of a row: by its own columns, by the headings above it, or by the caller."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.core.printable import quoted
from register_api.importer.cell_values import is_nothing, status_of
from register_api.importer.columns import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.importer.columns import Columns
    from register_api.importer.hygiene import Hygiene
    from register_api.importer.import_report import Reporter
    from register_api.importer.reading_options import ImportOptions
    from register_api.importer.table import Cell, Row, Table

USUAL_STATUS = "active"
USUAL_CATEGORY = "Sub-processors"

_NUMBERING = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})*[.)]?\s+")
_OF_STATUS = frozenset({"", "subprocessor", "subprocessors", "vendor", "vendors", "processors"})


class RowDefaults:
    """Tells the status and the category of the rows of one table."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        options: ImportOptions,
        titles: Mapping[str, str],
        reporter: Reporter,
        hygiene: Hygiene,
    ) -> None:
        """Keep the table and what is known of it."""
        self._table = table
        self._columns = columns
        self._options = options
        self._titles = titles
        self._reporter = reporter
        self._hygiene = hygiene

    def status(self, row: Row, cells: list[Cell]) -> str | None:
        """Return the status by column, heading, or the caller; ``None`` for a word that is none."""
        column = self._columns.index("status")
        if column is not None and not is_nothing(cells[column].text):
            text = cells[column].text
            return self._titles.get(text) or status_of(text)
        for heading in reversed(row.section):
            named = self._status_of_heading(heading)
            if named is not None:
                return named
        if self._options.status is None:
            message = f'rows that name no status are written as "{USUAL_STATUS}"; --status says otherwise'
            self._reporter.note("assumed", message, file=self._table.file)
        return self._options.status or USUAL_STATUS

    def _status_of_heading(self, heading: str) -> str | None:
        """Return the status that a heading names: "Active", or "Active sub-processors"."""
        if heading in self._titles:
            return self._titles[heading]
        word, _, rest = _NUMBERING.sub("", heading, count=1).partition(" ")
        return status_of(word) if folded(rest) in _OF_STATUS else None

    def category(self, row: Row, cells: list[Cell], *, titled: bool) -> str:
        """Return the title of the category; ``titled`` says whether headings tell it."""
        column = self._columns.index("category")
        if column is not None and not is_nothing(cells[column].text):
            return cells[column].text
        headings = [item for item in row.section if self._status_of_heading(item) is None] if titled else []
        if headings:
            title = _NUMBERING.sub("", headings[-1], count=1)
            self._reporter.note("read", f"the heading {quoted(headings[-1])} is read as a category")
            key = f"table {self._table.number}, heading"
            return self._hygiene.text(title, self._table.file, key, line=row.line, name=True)
        if self._options.category is None:
            message = (
                f'rows without a category are written into "{USUAL_CATEGORY}"; --category says otherwise'
            )
            self._reporter.note("assumed", message, file=self._table.file)
        return self._options.category or USUAL_CATEGORY
