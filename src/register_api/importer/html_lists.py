"""Lists and cards of a page without tables: ``[Name](link) - purpose``, and names with labels below.

Both become tables, so that all that follows is one way. What fits neither form is not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec
from lxml.html import HtmlElement

from register_api.errors import Refused
from register_api.importer.html_page import HEADINGS, cell_of, line_of, text_of
from register_api.importer.table import Cell, Row, Table, fault, find_field, folded, refuse, refuse_any

_LABELLED = re.compile(r"([^:\n]{1,60}?) ?: ?(\S.*)")
_SEPARATOR = re.compile(r"[ \n]*(?:[-\u2013\u2014:,\u2192]+|for(?= ))[ \n]*")
_NAMING = ("a", "b", "strong")
_HOLDERS = ("p", "li", "div", "dd", "span", "td")


class _Entry(msgspec.Struct):
    """A name, the headings above it, and what is said below it under labels."""

    name: Cell
    section: tuple[str, ...]
    line: int | None
    labels: dict[str, Cell]


def lists_of(name: str, root: HtmlElement) -> tuple[Table, ...]:
    """Return the one table that the lists or the cards of a page make, or none."""
    try:
        entries = _cards(name, root) or list(_bullets(name, root)) or list(_blocks(root))
    except Refused:
        # Labels that stand twice below one heading may belong to blocks of their own.
        entries = list(_blocks(root))
        if not entries:
            raise
    return (_table(name, entries),) if entries else ()


def _table(name: str, entries: list[_Entry]) -> Table:
    labels = {folded(label): label for entry in entries for label in entry.labels}
    rows = []
    for number, entry in enumerate(entries, 1):
        under = {folded(label): cell for label, cell in reversed(entry.labels.items())}
        cells = (entry.name, *(under.get(key, Cell()) for key in labels))
        rows.append(Row(cells=cells, number=number, line=entry.line, section=entry.section))
    remark = f"there is no table: {len(entries)} names with what stands below or beside each were read"
    header = (Cell(text="Name"), *(Cell(text=label) for label in labels.values()))
    return Table(
        file=name, number=1, header=header, rows=tuple(rows), line=entries[0].line, remarks=(remark,)
    )


def _cards(name: str, root: HtmlElement) -> list[_Entry]:
    """Return headings, and items of lists with lists in them, that have labels below, one of them known."""
    entries: list[_Entry] = []
    headings: dict[int, str] = {}
    for element in root.iter(*HEADINGS, "dt", *_HOLDERS):
        level = HEADINGS.get(str(element.tag)) or _level_of_item(element)
        if level is not None:
            cell = _name_of(element) if element.tag == "li" else cell_of(element)
            headings = {at: text for at, text in headings.items() if at < level}
            section = tuple(text for _, text in sorted(headings.items()))
            entries.append(_Entry(cell, section, line_of(element), {}))
            if element.tag != "li":
                headings[level] = cell.text
        elif entries:
            for label, cell in _labelled(element):
                if label in entries[-1].labels:
                    refuse(name, "", f"{label!r} stands twice below one name", line=line_of(element))
                entries[-1].labels[label] = cell
    return [entry for entry in entries if entry.name.text and any(map(find_field, entry.labels))]


def _level_of_item(element: HtmlElement) -> int | None:
    """Return the level of an item that names what the list in it is about; below all headings."""
    inner = element.find("ul") if element.tag == "li" else None
    return None if inner is None or _name_of(element).text == "" else len(HEADINGS) + 1


def _name_of(item: HtmlElement) -> Cell:
    """Return the link or the bold words that an item begins with."""
    first = next((child for child in item if child.tag in {*_NAMING, "p"}), None)
    if first is not None and first.tag == "p" and not (item.text or "").strip():
        return _name_of(first)
    begins = first is not None and first.getprevious() is None and not (item.text or "").strip()
    return cell_of(first) if first is not None and begins and first.tag in _NAMING else Cell()


def _labelled(element: HtmlElement) -> Iterator[tuple[str, Cell]]:
    """Yield what an element says under labels: "Purpose: …", one a line, or a term and its description."""
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
    """Yield what scripts draw: blocks alike, each with a name first, and labels with values beside them.

    A block is the largest part of the page in which the commonest label stands once.
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
    """Yield a label that is an element of its own, with the element after it as its value."""
    following = element.getnext()
    if len(element) or following is None or element.tag in {"dt", "th", "td", "option", "button", "a"}:
        return
    label = (element.text or "").strip().rstrip(" :")
    value = cell_of(following) if find_field(label) else Cell()
    if value.text and find_field(value.text.rstrip(" :")) is None:
        yield label, value


def _bullets(name: str, root: HtmlElement) -> Iterator[_Entry]:
    """Yield the items of lists in which each begins with a name that is a link or bold, then its purpose."""
    headings: dict[int, str] = {}
    for element in root.iter(*HEADINGS, "ul", "ol"):
        level = HEADINGS.get(str(element.tag))
        if level is not None:
            headings = {at: text for at, text in headings.items() if at < level} | {level: text_of(element)}
            continue
        read = [(item, _named(item)) for item in element.iterchildren("li")]
        if not any(found for _, found in read):
            continue
        message = "an item of the list does not begin with a name, as a link or bold, and a purpose after it"
        hint = "the others do: put it right, or take it out"
        refuse_any(
            fault(name, "", f"{message}: {text_of(item)[:60]!r}", hint, line=line_of(item))
            for item, found in read
            if found is None
        )
        section = tuple(text for _, text in sorted(headings.items()))
        for item, (cell, purpose) in ((item, found) for item, found in read if found):
            yield _Entry(cell, section, line_of(item), {"Purpose": purpose})


def _named(item: HtmlElement) -> tuple[Cell, Cell] | None:
    """Return the name that an item begins with, and the purpose after it."""
    cell, whole = _name_of(item), cell_of(item)
    rest = whole.text.removeprefix(cell.text)
    separator = _SEPARATOR.match(rest)
    purpose = rest[separator.end() :] if separator else ""
    if not cell.text or not whole.text.startswith(cell.text) or not purpose:
        return None
    return cell, Cell(text=purpose, links=whole.links[len(cell.links) :], marks=whole.marks)
