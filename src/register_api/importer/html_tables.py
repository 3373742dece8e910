"""Tables of an HTML page: read with lxml, merged cells spread out, anything doubtful refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec
from lxml import etree, html
from lxml.html import HtmlElement

from register_api.errors import Finding
from register_api.importer.columns import find_field
from register_api.importer.html_grid import HtmlRow, cell_of, spread, text_of
from register_api.importer.html_lists import HEADINGS, line_of
from register_api.importer.page_facts import stated_by
from register_api.importer.table import Cell, Row, Stated, Table, fault, refuse, refuse_any

_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_FOR_SCREEN_READERS = frozenset({"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"})
_GRIDS = frozenset({"table", "grid", "treegrid"})
_CELLS = {"cell": "td", "gridcell": "td", "rowheader": "td", "columnheader": "th"}
_INLINE = re.compile(
    r"</?(?:a|b|br|div|em|i|li|ol|p|small|span|strong|sub|sup|u|ul)(?:\s[^<>]{0,2000})?/?>", re.IGNORECASE
)


def stated_of(
    name: str, tables: tuple[Table, ...], root: HtmlElement | None, more: Iterable[Stated] = ()
) -> tuple[Table, ...]:
    """Return tables with what the page around them states of itself, which the first of them keeps."""
    if root is None or not tables:
        return tables
    first = tables[0]
    stated = (*first.stated, *more, *stated_by(name, text_of(root)))
    return (msgspec.structs.replace(first, stated=stated), *tables[1:])


def cell_of_html(text: str) -> Cell:
    """Return what a text says that may be written with tags for line breaks, links and the like."""
    root = parse("", f"<body>{text}</body>") if _INLINE.search(text) else None
    return cell_of(root) if root is not None else Cell(text=text)


def parse(name: str, text: str) -> HtmlElement | None:
    """Parse a page; ``None`` if it is empty. What a browser does not show is taken out."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        return None
    for entry in parser.error_log:
        if entry.level == etree.ErrorLevels.FATAL:
            refuse(name, "", f"not readable as HTML: {entry.message}", line=entry.line)
    for element in [item for item in root.iter() if _is_hidden(item) and item is not root]:
        if element.getparent() is None:
            continue
        if element.tag in {"td", "th"}:
            # A cell keeps its place: those after it would move into other columns.
            for child in list(element):
                element.remove(child)
            element.text = None
        else:
            element.drop_tree()
    for grid in [item for item in root.iter() if item.get("role") in _GRIDS and item.tag != "table"]:
        _make_table(name, grid)
    return root


def _make_table(name: str, grid: HtmlElement) -> None:
    """Write a table that is only said to be one, by roles (WAI-ARIA 1.2), as a table."""
    rows = [item for item in grid.iter() if item.get("role") == "row"]
    told = str(grid.get("aria-rowcount", ""))
    if told.isdecimal() and int(told[:9]) > len(rows):
        message = f"the page holds {len(rows)} of {int(told[:9])} rows"
        refuse(name, "", message, "show all rows, then save it again", line=grid.sourceline)
    for row in rows:
        cells = [item for item in row.iter() if item.get("role") in _CELLS]
        for cell in cells:
            cell.tag, cell.tail = _CELLS[str(cell.get("role"))], None
        row[:], row.tag, row.text, row.tail = cells, "tr", None, None
    grid[:], grid.tag, grid.text = rows, "table", None


def _is_hidden(element: HtmlElement) -> bool:
    """Tell whether a browser shows nothing of an element, or hides it from those who look."""
    said = element.attrib
    return (
        "hidden" in said
        or (said.get("aria-hidden") == "true" and next(element.iter("table", *HEADINGS), None) is None)
        or _HIDDEN.search(str(said.get("style", ""))) is not None
        or not _FOR_SCREEN_READERS.isdisjoint(str(said.get("class", "")).split())
    )


def tables_of(name: str, root: HtmlElement | None, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Return the tables of a parsed page in order; those that are not asked for stay empty and unread."""
    tables: list[Table] = []
    headings: dict[int, str] = {}
    for element in root.iter("table", *HEADINGS) if root is not None else ():
        level = HEADINGS.get(str(element.tag))
        if level is not None:
            if not any(True for _ in element.iterancestors("table")):
                headings = {at: text for at, text in headings.items() if at < level} | {
                    level: text_of(element)
                }
            continue
        line = line_of(element)
        if only and len(tables) + 1 not in only:
            tables.append(Table(file=name, number=len(tables) + 1, header=(), rows=(), line=line))
            continue
        refuse_any(_misplaced(name, element, len(tables) + 1, line))
        section = tuple(text for _, text in sorted(headings.items()) if text)
        tables.append(_table(name, element, len(tables) + 1, section))
    return tuple(tables)


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


def _table(name: str, table: HtmlElement, number: int, section: tuple[str, ...]) -> Table:
    caption = next((text_of(item) for item in table.iterchildren("caption")), "")
    section = (*section, caption) if caption else section
    rows, remarks = spread(name, number, list(_rows(table)))
    if not rows:
        refuse(name, f"table {number}", "the table has no rows", line=line_of(table))
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


def _rows(table: HtmlElement) -> Iterator[HtmlRow]:
    """Yield rows with their cells; a row of a header stands in ``thead``, or first with ``th`` alone."""
    for number, row in enumerate(table.iter("tr")):
        cells = list(row.iterchildren("td", "th"))
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        only_th = number == 0 and bool(cells) and all(cell.tag == "th" for cell in cells)
        yield HtmlRow(cells, line_of(row), is_head=in_head or only_th)


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
