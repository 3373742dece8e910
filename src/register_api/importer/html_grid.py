"""Cells of an HTML table: their text as a reader sees it, and merged cells; ``colspan`` is refused."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from register_api.importer.table import Cell, refuse

_BLOCKS = frozenset({"address", "article", "br", "dd", "details", "div", "dl", "dt", "h1", "h2",
                     "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "section", "summary", "table", "td",
                     "th", "tr", "ul"})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "title"})
_BADGE = re.compile(r"(?:^|[-_\s])(?:badge|pill|chip|tag|lozenge)(?:$|[-_\s])", re.IGNORECASE)
"""Classes of what is set apart from the words around it, though nothing in the text parts them."""
_MARKS = frozenset({"sup", "sub", "s", "del", "strike", "ins"})

_SPACE = re.compile("[ \t\r\n\f]+")
_BREAK = re.compile(" ?(?:\x00 ?)+")
"""White space is collapsed as browsers do (CSS Text 3, section 4.1.1); a no-break space is none."""


def cell_of(element: HtmlElement) -> Cell:
    """Return what a cell says, with its links and the marks that change what its letters mean."""
    links = (str(link.get("href", "")).strip(" \t\r\n\f") for link in element.iter("a"))
    marks = dict.fromkeys(str(item.tag) for item in element.iter(*sorted(_MARKS)))
    return Cell(
        text=text_of(element),
        links=tuple(link for link in links if link),
        marks=tuple(marks),
        apart_from_badges=text_of(element, badges=False),
    )


def text_of(element: HtmlElement, *, badges: bool = True) -> str:
    """Return the text of an element parsed without comments; scripts and styles are not seen."""
    pieces: list[str] = []
    unseen = 0
    for event, item in etree.iterwalk(element, events=("start", "end")):
        is_badge = item is not element and _BADGE.search(str(item.get("class", ""))) is not None
        hidden = item.tag in _UNSEEN or (is_badge and not badges)
        unseen += (1 if event == "start" else -1) if hidden else 0
        if (item.tag in _BLOCKS and item is not element) or is_badge:
            pieces.append("\x00")
        if event == "start":
            pieces.append("" if unseen else item.text or "")
        else:
            pieces.append(_tail(item, element, unseen))
    flat = _SPACE.sub(" ", "".join(pieces)).strip(" ")
    return _BREAK.sub("\n", flat).strip(" \n")


def _tail(item: etree._Element, element: HtmlElement, unseen: int) -> str:
    return "" if unseen or item is element else item.tail or ""


_SPAN = re.compile(r"[0-9]{1,5}")
_MOST_COLUMNS = 200


class HtmlRow:
    """A row of an HTML table."""

    def __init__(self, elements: list[HtmlElement], line: int | None, *, is_head: bool) -> None:
        """Keep the elements; ``spread`` reads them."""
        self.elements = elements
        self.line = line
        self.is_head = is_head
        self.cells: tuple[Cell, ...] = ()
        self.full_width = 0


def spread(name: str, number: int, rows: list[HtmlRow]) -> tuple[list[HtmlRow], list[str]]:
    """Fill in the cells of all rows (WHATWG HTML, section 4.9.12)."""
    covered: dict[int, tuple[int, Cell]] = {}
    remarks: list[str] = []
    for index, row in enumerate(rows):
        row.full_width = _full_width(row)
        if row.full_width:
            row.cells = (cell_of(row.elements[0]),)
            key = f"table {number}, row {index}"
            if covered:
                refuse(name, key, "a cell from above reaches into this row", line=row.line)
            remarks.append(f"row {index} is one cell over the whole width and was read as a heading")
            continue
        _fill(name, f"table {number}, row {index}", row, covered)
        spans = {column: left - 1 for column, (left, _) in covered.items()}
        covered = {column: (left, covered[column][1]) for column, left in spans.items() if left}
        if any(_span(name, "", cell, "rowspan", row.line) > 1 for cell in row.elements):
            remarks.append(f"row {index} has a cell over several rows, which was read in each of them")
    if covered:
        message = "a cell reaches below the last row"
        refuse(name, f"table {number}", message, "put rowspan right", line=rows[-1].line)
    return [row for row in rows if row.cells], remarks


def _full_width(row: HtmlRow) -> int:
    """Return how many columns the only cell of a row covers, or 0 if it is an ordinary row."""
    if row.is_head or len(row.elements) != 1:
        return 0
    span = _SPAN.fullmatch(str(row.elements[0].get("colspan", "1")))
    return int(span[0]) if span and int(span[0]) > 1 else 0


def _fill(name: str, key: str, row: HtmlRow, covered: dict[int, tuple[int, Cell]]) -> None:
    """Put a row's own cells into the columns that no cell from above covers."""
    cells: list[Cell] = []
    own = iter(row.elements)
    element = next(own, None)
    while element is not None or len(cells) in covered:
        column = len(cells)
        if column not in covered:
            if element is None:  # pragma: no cover  (the loop's condition; for the type checker)
                break
            if _span(name, key, element, "colspan", row.line) != 1:
                message = f"a cell covers several columns, from column {column + 1} on"
                refuse(name, key, message, "give each column its own cell", line=row.line)
            covered[column] = (_span(name, key, element, "rowspan", row.line), cell_of(element))
            element = next(own, None)
        cells.append(covered[column][1])
        if len(cells) > _MOST_COLUMNS:
            refuse(name, key, f"more than {_MOST_COLUMNS} columns", line=row.line, rule="R17")
    if any(column >= len(cells) for column in covered):
        message = "the row has fewer cells than merged cells from above call for"
        refuse(name, key, message, "put rowspan right", line=row.line)
    row.cells = tuple(cells)


def _span(name: str, key: str, element: HtmlElement, attribute: str, line: int | None) -> int:
    text = str(element.get(attribute, "1")).strip()
    if not _SPAN.fullmatch(text) or int(text) < 1:
        message = f"{attribute} is no number from 1 on"
        refuse(name, key, message, line=line)
    return int(text)
