"""Convert table rows to entries: one vendor and one purpose each, plus values that no field takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.countries import is_in_eea
from register_api.core.text import quoted
from register_api.errors import Finding
from register_api.importer.cell_values import (
    LINKED,
    LISTS,
    MECHANISMS,
    VENDOR_FIELDS,
    is_empty_cell,
    read_value,
    status_of,
)
from register_api.importer.import_report import ColumnNote, Kind, Reporter
from register_api.importer.table import (
    DROP,
    EXTRA,
    Cell,
    ImportedRow,
    ImportOptions,
    Row,
    Table,
    find_field,
    folded,
    keep_as_extra,
    match_columns,
    refuse,
    refuse_any,
)
from register_api.source.file import finding

USUAL_STATUS = "active"
USUAL_CATEGORY = "Sub-processors"
_STRUCK = frozenset({"s", "del", "strike", "ins"})
_SMALL = frozenset({"sup", "sub"})
READ_ELSEWHERE = frozenset({"name", "status", "category", "transfers", EXTRA, DROP})
"""Fields that ``read_value`` does not read."""
_NUMBERING = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3})*[.)]?\s+")
_STATUS_NOUNS = frozenset({"", "subprocessor", "subprocessors", "vendor", "vendors", "processors"})


def read_rows(
    tables: Sequence[Table], options: ImportOptions, titles: Mapping[str, str], reporter: Reporter
) -> tuple[ImportedRow, ...]:
    """Read the rows of one file's tables; ``titles`` maps words to a status (names.toml)."""
    reporter.faults.clear()
    chosen = _chosen(tables, options)
    titled = len({row.section for table in chosen for row in table.rows}) > 1
    found: list[ImportedRow | Finding] = []
    for table in chosen:
        reader = RowReader(table, options, titles, reporter)
        for row in table.rows:
            empty = all(is_empty_cell(cell.text) for cell in row.cells)
            if empty or [cell.text for cell in row.cells] == [cell.text for cell in table.header]:
                message = f"{'an empty row' if empty else 'a row that repeats the header'} was skipped"
                key = f"table {table.number}, row {row.number}"
                reporter.note("skipped", message, file=table.file, line=row.line, key=key)
            else:
                found.append(reader.read(row, titled=titled))
    refuse_any([*(item for item in found if isinstance(item, Finding)), *reporter.faults])
    if not found:
        refuse(tables[0].file, "", "the table has no rows", "an empty list would end every sub-processor")
    return tuple(item for item in found if isinstance(item, ImportedRow))


def _chosen(tables: Sequence[Table], options: ImportOptions) -> list[Table]:
    """Return the tables to read: the selected ones, or all, which must then have the same columns."""
    file = tables[0].file
    refuse_any(
        finding(file, f"table {number}", f"table {number} not found; there are {len(tables)}")
        for number in options.tables
        if not 1 <= number <= len(tables)
    )
    if options.tables:
        return [table for table in tables if table.number in options.tables]
    usual = sorted(folded(cell.text) for cell in tables[0].header)
    for table in tables:
        if sorted(folded(cell.text) for cell in table.header) != usual:
            these, first = (
                "the columns " + ", ".join(quoted(cell.text) for cell in found.header[:12])
                for found in (table, tables[0])
            )
            message = f"{these}, but table {tables[0].number} has {first}"
            hint = "name the tables to read: --table 1, or --table 1 --table 2 for several"
            refuse(file, f"table {table.number}", f"this table has {message}", hint, line=table.line)
    return list(tables)


class _Found(msgspec.Struct):
    """The values read from a row so far: by field, and by label if no field takes them."""

    cells: dict[str, Cell]
    values: dict[str, Any] = {}
    extra: dict[str, str] = {}

    def cell_text(self, field: str) -> str:
        """Return the text of a field's cell; empty if the cell is missing or counts as empty."""
        text = self.cells[field].text if field in self.cells else ""
        return "" if is_empty_cell(text) else text


