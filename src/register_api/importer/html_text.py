"""The text of an HTML cell as a reader sees it: white space collapsed, line breaks where blocks end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from register_api.importer.table import Cell

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_BLOCKS = frozenset({"address", "article", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6",
                     "li", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"})  # fmt: skip
_UNSEEN = frozenset({"script", "style", "template", "noscript", "head", "title"})
_MARKS = frozenset({"sup", "sub", "s", "del", "strike", "ins"})

_SPACE = re.compile("[ \t\r\n\f]+")
_BREAK = re.compile(" ?(?:\x00 ?)+")
"""White space is collapsed as browsers do (CSS Text 3, section 4.1.1); a no-break space is none."""


def cell_of(element: HtmlElement) -> Cell:
    """Return what a cell says, with its links and the marks that change what its letters mean."""
    links = (str(link.get("href", "")).strip(" \t\r\n\f") for link in element.iter("a"))
    marks = dict.fromkeys(str(item.tag) for item in element.iter(*sorted(_MARKS)))
    return Cell(text=text_of(element), links=tuple(link for link in links if link), marks=tuple(marks))


def text_of(element: HtmlElement) -> str:
    """Return the text of an element parsed without comments; scripts and styles are not seen."""
    pieces: list[str] = []
    unseen = 0
    for event, item in etree.iterwalk(element, events=("start", "end")):
        hidden = item.tag in _UNSEEN
        unseen += (1 if event == "start" else -1) if hidden else 0
        if item.tag in _BLOCKS and item is not element:
            pieces.append("\x00")
        if event == "start":
            pieces.append("" if unseen else item.text or "")
        else:
            pieces.append(_tail(item, element, unseen))
    flat = _SPACE.sub(" ", "".join(pieces)).strip(" ")
    return _BREAK.sub("\n", flat).strip(" \n")


def _tail(item: etree._Element, element: HtmlElement, unseen: int) -> str:
    return "" if unseen or item is element else item.tail or ""
