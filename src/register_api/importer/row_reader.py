"""One row of a table: its name, its fields, and all that is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from register_api.core.countries import is_in_eea
from register_api.core.printable import quoted
from register_api.importer.cell_values import (
    LINKED,
    LISTS,
    MECHANISMS,
    VENDOR_FIELDS,
    Fit,
    Misfit,
    is_nothing,
    read_value,
)
from register_api.importer.columns import DROP, EXTRA, folded
from register_api.importer.reading_options import ImportedRow
from register_api.importer.row_defaults import TableContext, row_category, row_status
from register_api.importer.table import Cell, fault

if TYPE_CHECKING:
    from register_api.errors import Finding
    from register_api.importer.table import Row

_STRUCK = frozenset({"s", "del", "strike", "ins"})
_SMALL = frozenset({"sup", "sub"})
OWN_WAY = frozenset({"name", "status", "category", "transfers", EXTRA, DROP})
"""Fields that are not read by ``read_value``."""


class _Found(msgspec.Struct):
    """What one row has given so far."""

    vendor: dict[str, Any]
    use: dict[str, Any]
    extra: dict[str, str]

    def put(self, fit: Fit) -> None:
        """Put a value where it belongs; company numbers come together in one list."""
        part = self.vendor if fit.field in VENDOR_FIELDS else self.use
        part[fit.field] = [*part.get(fit.field, []), *fit.value] if fit.field == "identifiers" else fit.value

    def keep(self, label: str, text: str) -> None:
        """Keep a text that no field takes; a label that is taken gets a mark."""
        while label in self.extra:
            label += "*"
        self.extra[label] = text


class RowReader:
    """Reads the rows of one table."""

    def __init__(self, context: TableContext) -> None:
        """Judge the names of the table's columns once."""
        self._context, self._table = context, context.table
        self._columns, self._options = context.columns, context.options
        self._reporter, self._hygiene = context.reporter, context.hygiene
        key = f"table {self._table.number}, header"
        self._labels = [
            ""
            if field == DROP
            else self._hygiene.text(cell.text, self._table.file, key, line=self._table.line, name=True)
            for cell, field in zip(self._table.header, self._columns.fields, strict=True)
        ]

    def read(self, row: Row) -> ImportedRow | Finding:
        """Return what a row states, or why it cannot be read."""
        problem = self._unreadable(row)
        if problem is not None:
            return problem
        cells = [self._judged(row, index) for index in range(len(row.cells))]
        found = _Found({}, {}, {})
        for index, cell in enumerate(cells):
            self._take(index, cell, found, self._table.place(row, index))
        status = row_status(self._context, row, cells)
        if status is None:
            return self._fault(row, "status", "names no status", "names.toml may say which it is: [statuses]")
        found.use["status"] = status
        self._fill_in(found)
        self._take_transfers(cells, found)
        self._part_from_dates(found)
        fields = self._columns.fields
        return ImportedRow(
            name=cells[self._column("name")].text,
            category=row_category(self._context, row, cells),
            vendor=found.vendor,
            use=found.use,
            extra=found.extra,
            words={
                field: cell.text
                for field, cell in zip(fields, cells, strict=True)
                if field not in {DROP, EXTRA}
            },
            file=self._table.file,
            key=f"table {self._table.number}, row {row.number}",
            line=row.line,
        )

    def _unreadable(self, row: Row) -> Finding | None:
        name = row.cells[self._column("name")]
        if any(_STRUCK & set(cell.marks) for cell in row.cells):
            return self._fault(
                row, "name", "stands in a row that is struck out", "take the row or the mark out"
            )
        if is_nothing(name.text):
            return self._fault(row, "name", "is no name", "a row names its sub-processor")
        if _SMALL & set(name.marks):
            return self._fault(
                row, "name", "holds small letters, such as those of a footnote", "take them out"
            )
        return None

    def _fault(self, row: Row, field: str, problem: str, hint: str) -> Finding:
        column = self._column(field)
        message = f"{quoted(row.cells[column].text)} {problem}"
        return fault(self._table.file, self._table.place(row, column), message, hint, line=row.line)

    def _column(self, field: str) -> int:
        return self._columns.fields.index(field)

    def _judged(self, row: Row, index: int) -> Cell:
        """Return a cell as it may stand in the register, part by part where it is a list."""
        cell, field, place = row.cells[index], self._columns.fields[index], self._table.place(row, index)
        if field == DROP:
            return Cell()
        if field == "name" and cell.apart_from_badges not in {"", cell.text}:
            message = (
                f"{quoted(cell.text)}: only {quoted(cell.apart_from_badges)} is the name, the rest a badge"
            )
            self._reporter.note("read", message, file=self._table.file, line=row.line, key=place)
            cell = msgspec.structs.replace(cell, text=cell.apart_from_badges)

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
        field, label = self._columns.fields[index], self._labels[index]
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
            message = f"links of the column {quoted(label)} are kept as extra"
            self._reporter.note("left", message, file=self._table.file, key=place)

    def _read(self, field: str, cell: Cell, found: _Found, place: str) -> bool:
        value = read_value(field, cell)
        if isinstance(value, Misfit):
            message = f"{field}: {quoted(cell.text)} {value.reason}; kept as extra"
            self._reporter.note("left", message, file=self._table.file, key=place)
            return False
        if value.remark:
            self._reporter.note("assumed", value.remark, file=self._table.file, key=place)
        found.put(value)
        return True

    def _fill_in(self, found: _Found) -> None:
        """Read what the caller says for fields that the row says nothing of."""
        for field, text in self._options.defaults.items():
            part = found.vendor if field in VENDOR_FIELDS else found.use
            if field not in part:
                value = read_value(field, Cell(text=text))
                if isinstance(value, Fit):
                    found.put(value)
                    message = f'where nothing is said, {field} is "{text}", as --default says'
                    self._reporter.note("assumed", message)

    def _take_transfers(self, cells: list[Cell], found: _Found) -> None:
        """Read a transfer mechanism, where it can only be about one country outside the EEA."""
        column = self._columns.index("transfers")
        if column is None or is_nothing(cells[column].text):
            return
        text = cells[column].text
        places = [item["country"] for item in found.use.get("locations", [])]
        outside = [place for place in places if not is_in_eea(place)]
        mechanism = MECHANISMS.get(folded(text))
        if mechanism is None or len(outside) != 1 or outside == ["varies"]:
            found.keep(self._labels[column], text)
            message = "a transfer mechanism in other words, or not for one country alone, is kept as extra"
            self._reporter.note("left", message, file=self._table.file)
            return
        found.use["transfers"] = [{"destination": outside[0], "mechanism": mechanism}]

    def _part_from_dates(self, found: _Found) -> None:
        """Keep days of what is only available as text: it is not used, so it does not start (R08)."""
        if found.use["status"] == "available":
            for field in ("starts_on", "ends_on"):
                if field in found.use:
                    found.keep(self._labels[self._column(field)], found.use.pop(field))