class RowReader:
    """Reads the rows of one table."""

    def __init__(
        self, table: Table, options: ImportOptions, titles: Mapping[str, str], reporter: Reporter
    ) -> None:
        """Match and report the columns once for all rows."""
        self._table, self._options, self._titles, self._reporter = table, options, titles, reporter
        self._fields = match_columns(table, options.columns)
        self._report()
        key = f"table {table.number}, header"
        self._labels = [
            "" if field == DROP else reporter.text(cell.text, table.file, key, line=table.line, name=True)
            for cell, field in zip(table.header, self._fields, strict=True)
        ]

    def _report(self) -> None:
        table, key = self._table, f"table {self._table.number}"
        chosen = {folded(name) for name in self._options.columns}
        for cell, field in zip(table.header, self._fields, strict=True):
            note = ColumnNote(file=table.file, table=table.number, column=cell.text, field=field)
            if cell.text and note not in self._reporter.columns:
                self._reporter.columns.append(note)
            if field == DROP and cell.text and folded(cell.text) not in chosen:
                known = find_field(cell.text)
                why = f"another column took {known}" if known else "no field takes it"
                option = quoted(f"{cell.text}={EXTRA}")
                self._note("passed_over", f"{quoted(cell.text)}: {why}; --column {option} publishes it", key)
            elif field == EXTRA:
                self._note("left", f"the column {quoted(cell.text)} is published, as --column says", key)
        for remark in table.remarks:
            self._note("read", remark, key)

    def read(self, row: Row, *, titled: bool) -> ImportedRow | Finding:
        """Return a row as an entry, or a fault; ``titled`` lets the heading above it set the category."""
        name = row.cells[self._fields.index("name")]
        if any(_STRUCK & set(cell.marks) for cell in row.cells):
            return self._fault(row, "name", "is in a row that is struck out", "take the row or the mark out")
        if is_empty_cell(name.text):
            return self._fault(row, "name", "is not a name", "a row names its sub-processor")
        if _SMALL & set(name.marks):
            small = "holds small letters, such as those of a footnote"
            return self._fault(row, "name", small, "take them out")
        cells = [self._judged(row, index) for index in range(len(row.cells))]
        by_field = dict(zip(self._fields, cells, strict=True))
        found = _Found({field: by_field[field] for field in by_field if field not in {DROP, EXTRA}})
        for index, cell in enumerate(cells):
            self._take(index, cell, found, self._table.place(row, index))
        status = self._status(row, found)
        if status is None:
            return self._fault(row, "status", "names no status", "names.toml may say which it is: [statuses]")
        found.values["status"] = status
        self._fill_in(found)
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

    def _fault(self, row: Row, field: str, problem: str, hint: str) -> Finding:
        column = self._fields.index(field)
        message = f"{quoted(row.cells[column].text)} {problem}"
        return finding(self._table.file, self._table.place(row, column), message, hint, line=row.line)

    def _note(self, kind: Kind, message: str, key: str = "") -> None:
        self._reporter.note(kind, message, file=self._table.file, key=key)

    def _judged(self, row: Row, index: int) -> Cell:
        """Return a cell with its texts checked (or cleaned), each item separately if it is a list."""
        cell, field, place = row.cells[index], self._fields[index], self._table.place(row, index)
        if field == DROP:
            return Cell()
        text, named = cell.text, field in {"name", "category"}
        if field == "name" and cell.apart_from_badges not in {"", text}:
            text = cell.apart_from_badges
            message = f"{quoted(cell.text)}: only {quoted(text)} is the name, the rest a badge"
            self._reporter.note("read", message, file=self._table.file, line=row.line, key=place)

        def judged(text: str) -> str:
            return self._reporter.text(text, self._table.file, place, line=row.line, name=named)

        items = text.split("\n") if cell.items is None and field in LISTS and text else cell.items
        items = items and tuple(map(judged, items))
        text = judged(text) if items is None else "\n".join(items)
        return msgspec.structs.replace(cell, text=text, items=items, links=tuple(map(judged, cell.links)))

    def _take(self, index: int, cell: Cell, found: _Found, place: str) -> None:
        """Store a cell under its field, or as extra text under the column's name if the field refuses it."""
        field, label = self._fields[index], self._labels[index]
        links = cell.links
        if field == "name" and self._options.links and len(links) == 1:
            links = () if self._read(self._options.links, Cell(text=links[0]), found, place) else links
        elif field not in READ_ELSEWHERE and not is_empty_cell(cell.text):
            if not self._read(field, cell, found, place):
                keep_as_extra(found.extra, label, cell.text)
            elif field in LINKED and len(links) == 1:
                links = ()
        elif field == EXTRA and cell.text:
            keep_as_extra(found.extra, label, cell.text)
        if links:
            keep_as_extra(found.extra, f"{label} (link)", "\n".join(links))
            self._note("left", f"links of the column {quoted(label)} are kept as extra", place)

    def _read(self, field: str, cell: Cell, found: _Found, place: str) -> bool:
        """Read a cell as a field; company numbers are collected in one list."""
        value = read_value(field, cell)
        if isinstance(value, str):
            self._note("left", f"{field}: {quoted(cell.text)} {value}; kept as extra", place)
            return False
        if value.remark:
            self._note("assumed", value.remark, place)
        before = found.values.get("identifiers", []) if value.field == "identifiers" else []
        found.values[value.field] = [*before, *value.value] if before else value.value
        return True

    def _fill_in(self, found: _Found) -> None:
        """Apply defaults to missing fields, read the transfer, and move dates the status forbids to extra."""
        for field, text in self._options.defaults.items():
            value = "is there" if field in found.values else read_value(field, Cell(text=text))
            if not isinstance(value, str):
                found.values[value.field] = value.value
                message = f'where nothing is said, {field} is "{text}", as --default says'
                self._reporter.note("assumed", message)
        text = found.cell_text("transfers")
        countries = [item["country"] for item in found.values.get("locations", ())]
        outside = [country for country in countries if not is_in_eea(country)]
        mechanism = MECHANISMS.get(folded(text))
        if text and mechanism and len(outside) == 1 and outside != ["varies"]:
            found.values["transfers"] = [{"destination": outside[0], "mechanism": mechanism}]
        elif text:
            keep_as_extra(found.extra, self._labels[self._fields.index("transfers")], text)
            message = "a transfer mechanism in other words, or not for one country alone, is kept as extra"
            self._note("left", message)
        for field in ("starts_on", "ends_on"):  # an available engagement has no dates (R08)
            if found.values["status"] == "available" and field in found.values:
                keep_as_extra(found.extra, self._labels[self._fields.index(field)], found.values.pop(field))

    def _status(self, row: Row, found: _Found) -> str | None:
        """Return the status from the column, a heading or the options; ``None`` for an unknown word."""
        text = found.cell_text("status")
        if text:
            return self._titles.get(text) or status_of(text)
        named = next(filter(None, map(self._status_of_heading, reversed(row.section))), None)
        if named is None and self._options.status is None:
            message = f'rows that name no status are written as "{USUAL_STATUS}"; --status says otherwise'
            self._note("assumed", message)
        return named or self._options.status or USUAL_STATUS

    def _status_of_heading(self, heading: str) -> str | None:
        """Return the status in a heading such as "Active" or "Active sub-processors"."""
        word, _, rest = _NUMBERING.sub("", heading, count=1).partition(" ")
        return self._titles.get(heading) or (status_of(word) if folded(rest) in _STATUS_NOUNS else None)

    def _category(self, row: Row, found: _Found, *, titled: bool) -> str:
        """Return the category's title: from the column, the last heading above, or the options."""
        if found.cell_text("category"):
            return found.cell_text("category")
        headings = [item for item in row.section if titled and self._status_of_heading(item) is None]
        if headings:
            self._reporter.note("read", f"the heading {quoted(headings[-1])} is read as a category")
            title, key = _NUMBERING.sub("", headings[-1], count=1), f"table {self._table.number}, heading"
            return self._reporter.text(title, self._table.file, key, line=row.line, name=True)
        if self._options.category is None:
            message = f'rows without a category are written into "{USUAL_CATEGORY}"'
            self._note("assumed", f"{message}; --category says otherwise")
        return self._options.category or USUAL_CATEGORY
