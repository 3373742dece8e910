"""Read the tables in a file according to its format; Markdown, CSV and TSV (RFC 4180) are parsed here.

Markdown is rendered and then read as HTML, so that entities, links and line breaks mean the same in both.
Cells that Markdown would silently drop or fill in are found by counting them in the source lines.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default

from markdown_it import MarkdownIt
from markdown_it.token import Token

from register_api.core.text import printable
from register_api.errors import Finding
from register_api.importer.document_rows import read_json, read_yaml
from register_api.importer.html_page import LINE, parse_page, stated_of, stated_under
from register_api.importer.html_tables import lists_of, tables_of
from register_api.importer.page_data import read_html
from register_api.importer.table import (
    MAX_BYTES,
    MAX_CELLS,
    SPREADSHEET,
    Cell,
    FileFormat,
    Row,
    Stated,
    Table,
    find_field,
    refuse,
    refuse_any,
)
from register_api.source.file import finding

_MAX_CHARACTERS = MAX_BYTES // 4
_FRONT_MATTER = re.compile(r"---[ \t]*\n(?:(?!---[ \t]*$).*\n)*?---[ \t]*(?:\n|\Z)", re.MULTILINE)
_SPACE = "\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WIDE = re.compile(f"[{_SPACE}]")
_RUN = f"[ \t{_SPACE}]"
_EDGE = re.compile(rf"(?:^|(?<=\|)){_RUN}+|(?<!{_RUN}){_RUN}++(?=\||$)", re.MULTILINE)
"""White space at the edges of cells: the parser would strip more of it than the syntax allows."""
_WITH_LINE = frozenset({"table_open", "tr_open", "heading_open", "paragraph_open", "list_item_open"})
_PIPE = re.compile(r"(?<!\\)\|")
_PUT_RIGHT = "nothing is filled in or left out: put the row right"


def read_markdown(name: str, text: str, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Read the tables of a page, or only these numbers; if it has none, its lists and cards."""
    if len(text) > _MAX_CHARACTERS:
        message = f"{len(text)} characters; at most {_MAX_CHARACTERS} of Markdown are read"
        refuse(name, "", message, rule="R17")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    stated: list[Stated] = []
    settings = _FRONT_MATTER.match(text)
    if settings:  # replaced by empty lines, so that line numbers stay right
        for line in settings[0].split("\n"):
            key, _, value = line.partition(":")
            stated += stated_under(name, key, value.strip(" \"'"))
        text = "\n" * settings[0].count("\n") + text[settings.end() :]
    # Character references are equivalent, and the parser does not strip them.
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
    """Yield faults with the number of their table; one after a table counts as that table's."""
    number = width = 0
    inside = False
    for token in tokens:
        line = token.map[0] + 1 if token.map else None
        if token.type == "table_open":
            number, width, inside = number + 1, 0, True
            if token.level:
                message = "the table is inside a list or a quotation"
                yield number, finding(name, f"table {number}", message, "move it out", line=line)
        elif token.type == "table_close":
            inside = False
        elif token.type == "tr_open" and line is not None:
            # Pipes separate cells, except for one at either end (GFM, section 4.10).
            texts = _PIPE.split(lines[line - 1].strip(" \t"))
            cells = max(len(texts) - (texts[0] == "") - (len(texts) > 1 and texts[-1] == ""), 1)
            width = width or cells
            if cells != width:
                message = f"the row has {cells} cells, the header {width}"
                yield number, finding(name, f"table {number}", message, _PUT_RIGHT, line=line)
        elif token.type == "inline" and not inside and token.content.startswith("|"):
            message = "a row is outside any table"
            hint = "take the empty line before it out, or give it a header"
            yield number, finding(name, "", message, hint, line=line)


_SEPARATOR = re.compile(r'"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)


def read_csv(name: str, text: str) -> tuple[Table, ...]:
    """Read the table of a CSV file, separated by commas or semicolons.

    A first line such as ``sep=;``, written by spreadsheets, sets the separator.
    """
    separator = _SEPARATOR.match(text)
    if separator:
        return _read(name, text[separator.end() :], separator[1], first=2)
    headers = {mark: _header(text, mark) for mark in (",", ";")}
    fitting = [mark for mark, cells in headers.items() if "name" in map(find_field, cells)]
    parting = [mark for mark, cells in headers.items() if len(cells) > 1]
    if not fitting and len(parting) != 1:
        hint = "the first row names the columns; --column COLUMN=name says which holds the names"
        refuse(name, "", "the first row has no column of names that is known", hint, line=1)
    return _read(name, text, (fitting or parting)[0])


def _header(text: str, mark: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True), [])
    except csv.Error:
        return []


