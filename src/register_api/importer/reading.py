"""From the bytes of a file to its tables, by the file's form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.importer.html_tables import read_html
from register_api.importer.json_rows import read_json
from register_api.importer.markdown_tables import read_markdown
from register_api.importer.separated import read_csv, read_tsv
from register_api.importer.table import MAX_BYTES, MAX_CELLS, Table, fault, refuse, refuse_any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from register_api.errors import Finding
    from register_api.importer.file_format import FileFormat

_READERS: dict[FileFormat, Callable[[str, str], tuple[Table, ...]]] = {
    "markdown": read_markdown,
    "html": read_html,
    "csv": read_csv,
    "tsv": read_tsv,
    "json": read_json,
}
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE
)


def read_tables(name: str, data: bytes, form: FileFormat) -> tuple[Table, ...]:
    """Read all tables of a file."""
    tables = _READERS[form](name, decode_text(name, data, form))
    if not tables:
        refuse(name, "", "there is no table in it", "sub-processors in prose are not read")
    cells = sum(len(row.cells) for table in tables for row in table.rows)
    if cells > MAX_CELLS:
        refuse(name, "", f"{cells} cells; at most {MAX_CELLS} are read", rule="R17")
    refuse_any(finding for table in tables for finding in _uneven(table))
    return tables


def decode_text(name: str, data: bytes, form: FileFormat) -> str:
    """Decode a file strictly; a byte-order mark belongs to the encoding and not to the text."""
    if len(data) > MAX_BYTES:
        refuse(name, "", f"{len(data)} bytes; at most {MAX_BYTES} are read", rule="R17")
    declared = _CHARSET.search(data[:2048]) if form == "html" and not data.isascii() else None
    if declared and declared[1].lower() not in {b"utf-8", b"utf8"}:
        message = f"the page says it is written in {declared[1].decode('ascii')}"
        refuse(name, "", message, "save it as UTF-8")
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        refuse(name, "", "this file is not UTF-8 text", "save it as UTF-8", line=line)
    refuse_any(_control_characters(name, text))
    return text


def _control_characters(name: str, text: str) -> Iterator[Finding]:
    found = _CONTROL.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        message = f"the control character U+{ord(found[0]):04X} stands in the text"
        yield fault(name, "", message, "take it out; it is not done silently", line=line, rule="R05")


def _uneven(table: Table) -> Iterator[Finding]:
    width = len(table.header)
    for row in table.rows:
        if len(row.cells) != width:
            message = f"the row has {len(row.cells)} cells, the header {width}"
            hint = "nothing is filled in or left out: put the row right"
            yield fault(table.file, f"table {table.number}, row {row.number}", message, hint, line=row.line)
