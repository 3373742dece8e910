"""Read lists from the JSON that a page contains for its scripts, in elements, attributes and assignments.

Pages rendered by scripts, such as those of trust-centre products, carry their rows as objects. Objects
with a name, and a purpose or a location, are read as sub-processors, whichever product made the page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from lxml.html import HtmlElement

from register_api.importer.document_rows import CHECKS, has_name, stated_in, table_of, title_of, unwrapped
from register_api.importer.html_page import parse_page, stated_of
from register_api.importer.html_tables import lists_of, tables_of
from register_api.importer.table import Table, find_field, folded, refuse

_DECODER = json.JSONDecoder(**CHECKS)
_BEGINS = re.compile(r"""(?:^|[=(:])\s*+(?=\{\s*"|\[\s*[\[{"\d]|["'])""")
"""Where data may start in a script: an assignment, an argument, a value, a line pushed by Next.js."""
_SINGLE = re.compile(r"'((?:[^'\\\n]|\\.)*+)'")
_ESCAPED = re.compile(r'\\.|"')
_WINDOW = 4096
"""Characters parsed first, so that text that is not JSON is rejected at little cost."""
_MAX_LISTS = 100
_MAX_TRIED = 4
"""Maximum characters of failed parsing, as a multiple of the script's length."""
_VISIBLE_IF = {"show": True, "visible": True, "public": True, "ispublic": True, "published": True,
          "hidden": False, "ishidden": False, "archived": False, "deleted": False}  # fmt: skip
"""Keys, folded, to their value for an object that the page displays."""
_ABOUT = ("subprocessor", "vendor", "thirdpart")
_TELLING = frozenset({"purpose", "locations", "data_categories"})


class _List(msgspec.Struct):
    path: str
    rows: list[dict[str, Any]]
    beside: dict[str, Any]
    hidden: int

    @property
    def rank(self) -> int:
        """Likelihood of sub-processors: 2 if the path says so, 1 if every row has a location, else 0."""
        about = any(word in folded(self.path) for word in _ABOUT)
        return 2 if about else int(all("locations" in _fields(row) for row in self.rows))


def read_html(name: str, text: str, only: tuple[int, ...] = ()) -> tuple[Table, ...]:
    """Read the tables of a page, or only these numbers; without a column of names, its data or cards.

    Lists in the page's data are numbered after its tables.
    """
    root = parse_page(name, text)
    tables = tables_of(name, root, only)
    named = any(find_field(cell.text) == "name" for table in tables for cell in table.header)
    if not named or max(only, default=0) > len(tables):
        data = _data_of(name, root, len(tables))
        tables = tables + data if only else data or tables or lists_of(name, root)
    return stated_of(name, tables, root)


def _data_of(name: str, root: HtmlElement, before: int) -> tuple[Table, ...]:
    lists = [found for document in _documents(root) for found in _lists(document)]
    # On a page with tables, a name and a description are not enough: such objects are common.
    best = max((found.rank for found in lists), default=0)
    chosen = [found for found in lists if found.rank == best and (best or not before)]
    if len(chosen) > _MAX_LISTS:
        refuse(name, "", f"{len(chosen)} lists in the data of the page", rule="R17")
    once = [found for at, found in enumerate(chosen) if all(found.rows != item.rows for item in chosen[:at])]
    tables = []
    for number, found in enumerate(once, before + 1):
        remark = f"{len(found.rows)} entries of {found.path or 'a list'} in the data of the page were read"
        left = f"; {found.hidden} that it does not show were left out" if found.hidden else ""
        table = table_of(name, found.rows, f"{remark}{left}: compare them with what the page shows")
        stated = stated_in(name, found.beside)
        tables.append(msgspec.structs.replace(table, number=number, stated=stated))
    return tuple(tables)


def _documents(root: HtmlElement) -> Iterator[Any]:
    """Yield the JSON values in a page's scripts and attributes; all else is skipped."""
    pushed: list[str] = []
    for element in root.iter():
        texts = [value for value in element.attrib.values() if value[:1] in {"{", "["}]
        if element.tag == "script":
            texts.append(element.text or "")
        for text in texts:
            for value in _values(text):
                if isinstance(value, list) and value[1:] and isinstance(value[1], str) and not value[2:]:
                    pushed.append(value[1])
                elif isinstance(value, str):
                    yield from _values(value)
                else:
                    yield value
    for line in "".join(pushed).split("\n"):
        yield from _values(line)


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values in a script: objects, lists, and strings that contain either."""
    left = _MAX_TRIED * len(text)
    begins = _BEGINS.search(text)
    while begins is not None and left > 0:
        at = begins.end()
        try:
            value, ends = _decoded(text, at)
        except json.JSONDecodeError as error:
            left -= len(error.doc) if len(error.doc) > _WINDOW else _WINDOW // 64
            ends = at + 1
        except (ValueError, RecursionError):
            left -= len(text) - at
            ends = at + 1
        else:
            if not isinstance(value, str) or value.lstrip()[:1] in {"{", "["}:
                yield value
        begins = _BEGINS.search(text, ends)


def _decoded(text: str, at: int) -> tuple[Any, int]:
    quoted = _SINGLE.match(text, at)
    if quoted is not None:
        replacements = {"\\'": "'", '"': '\\"'}
        body = _ESCAPED.sub(lambda found: replacements.get(found[0], found[0]), quoted[1])
        return _DECODER.decode(f'"{body}"'), quoted.end()
    try:
        value, ends = _DECODER.raw_decode(text[at : at + _WINDOW])
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Unterminated") and error.pos < _WINDOW - 8:
            raise
        value, ends = _DECODER.raw_decode(text[at:])
    return value, at + ends


def _lists(document: Any) -> Iterator[_List]:
    """Yield the lists in a document whose objects all have a name and a purpose or location."""
    known = _by_reference(document)
    level: list[tuple[str, Any, dict[str, Any]]] = [("", document, {})]
    while level:
        path, value, owner = level.pop()
        if isinstance(value, dict) and not _is_hidden(value):
            kinds: dict[str, list[Any]] = {}
            for item in value.values():
                kind = item.get("__typename") if isinstance(item, dict) else None
                kinds.setdefault(str(kind or ""), []).append(item)
            for kind, items in kinds.items():
                if len(items) > 1:
                    yield from _list(f"{path}.{kind}".strip("."), items, value, known)
            level += [(f"{path}.{key}".strip("."), item, value) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            found = list(_list(path, value, owner, known))
            yield from found
            level += [] if found else [(path, item, owner) for item in reversed(value)]


def _list(path: str, items: list[Any], owner: dict[str, Any], known: dict[str, Any]) -> Iterator[_List]:
    if all(isinstance(item, dict) for item in items):
        visible = [_resolved(item, known) for item in items if not _is_hidden(item)]
        if visible and all(has_name(row) and _fields(row) & _TELLING for row in visible):
            yield _List(path, visible, owner, len(items) - len(visible))


def _fields(row: dict[str, Any]) -> set[str | None]:
    return {find_field(key) for key, value in row.items() if value not in (None, "", [], {})}


def _is_hidden(item: dict[str, Any]) -> bool:
    return any(
        isinstance(value, bool) and _VISIBLE_IF.get(folded(key), value) != value
        for key, value in item.items()
    )


def _by_reference(document: Any) -> dict[str, Any]:
    """Return the objects that may be referenced: by ``id``, or by key in a cache of typed objects."""
    known: dict[str, Any] = {}
    level = [document]
    while level:
        value = level.pop()
        if isinstance(value, list):
            level += value
        elif isinstance(value, dict):
            if isinstance(value.get("id"), str) and title_of(value):
                known.setdefault(value["id"], value)
            known |= {k: item for k, item in value.items() if isinstance(item, dict) and "__typename" in item}
            level += value.values()
    return known


def _resolved(row: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    """Return a row with ``__ref`` references resolved and, if it has no name, references by id."""
    row = unwrapped(row)
    made = {
        key: known.get(str(value.get("__ref")), value) if isinstance(value, dict) else value
        for key, value in row.items()
    }
    if not has_name(made):
        for key, value in row.items():
            other = known.get(value) if isinstance(value, str) and re.search("i[dD]$", key) else None
            made = {**(other or {}), **made}
    return made
