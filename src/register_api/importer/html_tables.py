"""Tables of an HTML page: read with lxml, merged cells spread out, anything doubtful refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree, html

from register_api.importer.columns import find_field
from register_api.importer.html_grid import HtmlRow, spread, text_of
from register_api.importer.table import Row, Table, fault, refuse, refuse_any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

    from register_api.errors import Finding

LINE = "data-line"
"""Attribute in which Markdown keeps the line that an element came from."""

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_NUMBER = re.compile(r"[0-9]{1,9}")


def read_html(name: str, text: str) -> tuple[Table, ...]:
    """Read all tables of a page."""
    return tables_of(name, parse(name, text))


def parse(name: str, text: str) -> HtmlElement | None:
    """Parse a page; ``None`` if it is empty."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    for entry in parser.error_log:
        if entry.level == etree.ErrorLevels.FATAL:
            refuse(name, "", f"not readable as HTML: {entry.message}", line=entry.line)
    return root


def tables_of(name: str, root: HtmlElement | None, *, own_lines: bool = True) -> tuple[Table, ...]:
    """Return the tables of a parsed page in order."""
    tables: list[Table] = []
    headings: dict[int, str] = {}
    for element in root.iter("table", *_HEADINGS) if root is not None else ():
        level = _HEADINGS.get(str(element.tag))
        if level is not None:
            if not any(True for _ in element.iterancestors("table")):
                headings = {at: text for at, text in headings.items() if at < level} | {
                    level: text_of(element)
                }
            continue
        line = line_of(element, own_lines=own_lines)
        refuse_any(_misplaced(name, element, len(tables) + 1, line))
        section = tuple(text for _, text in sorted(headings.items()) if text)
        tables.append(_table(name, element, len(tables) + 1, section, own_lines=own_lines))
    return tuple(tables)


def line_of(element: HtmlElement, *, own_lines: bool) -> int | None:
    """Return the line of the file that an element came from, where it is known."""
    said = _NUMBER.fullmatch(str(element.get(LINE, "")))
    if not own_lines:
        return int(said[0]) if said else None
    return element.sourceline if isinstance(element.sourceline, int) else None


def _misplaced(name: str, table: HtmlElement, number: int, line: int | None) -> Iterator[Finding]:
    key = f"table {number}"
    if next(table.iterdescendants("table"), None) is not None:
        yield fault(name, key, "a table stands within the table", "take the inner one out", line=line)
    for item in table.iter():
        inside = item.tag in _PARTS or any(True for _ in _cells_above(item, table))
        loose = item.tag in {"table", "thead", "tbody", "tfoot", "tr"} and (item.text or "").strip()
        tail = item.tag in _PARTS and item is not table and (item.tail or "").strip()
        if loose or tail or (item is not table and not inside):
            message = "something stands in the table outside its cells"
            yield fault(name, key, message, line=line)
            return


def _cells_above(item: etree._Element, table: HtmlElement) -> Iterator[etree._Element]:
    for above in item.iterancestors():
        if above is table:
            return
        if above.tag in {"td", "th", "caption"}:
            yield above


def _table(name: str, table: HtmlElement, number: int, section: tuple[str, ...], *, own_lines: bool) -> Table:
    caption = next((text_of(item) for item in table.iterchildren("caption")), "")
    section = (*section, caption) if caption else section
    rows, remarks = spread(name, number, list(_rows(table, own_lines=own_lines)))
    if not rows:
        refuse(name, f"table {number}", "the table has no rows", line=line_of(table, own_lines=own_lines))
    head = [row for row in rows if row.is_head]
    if len(head) > 1:
        refuse(name, f"table {number}", f"{len(head)} rows of headings", "one is read", line=head[1].line)
    first = rows[0]
    if not first.is_head and not any(find_field(cell.text) == "name" for cell in first.cells):
        hint = "the first row has to name the columns"
        refuse(name, f"table {number}", "the table has no header", hint, line=first.line)
    header = first.cells
    return Table(
        file=name,
        number=number,
        header=header,
        rows=tuple(_body(rows[1:], section, len(header))),
        line=first.line,
        remarks=tuple(remarks),
    )


def _rows(table: HtmlElement, *, own_lines: bool) -> Iterator[HtmlRow]:
    """Yield rows with their cells; a row of a header stands in ``thead``, or first with ``th`` alone."""
    for number, row in enumerate(table.iter("tr")):
        cells = list(row.iterchildren("td", "th"))
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        only_th = number == 0 and bool(cells) and all(cell.tag == "th" for cell in cells)
        yield HtmlRow(cells, line_of(row, own_lines=own_lines), is_head=in_head or only_th)


def _body(rows: list[HtmlRow], section: tuple[str, ...], width: int) -> Iterator[Row]:
    """Yield body rows; a row that is one cell over the whole width is a heading of those below it."""
    title: tuple[str, ...] = ()
    number = 0
    for row in rows:
        number += 1
        if row.full_width == width and width > 1:
            title = (row.cells[0].text,) if row.cells[0].text else ()
            continue
        yield Row(cells=row.cells, number=number, line=row.line, section=(*section, *title))
