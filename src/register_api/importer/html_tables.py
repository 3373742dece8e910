"""Tables of an HTML page: merged cells are read in each row that they cover, anything doubtful is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml.html import HtmlElement

from register_api.importer.html_page import HEADINGS, cell_of, line_of, text_of
from register_api.importer.table import Cell, Row, Table, find_field, refuse

_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_SPAN = re.compile(r"[0-9]{1,5}")
_MOST_COLUMNS = 200


class _HtmlRow(msgspec.Struct):
    """A row; ``full_width`` is how many columns its only cell covers, 0 for an ordinary row."""

    elements: list[HtmlElement]
    line: int | None
    is_head: bool
    cells: tuple[Cell, ...] = ()
    full_width: int = 0


def tables_of(name: str, root: HtmlElement, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Return the tables of a parsed page in order; those that are not asked for stay empty and unread."""
    tables: list[Table] = []
    headings: dict[int, str] = {}
    for element in root.iter("table", *HEADINGS):
        level, number = HEADINGS.get(str(element.tag)), len(tables) + 1
        if level is not None:
            if next(element.iterancestors("table"), None) is None:
                headings = {at: text for at, text in headings.items() if at < level} | {
                    level: text_of(element)
                }
        elif only and number not in only:
            tables.append(Table(file=name, number=number, header=(), rows=(), line=line_of(element)))
        else:
            _check_parts(name, element, f"table {number}")
            section = tuple(text for _, text in sorted(headings.items()) if text)
            tables.append(_table(name, element, number, section))
    return tuple(tables)


def _check_parts(name: str, table: HtmlElement, key: str) -> None:
    """Refuse a table within the table, and what stands in it outside its cells."""
    line = line_of(table)
    if next(table.iterdescendants("table"), None) is not None:
        refuse(name, key, "a table is nested in the table", "take the inner one out", line=line)
    within = {item for cell in table.iter("td", "th", "caption") for item in cell.iterdescendants()}
    for item in table.iter():
        loose = item.tag in {"table", "thead", "tbody", "tfoot", "tr"} and (item.text or "").strip()
        tail = item.tag in _PARTS and item is not table and item not in within and (item.tail or "").strip()
        if loose or tail or (item is not table and item.tag not in _PARTS and item not in within):
            refuse(name, key, "the table has content outside its cells", line=line)


def _table(name: str, table: HtmlElement, number: int, section: tuple[str, ...]) -> Table:
    key = f"table {number}"
    caption = next((text_of(item) for item in table.iterchildren("caption")), "")
    section = (*section, caption) if caption else section
    rows, remarks = _spread(name, key, list(_rows(table)))
    if not rows:
        refuse(name, key, "the table has no rows", line=line_of(table))
    head = [row for row in rows if row.is_head]
    if len(head) > 1:
        refuse(name, key, f"{len(head)} rows of headings", "one is read", line=head[1].line)
    first = rows[0]
    if not first.is_head and not any(find_field(cell.text) == "name" for cell in first.cells):
        hint = "the first row has to name the columns"
        refuse(name, key, "the table has no header", hint, line=first.line)
    return Table(
        file=name,
        number=number,
        header=first.cells,
        rows=tuple(_body(rows[1:], section, len(first.cells))),
        line=first.line,
        remarks=tuple(remarks),
    )


def _rows(table: HtmlElement) -> Iterator[_HtmlRow]:
    """Yield rows with their cells; a row of a header stands in ``thead``, or first with ``th`` alone."""
    for number, row in enumerate(table.iter("tr")):
        cells = list(row.iterchildren("td", "th"))
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        only_th = number == 0 and bool(cells) and all(cell.tag == "th" for cell in cells)
        yield _HtmlRow(cells, line_of(row), is_head=in_head or only_th)


def _spread(name: str, table: str, rows: list[_HtmlRow]) -> tuple[list[_HtmlRow], list[str]]:
    """Fill in the cells of all rows (WHATWG HTML, section 4.9.12)."""
    covered: dict[int, tuple[int, Cell]] = {}
    remarks: list[str] = []
    for index, row in enumerate(rows):
        key = f"{table}, row {index}"
        across = [_span(name, key, cell, "colspan", row.line) for cell in row.elements]
        down = [_span(name, key, cell, "rowspan", row.line) for cell in row.elements]
        if not row.is_head and len(across) == 1 and across[0] > 1:
            if covered:
                refuse(name, key, "a cell from above reaches into this row", line=row.line)
            row.cells, row.full_width = (cell_of(row.elements[0]),), across[0]
            remarks.append(f"row {index} is one cell over the whole width and was read as a heading")
            continue
        if len(row.elements) + len(covered) > _MOST_COLUMNS:
            refuse(name, key, f"more than {_MOST_COLUMNS} columns", line=row.line, rule="R17")
        cells = _from_above(covered, [])
        for element, columns, times in zip(row.elements, across, down, strict=True):
            if columns > 1:
                message = f"a cell covers several columns, from column {len(cells) + 1} on"
                refuse(name, key, message, "give each column its own cell", line=row.line)
            covered[len(cells)] = (times, cell_of(element))
            cells = _from_above(covered, cells)
        if any(column >= len(cells) for column in covered):
            message = "the row has fewer cells than merged cells from above call for"
            refuse(name, key, message, "put rowspan right", line=row.line)
        row.cells = tuple(cells)
        covered = {column: (left - 1, cell) for column, (left, cell) in covered.items() if left > 1}
        if any(times > 1 for times in down):
            remarks.append(f"row {index} has a cell over several rows, which was read in each of them")
    if covered:
        refuse(name, table, "a cell reaches below the last row", "put rowspan right", line=rows[-1].line)
    return [row for row in rows if row.cells], remarks


def _from_above(covered: dict[int, tuple[int, Cell]], cells: list[Cell]) -> list[Cell]:
    """Return the cells of a row with those that follow from cells that cover their columns."""
    while len(cells) in covered:
        cells.append(covered[len(cells)][1])
    return cells


def _span(name: str, key: str, element: HtmlElement, attribute: str, line: int | None) -> int:
    text = str(element.get(attribute, "1")).strip()
    if not _SPAN.fullmatch(text) or int(text) < 1:
        refuse(name, key, f"{attribute} is not a number from 1 on", line=line)
    return int(text)


def _body(rows: list[_HtmlRow], section: tuple[str, ...], width: int) -> Iterator[Row]:
    """Yield body rows; a row that is one cell over the whole width is a heading of those below it."""
    title: tuple[str, ...] = ()
    for number, row in enumerate(rows, 1):
        if row.full_width == width and width > 1:
            title = (row.cells[0].text,) if row.cells[0].text else ()
        else:
            yield Row(cells=row.cells, number=number, line=row.line, section=(*section, *title))