def _read(name: str, text: str, mark: str, first: int = 1) -> tuple[Table, ...]:
    """Read the rows, each with the line it starts on; blank lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    rows: list[Row] = []
    begins = first
    try:
        for texts in reader:
            if texts:
                cells = tuple(Cell(text=text.replace("\r\n", "\n")) for text in texts)
                rows.append(Row(cells=cells, number=len(rows), line=begins))
            begins = reader.line_num + first
    except csv.Error as error:
        line = max(reader.line_num, 1) + first - 1
        refuse(name, "", f"not well-formed: {printable(error)}", line=line)
    if not rows:
        return ()
    header, *body = rows
    return (Table(file=name, number=1, header=header.cells, rows=tuple(body), line=header.line),)


_READERS: dict[FileFormat, Callable[[str, str, tuple[int, ...]], tuple[Table, ...]]] = {
    "markdown": read_markdown,
    "html": read_html,
    "csv": lambda name, text, _: read_csv(name, text),
    "tsv": lambda name, text, _: _read(name, text, "\t"),
    "json": lambda name, text, _: read_json(name, text),
    "yaml": lambda name, text, _: read_yaml(name, text),
}
_DRAWN = (
    "if a script draws it, save it from the browser once all rows are shown (as a whole page), or save the"
    " reply that brings them (developer tools, Network) as .json"
)
_SAVED = re.compile(rb"[A-Za-z-]{4,40}:[\x00-\xff]{0,2000}?multipart/related", re.IGNORECASE)
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)


def read_tables(name: str, data: bytes, form: FileFormat, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Read the tables of a file; with ``only``, the tables with other numbers stay without rows.

    Raises:
        Refused: The file cannot be read exactly.
    """
    text = decode_text(name, data, form)
    tables = _READERS[form](name, text, only)
    if not tables:
        message = "it contains no table, nor a list of names with purposes or labels"
        drawn = form == "html" and "<script" in text
        refuse(name, "", message, _DRAWN if drawn else "sub-processors in prose are not read")
    cells = sum(len(row.cells) for table in tables for row in table.rows)
    if cells > MAX_CELLS:
        refuse(name, "", f"{cells} cells; at most {MAX_CELLS} are read", rule="R17")
    uneven = ((table, row) for table in tables for row in table.rows if len(row.cells) != len(table.header))
    faults = []
    for table, row in uneven:
        message = f"the row has {len(row.cells)} cells, the header {len(table.header)}"
        place = f"table {table.number}, row {row.number}"
        faults.append(finding(name, place, message, _PUT_RIGHT, line=row.line))
    refuse_any(faults)
    return tables


def decode_text(name: str, data: bytes, form: FileFormat) -> str:
    """Decode a file as strict UTF-8, without its byte-order mark."""
    if len(data) > MAX_BYTES:
        refuse(name, "", f"{len(data)} bytes; at most {MAX_BYTES} are read", rule="R17")
    if data.startswith((b"PK\x03\x04", b"%PDF-", b"\xd0\xcf\x11\xe0")):  # ZIP, such as XLSX; PDF; old Office
        refuse(name, "", "this file is not text", SPREADSHEET)
    if form == "html" and _SAVED.match(data):
        data = _page_of(name, data)
    declared = _CHARSET.search(data[:2048]) if form == "html" and not data.isascii() else None
    if declared and declared[1].lower() not in {b"utf-8", b"utf8"}:
        message = f"the page says it is written in {declared[1].decode('ascii')}"
        refuse(name, "", message, "save it as UTF-8")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(name, "", "this file is not UTF-8 text", "save it as UTF-8", line=line)
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        message = f"the control character U+{ord(found[0]):04X} is in the text"
        refuse(name, "", message, "take it out", line=line, rule="R05")
    return text


def _page_of(name: str, data: bytes) -> bytes:
    """Return the HTML page in a file saved as MHTML (RFC 2557)."""
    try:
        parts = message_from_bytes(data, policy=default).walk()
        page = next(part for part in parts if part.get_content_type() == "text/html")
        content = page.get_payload(decode=True)
    except (StopIteration, LookupError, ValueError, RecursionError):
        content = None
    if not isinstance(content, bytes):
        refuse(name, "", "there is no page in what was saved as one file", "save it as HTML")
    return content
