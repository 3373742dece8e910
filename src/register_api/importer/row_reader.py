"""One row of a table: its name, its fields, its status and category, and all that is left over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from register_api.core.countries import is_in_eea
from register_api.core.printable import quoted
from register_api.errors import Finding
from register_api.importer.cell_values import (
    LINKED,
    LISTS,
    MECHANISMS,
    VENDOR_FIELDS,
    Misfit,
    is_nothing,
    read_value,
    status_of,
)
from register_api.importer.columns import DROP, EXTRA, Columns, folded
from register_api.importer.hygiene import Hygiene
from register_api.importer.import_report import Kind, Reporter
from register_api.importer.reading_options import ImportedRow, ImportOptions
from register_api.importer.table import Cell, Row, Table, fault

USUAL_STATUS = "active"
USUAL_CATEGORY = "Sub-processors"
_STRUCK = frozenset({"s", "del", "strike", "ins"})
_SMALL = frozenset({"sup", "sub"})
OWN_WAY = frozenset({"name", "status", "category", "transfers", EXTRA, DROP})
"""Fields that are not read by ``read_value``."""

_NUMBERING = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})*[.)]?\s+")
_OF_STATUS = frozenset({"", "subprocessor", "subprocessors", "vendor", "vendors", "processors"})


class _Found(msgspec.Struct):
    """What one row has given so far: cells and values by field, and what no field takes by label."""

    cells: dict[str, Cell]
    values: dict[str, Any]
    extra: dict[str, str]

    def said(self, field: str) -> str:
        """Return the text of a field's cell; empty if there is none, or a dash."""
        text = self.cells[field].text if field in self.cells else ""
        return "" if is_nothing(text) else text

    def keep(self, label: str, text: str) -> None:
        """Keep a text that no field takes; a label that is taken gets a mark."""
        while label in self.extra:
            label += "*"
        self.extra[label] = text


