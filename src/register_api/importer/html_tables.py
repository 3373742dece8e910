"""Read the tables of an HTML page, or its lists and cards as one table.

A merged cell is read in each row it covers; ambiguous tables are refused. List items have the form
``[Name](link) - purpose``, cards are a name with labels below it; other content is not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec
from lxml.html import HtmlElement

from register_api.errors import Refused
from register_api.importer.html_page import HEADINGS, cell_of, line_of, text_of, under_headings
from register_api.importer.table import Cell, Row, Table, find_field, folded, refuse, refuse_any
from register_api.source.file import finding

_PARTS = frozenset({"thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_SPAN = re.compile(r"[0-9]{1,5}")
_MAX_COLUMNS = 200


class _HtmlRow(msgspec.Struct):
    """A row; ``full_width`` is the number of columns its only cell spans, 0 for an ordinary row."""

    elements: list[HtmlElement]
    line: int | None
    is_head: bool
    cells: tuple[Cell, ...] = ()
    full_width: int = 0


def tables_of(name: str, root: HtmlElement, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Return the tables of a parsed page in order; those not in ``only`` are returned empty."""
    return tuple(
        Table(file=name, number=number, header=(), rows=(), line=line_of(element))
        if only and number not in only
        else _table(name, element, number, section)
        for number, (element, section) in enumerate(under_headings(root, "table"), 1)
    )


def _check_parts(name: str, table: HtmlElement, key: str) -> None:
    """Refuse a nested table, and content outside the cells."""
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
    _check_parts(name, table, key)
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
    body, title = [], tuple[str, ...]()
    for at, row in enumerate(rows[1:], 1):
        if row.full_width == len(first.cells) > 1:  # a heading of the rows below it
            title = (row.cells[0].text,) if row.cells[0].text else ()
        else:
            body.append(Row(cells=row.cells, number=at, line=row.line, section=(*section, *title)))
    return Table(
        file=name,
        number=number,
        header=first.cells,
        rows=tuple(body),
        line=first.line,
        remarks=tuple(remarks),
    )


def _rows(table: HtmlElement) -> Iterator[_HtmlRow]:
    """Yield the rows; a header row is one in ``thead``, or a first row that has only ``th``."""
    for number, row in enumerate(table.iter("tr")):
        cells = list(row.iterchildren("td", "th"))
        parent = row.getparent()
        in_head = parent is not None and parent.tag == "thead"
        only_th = number == 0 and bool(cells) and all(cell.tag == "th" for cell in cells)
        yield _HtmlRow(cells, line_of(row), is_head=in_head or only_th)


def _spread(name: str, table: str, rows: list[_HtmlRow]) -> tuple[list[_HtmlRow], list[str]]:
    """Copy merged cells into all the rows they cover (WHATWG HTML, section 4.9.12)."""
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
        if len(row.elements) + len(covered) > _MAX_COLUMNS:
            refuse(name, key, f"more than {_MAX_COLUMNS} columns", line=row.line, rule="R17")
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
    """Append the merged cells from rows above that cover the next columns."""
    while len(cells) in covered:
        cells.append(covered[len(cells)][1])
    return cells


def _span(name: str, key: str, element: HtmlElement, attribute: str, line: int | None) -> int:
    text = str(element.get(attribute, "1")).strip()
    if not _SPAN.fullmatch(text) or int(text) < 1:
        refuse(name, key, f"{attribute} is not a number from 1 on", line=line)
    return int(text)


_LABELLED = re.compile(r"([^:\n]{1,60}?) ?: ?(\S.*)")
_SEPARATOR = re.compile(r"[ \n]*(?:[-\u2013\u2014:,\u2192]+|for(?= ))[ \n]*")
_NAMING = ("a", "b", "strong")
_HOLDERS = ("p", "li", "div", "dd", "span", "td")


class _Entry(msgspec.Struct):
    """A name on a page without tables, the headings above it, and its labelled values."""

    name: Cell
    section: tuple[str, ...]
    line: int | None
    labels: dict[str, Cell]


def lists_of(name: str, root: HtmlElement) -> tuple[Table, ...]:
    """Return one table read from the lists or cards of a page, or none."""
    try:
        entries = _cards(name, root) or list(_bullets(name, root)) or list(_blocks(root))
    except Refused:
        # Repeated labels below one heading may belong to separate blocks.
        entries = list(_blocks(root))
        if not entries:
            raise
    if not entries:
        return ()
    labels = {folded(label): label for entry in entries for label in entry.labels}
    rows = []
    for number, entry in enumerate(entries, 1):
        under = {folded(label): cell for label, cell in reversed(entry.labels.items())}
        cells = (entry.name, *(under.get(key, Cell()) for key in labels))
        rows.append(Row(cells=cells, number=number, line=entry.line, section=entry.section))
    remark = f"there is no table: {len(entries)} names with the text below or beside each were read"
    header = (Cell(text="Name"), *(Cell(text=label) for label in labels.values()))
    line = entries[0].line
    return (Table(file=name, number=1, header=header, rows=tuple(rows), line=line, remarks=(remark,)),)


