"""Tables of a Markdown page (GitHub's tables, and HTML tables within): parsed with markdown-it.

The page is rendered and then read like any HTML page, so that entities, links and line breaks mean
the same in both. What the syntax would quietly drop or fill in is found in the lines themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from register_api.errors import Finding
from register_api.importer.html_lists import lists_of
from register_api.importer.html_page import LINE, parse_page
from register_api.importer.html_tables import tables_of
from register_api.importer.page_facts import stated_of, stated_under
from register_api.importer.table import MAX_BYTES, Stated, Table, fault, refuse, refuse_any

_MOST_CHARACTERS = MAX_BYTES // 4
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:(?!---[ \t]*$).*\n)*?---[ \t]*(?:\n|\Z)", re.MULTILINE)
_SPACE = "\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WIDE = re.compile(f"[{_SPACE}]")
_RUN = f"[ \t{_SPACE}]"
_EDGE = re.compile(rf"(?:^|(?<=\|)){_RUN}+|(?<!{_RUN}){_RUN}++(?=\||$)", re.MULTILINE)
"""White space at the edges of cells: the parser would take away more than the syntax calls padding."""
_WITH_LINE = frozenset({"table_open", "tr_open", "heading_open", "paragraph_open", "list_item_open"})
_PIPE = re.compile(r"(?<!\\)\|")


def read_markdown(name: str, text: str, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Read the tables of a page, all or those of these numbers; where it has none, its lists and cards."""
    if len(text) > _MOST_CHARACTERS:
        message = f"{len(text)} characters; at most {_MOST_CHARACTERS} of Markdown are read"
        refuse(name, "", message, rule="R17")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    stated: list[Stated] = []
    settings = _FRONT_MATTER.match(text)
    if settings:  # no text of the page; lines keep their numbers
        for line in settings[0].split("\n"):
            key, _, value = line.partition(":")
            stated += stated_under(name, key, value.strip(" \"'"))
        text = "\n" * settings[0].count("\n") + text[settings.end() :]
    # Wide spaces at the edges of cells as references, which mean the same and are not taken away.
    text = _EDGE.sub(lambda run: _WIDE.sub(lambda found: f"&#{ord(found[0])};", run[0]), text)
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = parser.parse(text)
    refuse_any(
        fault for number, fault in _faults(name, text.split("\n"), tokens) if not only or number in only
    )
    for token in tokens:
        if token.type in _WITH_LINE and token.map:
            token.attrSet(LINE, str(token.map[0] + 1))
    root = parse_page(name, f"<body>{parser.renderer.render(tokens, parser.options, {})}</body>")
    root.set(LINE, "")
    tables = tables_of(name, root, only)
    if sum(token.type == "table_open" for token in tokens) > len(tables):
        refuse(name, "", "HTML in the page hides a table", "take the HTML out")
    return stated_of(name, tables or lists_of(name, root), root, stated)


def _faults(name: str, lines: list[str], tokens: list[Token]) -> Iterator[tuple[int, Finding]]:
    """Yield what is wrong with a table, with its number; what stands behind one counts as its."""
    number = width = 0
    inside = False
    for token in tokens:
        line = token.map[0] + 1 if token.map else None
        if token.type == "table_open":
            number, width, inside = number + 1, 0, True
            if token.level:
                message = "the table is inside a list or a quotation"
                yield number, fault(name, f"table {number}", message, "move it out", line=line)
        elif token.type == "table_close":
            inside = False
        elif token.type == "tr_open" and line is not None:
            cells = _count_cells(lines[line - 1])
            width = width or cells
            if cells != width:
                message = f"the row has {cells} cells, the header {width}"
                hint = "nothing is filled in or left out: put the row right"
                yield number, fault(name, f"table {number}", message, hint, line=line)
        elif token.type == "inline" and not inside and token.content.startswith("|"):
            message = "a row is outside any table"
            hint = "take the empty line before it out, or give it a header"
            yield number, fault(name, "", message, hint, line=line)


def _count_cells(line: str) -> int:
    """Count the cells of a row: pipes part them, but for one at either end (GFM, section 4.10)."""
    cells = _PIPE.split(line.strip(" \t"))
    return max(len(cells) - (cells[0] == "") - (len(cells) > 1 and cells[-1] == ""), 1)