class RowReader:
    """Reads the rows of one table."""

    def __init__(
        self,
        table: Table,
        columns: Columns,
        options: ImportOptions,
        titles: Mapping[str, str],
        reporter: Reporter,
        hygiene: Hygiene,
    ) -> None:
        """Judge the names of the columns once; ``titles`` are words that mean a status (names.toml)."""
        self._table, self._fields, self._options = table, columns.fields, options
        self._titles, self._reporter, self._hygiene = titles, reporter, hygiene
        key = f"table {table.number}, header"
        self._labels = [
            "" if field == DROP else hygiene.text(cell.text, table.file, key, line=table.line, name=True)
            for cell, field in zip(table.header, columns.fields, strict=True)
        ]

    def read(self, row: Row, *, titled: bool) -> ImportedRow | Finding:
        """Return what a row states, or why it cannot be read; headings above it may tell its category."""
        problem = self._unreadable(row)
        if problem is not None:
            return problem
        cells = [self._judged(row, index) for index in range(len(row.cells))]
        by_field = dict(zip(self._fields, cells, strict=True))
        found = _Found({field: by_field[field] for field in by_field if field not in {DROP, EXTRA}}, {}, {})
        for index, cell in enumerate(cells):
            self._take(index, cell, found, self._table.place(row, index))
        status = self._status(row, found)
        if status is None:
            return self._fault(row, "status", "names no status", "names.toml may say which it is: [statuses]")
        found.values["status"] = status
        self._fill_in(found)
        self._take_transfers(found)
        self._part_from_dates(found)
        return ImportedRow(
            name=found.cells["name"].text,
            category=self._category(row, found, titled=titled),
            vendor={field: value for field, value in found.values.items() if field in VENDOR_FIELDS},
            use={field: value for field, value in found.values.items() if field not in VENDOR_FIELDS},
            extra=found.extra,
            words={field: cell.text for field, cell in found.cells.items()},
            file=self._table.file,
            key=f"table {self._table.number}, row {row.number}",
            line=row.line,
        )

    def _unreadable(self, row: Row) -> Finding | None:
        name = row.cells[self._fields.index("name")]
        if any(_STRUCK & set(cell.marks) for cell in row.cells):
            hint = "take the row or the mark out"
            return self._fault(row, "name", "stands in a row that is struck out", hint)
        if is_nothing(name.text):
            return self._fault(row, "name", "is no name", "a row names its sub-processor")
        if _SMALL & set(name.marks):
            problem = "holds small letters, such as those of a footnote"
            return self._fault(row, "name", problem, "take them out")
        return None

    def _fault(self, row: Row, field: str, problem: str, hint: str) -> Finding:
        column = self._fields.index(field)
        message = f"{quoted(row.cells[column].text)} {problem}"
        return fault(self._table.file, self._table.place(row, column), message, hint, line=row.line)

    def _note(self, kind: Kind, message: str, key: str = "") -> None:
        self._reporter.note(kind, message, file=self._table.file, key=key)

    def _judged(self, row: Row, index: int) -> Cell:
        """Return a cell as it may stand in the register, part by part where it is a list."""
        cell, field, place = row.cells[index], self._fields[index], self._table.place(row, index)
        if field == DROP:
            return Cell()
        if field == "name" and cell.apart_from_badges not in {"", cell.text}:
            name = cell.apart_from_badges
            message = f"{quoted(cell.text)}: only {quoted(name)} is the name, the rest a badge"
            self._reporter.note("read", message, file=self._table.file, line=row.line, key=place)
            cell = msgspec.structs.replace(cell, text=name)

        def judged(text: str) -> str:
            named = field in {"name", "category"}
            return self._hygiene.text(text, self._table.file, place, line=row.line, name=named)

        items = cell.items
        if items is None and field in LISTS and cell.text:
            items = tuple(cell.text.split("\n"))
        if items is not None:
            items = tuple(judged(item) for item in items)
        text = judged(cell.text) if items is None else "\n".join(items)
        links = tuple(judged(link) for link in cell.links)
        return msgspec.structs.replace(cell, text=text, items=items, links=links)

    def _take(self, index: int, cell: Cell, found: _Found, place: str) -> None:
        """Put one cell where it belongs; what fits nowhere is kept under the column's name."""
        field, label = self._fields[index], self._labels[index]
        links = list(cell.links)
        if field == "name" and self._options.links and len(links) == 1:
            links = [] if self._read(self._options.links, Cell(text=links[0]), found, place) else links
        elif field not in OWN_WAY and not is_nothing(cell.text):
            if not self._read(field, cell, found, place):
                found.keep(label, cell.text)
            elif field in LINKED and len(links) == 1:
                links = []
        elif field == EXTRA and cell.text:
            found.keep(label, cell.text)
        if links:
            found.keep(f"{label} (link)", "\n".join(links))
            self._note("left", f"links of the column {quoted(label)} are kept as extra", place)

    def _read(self, field: str, cell: Cell, found: _Found, place: str) -> bool:
        """Read a cell as a field; company numbers come together in one list."""
        value = read_value(field, cell)
        if isinstance(value, Misfit):
            self._note("left", f"{field}: {quoted(cell.text)} {value.reason}; kept as extra", place)
            return False
        if value.remark:
            self._note("assumed", value.remark, place)
        before = found.values.get(value.field, []) if value.field == "identifiers" else []
        found.values[value.field] = [*before, *value.value] if before else value.value
        return True

    def _fill_in(self, found: _Found) -> None:
        """Read what the caller says for fields that the row says nothing of."""
        for field, text in self._options.defaults.items():
            value = read_value(field, Cell(text=text)) if field not in found.values else Misfit("is there")
            if not isinstance(value, Misfit):
                found.values[value.field] = value.value
                message = f'where nothing is said, {field} is "{text}", as --default says'
                self._reporter.note("assumed", message)

    def _take_transfers(self, found: _Found) -> None:
        """Read a transfer mechanism, where it can only be about one country outside the EEA."""
        text = found.said("transfers")
        places = [item["country"] for item in found.values.get("locations", [])]
        outside = [place for place in places if not is_in_eea(place)]
        mechanism = MECHANISMS.get(folded(text))
        if text and mechanism and len(outside) == 1 and outside != ["varies"]:
            found.values["transfers"] = [{"destination": outside[0], "mechanism": mechanism}]
        elif text:
            found.keep(self._labels[self._fields.index("transfers")], text)
            message = "a transfer mechanism in other words, or not for one country alone, is kept as extra"
            self._note("left", message)

    def _part_from_dates(self, found: _Found) -> None:
        """Keep days of what is only available as text: it is not used, so it does not start (R08)."""
        for field in ("starts_on", "ends_on"):
            if found.values["status"] == "available" and field in found.values:
                found.keep(self._labels[self._fields.index(field)], found.values.pop(field))

    def _status(self, row: Row, found: _Found) -> str | None:
        """Return the status by column, heading, or the caller; ``None`` for a word that is none."""
        text = found.said("status")
        if text:
            return self._titles.get(text) or status_of(text)
        named = next(filter(None, map(self._status_of_heading, reversed(row.section))), None)
        if named is None and self._options.status is None:
            said = f'rows that name no status are written as "{USUAL_STATUS}"; --status says otherwise'
            self._note("assumed", said)
        return named or self._options.status or USUAL_STATUS

    def _status_of_heading(self, heading: str) -> str | None:
        """Return the status that a heading names: "Active", or "Active sub-processors"."""
        word, _, rest = _NUMBERING.sub("", heading, count=1).partition(" ")
        return self._titles.get(heading) or (status_of(word) if folded(rest) in _OF_STATUS else None)

    def _category(self, row: Row, found: _Found, *, titled: bool) -> str:
        """Return the title of the category: by its column, the last heading above, or the caller."""
        headings = [item for item in row.section if titled and self._status_of_heading(item) is None]
        if found.said("category"):
            return found.said("category")
        if headings:
            self._reporter.note("read", f"the heading {quoted(headings[-1])} is read as a category")
            title, key = _NUMBERING.sub("", headings[-1], count=1), f"table {self._table.number}, heading"
            return self._hygiene.text(title, self._table.file, key, line=row.line, name=True)
        if self._options.category is None:
            said = f'rows without a category are written into "{USUAL_CATEGORY}"; --category says otherwise'
            self._note("assumed", said)
        return self._options.category or USUAL_CATEGORY
