"""Parse an HTML page with lxml as a browser displays it, without hidden elements.

Also finds what a page states about itself: its last update and its notice period.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from babel import Locale
from lxml import etree, html
from lxml.html import HtmlElement

from register_api.importer.cell_values import LANGUAGES
from register_api.importer.table import Cell, Stated, Table, folded, refuse

LINE = "data-line"
"""Attribute with the Markdown source line of an element."""
HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_NUMBER = re.compile(r"[0-9]{1,9}")
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_FOR_SCREEN_READERS = frozenset({"sr-only", "visually-hidden", "visuallyhidden", "screen-reader-text"})
_GRIDS = frozenset({"table", "grid", "treegrid"})
_CELLS = {"cell": "td", "gridcell": "td", "rowheader": "td", "columnheader": "th"}
_INLINE = re.compile(
    r"</?(?:a|b|br|div|em|i|li|ol|p|small|span|strong|sub|sup|u|ul)(?:\s[^<>]{0,2000})?/?>", re.IGNORECASE
)
_BLOCKS = frozenset({"address", "article", "br", "dd", "details", "div", "dl", "dt", "h1", "h2",
                     "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "section", "summary", "table", "td",
                     "th", "tr", "ul"})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "title"})
_BADGE = re.compile(r"(?:^|[-_\s])(?:badge|pill|chip|tag|lozenge)(?:$|[-_\s])", re.IGNORECASE)
"""CSS classes of elements displayed apart from the text around them, with no space between."""
_MARKS = frozenset({"sup", "sub", "s", "del", "strike", "ins"})
_SPACE = re.compile("[ \t\r\n\f]+")
_BREAK = re.compile(" ?(?:\x00 ?)+")
"""White space is collapsed as in browsers (CSS Text 3, section 4.1.1); no-break spaces are kept."""


def parse_page(name: str, text: str) -> HtmlElement:
    """Parse a page and remove what a browser does not display."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):  # an empty page
        return html.document_fromstring("<html></html>")
    for entry in parser.error_log:
        if entry.level == etree.ErrorLevels.FATAL:
            refuse(name, "", f"not readable as HTML: {entry.message}", line=entry.line)
    for element in [item for item in root.iter() if _is_hidden(item) and item is not root]:
        if element.getparent() is None:
            continue
        if element.tag in {"td", "th"}:
            # The cell stays, emptied: removing it would shift the cells after it into other columns.
            element[:], element.text = [], None
        else:
            element.drop_tree()
    for grid in [item for item in root.iter() if item.get("role") in _GRIDS and item.tag != "table"]:
        _make_table(name, grid)
    return root


def _make_table(name: str, grid: HtmlElement) -> None:
    """Turn an element with the roles of a table (WAI-ARIA 1.2) into a table element."""
    rows = [item for item in grid.iter() if item.get("role") == "row"]
    row_count = str(grid.get("aria-rowcount", ""))
    if row_count.isdecimal() and int(row_count[:9]) > len(rows):
        message = f"the page holds {len(rows)} of {int(row_count[:9])} rows"
        refuse(name, "", message, "show all rows, then save it again", line=grid.sourceline)
    for row in rows:
        cells = [item for item in row.iter() if item.get("role") in _CELLS]
        for cell in cells:
            cell.tag, cell.tail = _CELLS[str(cell.get("role"))], None
        row[:], row.tag, row.text, row.tail = cells, "tr", None, None
    grid[:], grid.tag, grid.text = rows, "table", None


def _is_hidden(element: HtmlElement) -> bool:
    """Return whether an element is hidden, or visible to screen readers only."""
    attributes = element.attrib
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") == "true" and next(element.iter("table", *HEADINGS), None) is None)
        or _HIDDEN.search(str(attributes.get("style", ""))) is not None
        or not _FOR_SCREEN_READERS.isdisjoint(str(attributes.get("class", "")).split())
    )


def under_headings(root: HtmlElement, *tags: str) -> Iterator[tuple[HtmlElement, tuple[str, ...]]]:
    """Yield elements in order, each with the headings above it; headings inside tables are ignored."""
    headings: dict[int, str] = {}
    for element in root.iter(*HEADINGS, *tags):
        level = HEADINGS.get(str(element.tag))
        if level is None:
            yield element, tuple(filter(None, headings.values()))
        elif next(element.iterancestors("table"), None) is None:
            headings = {at: text for at, text in headings.items() if at < level} | {level: text_of(element)}


def line_of(element: HtmlElement) -> int | None:
    """Return the source line of an element, if known.

    Pages rendered from Markdown carry lines in ``LINE`` attributes; the root has the attribute, too.
    """
    if LINE in element.getroottree().getroot().attrib:
        number = _NUMBER.fullmatch(str(element.get(LINE, "")))
        return int(number[0]) if number else None
    return element.sourceline if isinstance(element.sourceline, int) else None


def cell_of(element: HtmlElement) -> Cell:
    """Return a cell's text, its links and the mark-up that changes its meaning."""
    links = (str(link.get("href", "")).strip(" \t\r\n\f") for link in element.iter("a"))
    marks = dict.fromkeys(str(item.tag) for item in element.iter(*sorted(_MARKS)))
    return Cell(
        text=text_of(element),
        links=tuple(link for link in links if link),
        marks=tuple(marks),
        apart_from_badges=text_of(element, badges=False),
    )


