"""From the rows of tables to entries: one vendor used for one purpose, as a row states it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from register_api.core.printable import quoted
from register_api.errors import Finding
from register_api.importer.cell_values import is_nothing
from register_api.importer.columns import DROP, EXTRA, Columns, folded, match_columns
from register_api.importer.hygiene import Hygiene
from register_api.importer.import_report import ColumnNote, Reporter
from register_api.importer.reading_options import ImportedRow, ImportOptions
from register_api.importer.row_reader import RowReader
from register_api.importer.table import Row, Table, fault, refuse, refuse_any


def read_rows(
    tables: Sequence[Table],
    options: ImportOptions,
    titles: Mapping[str, str],
    reporter: Reporter,
    hygiene: Hygiene,
) -> tuple[ImportedRow, ...]:
    """Read all rows of the tables of one file."""
    chosen = _chosen(tables, options)
    titled = len({row.section for table in chosen for row in table.rows}) > 1
    entries: list[ImportedRow] = []
    faults: list[Finding] = []
    for table in chosen:
        columns = match_columns(table, options.columns)
        _report(table, columns, {folded(name) for name in options.columns}, reporter)
        reader = RowReader(table, columns, options, titles, reporter, hygiene)
        for row in table.rows:
            if all(is_nothing(cell.text) for cell in row.cells):
                _skipped(reporter, table, row, "an empty row")
            elif _repeats_header(table, row):
                _skipped(reporter, table, row, "a row that repeats the header")
            else:
                found = reader.read(row, titled=titled)
                if isinstance(found, ImportedRow):
                    entries.append(found)
                else:
                    faults.append(found)
    refuse_any([*faults, *hygiene.faults])
    if not entries:
        refuse(tables[0].file, "", "the table has no rows", "an empty list would end every sub-processor")
    return tuple(entries)


def _chosen(tables: Sequence[Table], options: ImportOptions) -> list[Table]:
    """Return the tables to read."""
    file = tables[0].file
    missing = [number for number in options.tables if number > len(tables) or number < 1]
    refuse_any(
        fault(file, f"table {number}", f"there is no table {number}; there are {len(tables)}")
        for number in missing
    )
    chosen = [table for table in tables if not options.tables or table.number in options.tables]
    if not options.tables:
        refuse_any(_differing(chosen))
    return chosen


def _differing(tables: Sequence[Table]) -> Iterator[Finding]:
    def names(table: Table) -> list[str]:
        return sorted(folded(cell.text) for cell in table.header)

    different = [table for table in tables if names(table) != names(tables[0])]
    for table in different[:1]:
        message = f"{_columns_of(table)}, but table {tables[0].number} has {_columns_of(tables[0])}"
        hint = "name the tables to read: --table 1, or --table 1 --table 2 for several"
        yield fault(table.file, f"table {table.number}", f"this table has {message}", hint, line=table.line)


def _columns_of(table: Table) -> str:
    return "the columns " + ", ".join(quoted(cell.text) for cell in table.header[:12])


def _repeats_header(table: Table, row: Row) -> bool:
    return [cell.text for cell in row.cells] == [cell.text for cell in table.header]


def _skipped(reporter: Reporter, table: Table, row: Row, what: str) -> None:
    key = f"table {table.number}, row {row.number}"
    reporter.note("skipped", f"{what} was passed over", file=table.file, line=row.line, key=key)


def _report(table: Table, columns: Columns, chosen: Collection[str], reporter: Reporter) -> None:
    also = dict(columns.passed_over)
    for cell, field in zip(table.header, columns.fields, strict=True):
        note = ColumnNote(file=table.file, table=table.number, column=cell.text, field=field)
        if cell.text and note not in reporter.columns:
            reporter.columns.append(note)
        if field == DROP and cell.text and folded(cell.text) not in chosen:
            why = f"another column took {also[cell.text]}" if cell.text in also else "no field takes it"
            message = f"{quoted(cell.text)}: {why}; --column {quoted(cell.text + '=' + EXTRA)} publishes it"
            reporter.note("passed_over", message, file=table.file, key=f"table {table.number}")
        elif field == EXTRA:
            message = f"the column {quoted(cell.text)} is published, as --column says"
            reporter.note("left", message, file=table.file, key=f"table {table.number}")
    for remark in table.remarks:
        reporter.note("read", remark, file=table.file, key=f"table {table.number}")