def _cards(name: str, root: HtmlElement) -> list[_Entry]:
    """Return headings, and items with nested lists, that have labels below, at least one of them known."""
    entries: list[_Entry] = []
    headings: dict[int, str] = {}
    for element in root.iter(*HEADINGS, "dt", *_HOLDERS):
        level = HEADINGS.get(str(element.tag))
        if element.tag == "li" and element.find("ul") is not None and _name_of(element).text:
            level = len(HEADINGS) + 1  # the title of the nested list ranks below all headings
        if level is not None:
            cell = _name_of(element) if element.tag == "li" else cell_of(element)
            headings = {at: text for at, text in headings.items() if at < level}
            entries.append(_Entry(cell, tuple(headings.values()), line_of(element), {}))
            if element.tag != "li":
                headings[level] = cell.text
        elif entries:
            for label, cell in _labelled(element):
                if label in entries[-1].labels:
                    refuse(name, "", f"{label!r} appears twice below one name", line=line_of(element))
                entries[-1].labels[label] = cell
    return [entry for entry in entries if entry.name.text and any(map(find_field, entry.labels))]


def _name_of(item: HtmlElement) -> Cell:
    """Return the link or bold text at the start of a list item."""
    first = next((child for child in item if child.tag in {*_NAMING, "p"}), None)
    if first is not None and first.tag == "p" and not (item.text or "").strip():
        return _name_of(first)
    begins = first is not None and first.getprevious() is None and not (item.text or "").strip()
    return cell_of(first) if first is not None and begins and first.tag in _NAMING else Cell()


def _labelled(element: HtmlElement) -> Iterator[tuple[str, Cell]]:
    """Yield labels and values of an element: lines "Purpose: …", or a term and its description."""
    if element.tag == "dt":
        described = element.getnext()
        if described is not None and described.tag == "dd":
            yield text_of(element).rstrip(" :"), cell_of(described)
        return
    if element.tag == "dd" or next(element.iterdescendants(*HEADINGS, "dt", *_HOLDERS), None) is not None:
        return
    bold = {text_of(item).rstrip(" :") for item in element.iter("b", "strong")}
    links = {text_of(link): str(link.get("href", "")).strip() for link in element.iter("a")}
    cell = cell_of(element)
    for line in cell.text.split("\n"):
        found = _LABELLED.fullmatch(line)
        if found and (found[1] in bold or find_field(found[1])):
            link = links.get(found[2])
            yield found[1], Cell(text=found[2], links=(link,) if link else (), marks=cell.marks)


def _blocks(root: HtmlElement) -> Iterator[_Entry]:
    """Yield entries from similar blocks, each starting with a name, with labels beside their values.

    A block is the largest part of the page that contains the most frequent label once.
    """
    pairs = [(item, *pair) for item in root.iter() for pair in (*_labelled(item), *_beside(item))]
    times = Counter(find_field(label) for _, label, _ in pairs)
    common, count = next(((field, n) for field, n in times.most_common() if field), (None, 0))
    marks = [item for item, label, _ in pairs if find_field(label) == common]
    above = Counter(part for item in marks for part in item.iterancestors())
    blocks: dict[HtmlElement, _Entry] = {}
    for mark in marks if count > 1 else ():
        block = next(reversed([mark, *(part for part in mark.iterancestors() if above[part] == 1)]))
        first = next((item for item in block.iter() if (item.text or "").strip()), block)
        blocks[block] = _Entry(cell_of(first), (), line_of(first), {})
    for item, label, cell in pairs:
        inside = next((blocks[part] for part in (item, *item.iterancestors()) if part in blocks), None)
        if inside is not None:
            inside.labels.setdefault(label, cell)
    for entry in blocks.values():
        if entry.name.text and find_field(entry.name.text.partition(":")[0]) is None:
            yield entry


def _beside(element: HtmlElement) -> Iterator[tuple[str, Cell]]:
    """Yield an element's text as a label, with the next element as its value."""
    following = element.getnext()
    if len(element) or following is None or element.tag in {"dt", "th", "td", "option", "button", "a"}:
        return
    label = (element.text or "").strip().rstrip(" :")
    value = cell_of(following) if find_field(label) else Cell()
    if value.text and find_field(value.text.rstrip(" :")) is None:
        yield label, value


def _bullets(name: str, root: HtmlElement) -> Iterator[_Entry]:
    """Yield list items that start with a name, as a link or in bold, followed by a purpose."""
    for element, section in under_headings(root, "ul", "ol"):
        read = [(item, _named(item)) for item in element.iterchildren("li")]
        if not any(found for _, found in read):
            continue
        message = "an item of the list does not begin with a name, as a link or bold, and a purpose after it"
        hint = "the others do: put it right, or take it out"
        refuse_any(
            finding(name, "", f"{message}: {text_of(item)[:60]!r}", hint, line=line_of(item))
            for item, found in read
            if found is None
        )
        for item, found in read:
            if found:
                yield _Entry(found[0], section, line_of(item), {"Purpose": found[1]})


def _named(item: HtmlElement) -> tuple[Cell, Cell] | None:
    """Return the name at the start of a list item, and the purpose after it."""
    cell, whole = _name_of(item), cell_of(item)
    rest = whole.text.removeprefix(cell.text)
    separator = _SEPARATOR.match(rest)
    purpose = rest[separator.end() :] if separator else ""
    if not cell.text or not whole.text.startswith(cell.text) or not purpose:
        return None
    return cell, Cell(text=purpose, links=whole.links[len(cell.links) :], marks=whole.marks)