def text_of(element: HtmlElement, *, badges: bool = True) -> str:
    """Return the text of an element parsed without comments; scripts and styles are left out."""
    pieces: list[str] = []
    unseen = 0
    for event, item in etree.iterwalk(element, events=("start", "end")):
        is_badge = item is not element and _BADGE.search(str(item.get("class", ""))) is not None
        hidden = item.tag in _UNSEEN or (is_badge and not badges)
        unseen += (1 if event == "start" else -1) if hidden else 0
        if (item.tag in _BLOCKS and item is not element) or is_badge:
            pieces.append("\x00")
        if not unseen and (event == "start" or item is not element):
            pieces.append((item.text if event == "start" else item.tail) or "")
    flat = _SPACE.sub(" ", "".join(pieces)).strip(" ")
    return _BREAK.sub("\n", flat).strip(" \n")


def cell_of_html(text: str) -> Cell:
    """Return the cell for a text that may contain inline HTML, such as line breaks and links."""
    return cell_of(parse_page("", f"<body>{text}</body>")) if _INLINE.search(text) else Cell(text=text)


_KEYS: dict[str, Literal["updated_on", "notice_days"]] = {
    **dict.fromkeys(("updated", "updatedat", "updatedon", "lastupdate", "lastupdated", "lastupdatedat",
                     "lastmodified", "lastmod", "modified", "effectivedate", "effectivefrom", "asof"),
                    "updated_on"),
    **dict.fromkeys(("noticedays", "noticeperiod", "noticeperioddays", "notificationdays",
                     "notificationperiod", "notificationperioddays", "advancenoticedays"), "notice_days"),
}  # fmt: skip
"""Keys, folded, in the front matter of a page or beside the rows of a document."""
_STATING = (
    r"last (?:updated|modified|changed|revised|reviewed)", "updated", "effective(?: date| as of| from)?",
    "as of", "zuletzt (?:aktualisiert|geändert)", "stand", "dernière mise à jour",
    "laatst (?:bijgewerkt|gewijzigd)", "última actualización", "ultimo aggiornamento",
)  # fmt: skip
"""Phrases that introduce the date of a page."""
_DATED = re.compile(
    rf"\b(?:{'|'.join(_STATING)})\b(?: on| am| le| op| el| il)?[ :\n\u2013\u2014-]{{1,4}}", re.IGNORECASE
)
_SPAN = r"\b(\d{1,3})[ -](?:calendar |business |working )?days?\b"
_NOTICE = re.compile(
    rf"{_SPAN}[^.\n]{{0,40}}?\b(?:notice|notif|in advance|prior|before)"
    rf"|\b(?:notice|notif\w{{0,10}}|advance)\b[^.\n]{{0,60}}?{_SPAN}",
    re.IGNORECASE,
)
_YEAR = r"(?P<year>\d{4})\b"
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)",
        r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\. ?" + _YEAR,
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?,? (?:(?:of|de) )?(?P<month>[^\W\d]{3,12})[.,]* (?:de )?"
        + _YEAR,
        r"(?P<month>[^\W\d]{3,12})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?,? " + _YEAR,
    )
)
_DAYS = re.compile(r"P?(\d{1,3})(?: ?(?:d|days?))?", re.IGNORECASE)
_MONTHS = {
    folded(name): number
    for language in ("en", *LANGUAGES)
    for width in ("wide", "abbreviated")
    for number, name in Locale(language).months["format"][width].items()
}
_LONGEST = 60


def day_in(text: str) -> dt.date | None:
    """Return the date at the start of a text. 03/04/2026 is not accepted, because it is ambiguous."""
    text = text.lstrip()
    found = next(filter(None, (form.match(text) for form in _FORMS)), None)
    if found is None:
        return None
    month = found["month"]
    try:
        number = int(month) if month.isdecimal() else _MONTHS[folded(month)]
        return dt.date(int(found["year"]), number, int(found["day"]))
    except (KeyError, ValueError):
        return None


def stated_under(file: str, key: str, value: str) -> Iterator[Stated]:
    """Yield the statement made by a key of the front matter, or by one beside the rows of a document."""
    field, days = _KEYS.get(folded(key)), _DAYS.fullmatch(value)
    found = day_in(value) if field == "updated_on" else days and days[1]
    if field and found:
        yield Stated(field=field, value=str(found), words=f"{key}: {value[:_LONGEST]}", file=file)


def stated_of(
    name: str, tables: tuple[Table, ...], root: HtmlElement, more: Iterable[Stated] = ()
) -> tuple[Table, ...]:
    """Return the tables, with the page's statements about itself added to the first.

    These are ``more``, and phrases such as "Last updated: 12 March 2026" or "30 days' notice".
    """
    if not tables:
        return ()
    stated, text = [*tables[0].stated, *more], text_of(root)
    for found in _DATED.finditer(text):
        after = text[found.end() : found.end() + _LONGEST]
        day = day_in(after)
        if day is not None:
            words = found[0].replace("\n", " ") + after.partition("\n")[0]
            stated.append(Stated(field="updated_on", value=day.isoformat(), words=words, file=name))
    for found in _NOTICE.finditer(text):
        words = " ".join(found[0].split())
        stated.append(Stated(field="notice_days", value=found[1] or found[2], words=words, file=name))
    return (msgspec.structs.replace(tables[0], stated=tuple(stated)), *tables[1:])
