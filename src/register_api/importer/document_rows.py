"""Read the rows of a JSON or YAML document: find the list and convert its values to text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import yaml

from register_api.core.text import quoted
from register_api.importer.html_page import cell_of_html, stated_under
from register_api.importer.table import MAX_BYTES, Cell, Row, Stated, Table, find_field, refuse

_LISTS = ("entries", "subprocessors", "sub_processors", "subProcessors", "vendors", "rows", "items", "data")
"""Keys that identify the list of rows when an object contains several lists."""
_TITLES = ("name", "title", "label")
"""Keys that hold the display name of an object used where a text is expected."""
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")
_MAX_CHARACTERS = MAX_BYTES // 16
_MAX_NAMED = 12


def read_json(name: str, text: str) -> tuple[Table, ...]:
    """Read the rows of a JSON document."""
    return _read(name, parse_json(name, text))


def read_yaml(name: str, text: str) -> tuple[Table, ...]:
    """Read the rows of a YAML document; duplicate keys and aliases (YAML 1.2, section 7.1) are refused."""
    if len(text) > _MAX_CHARACTERS:
        refuse(name, "", f"{len(text)} characters; at most {_MAX_CHARACTERS} of YAML are read", rule="R17")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return _read(name, _plain(name, node, set())) if node else ()
    except RecursionError:
        refuse(name, "", "lists or objects are nested too deeply")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        refuse(name, "", f"not well-formed YAML: {error.problem}", line=line)
    except (yaml.YAMLError, ValueError) as error:
        refuse(name, "", f"not well-formed YAML: {str(error).splitlines()[0]}")


def _plain(name: str, node: yaml.Node, seen: set[int]) -> Any:
    """Return the value of a node; numbers and dates stay text as written."""
    if id(node) in seen:
        refuse(name, "", "a part refers to another (*)", "write it out", line=node.start_mark.line + 1)
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        return [_plain(name, item, seen) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return _unique(
            [(str(_plain(name, key, seen)), _plain(name, value, seen)) for key, value in node.value]
        )
    if node.tag == "tag:yaml.org,2002:null":
        return None
    return node.value


def stated_in(name: str, pairs: Mapping[str, Any]) -> tuple[Stated, ...]:
    """Return the list's date and notice period from the values beside the rows."""
    texts = ((key, value) for key, value in pairs.items() if isinstance(value, str))
    return tuple(statement for key, value in texts for statement in stated_under(name, key, value))


def parse_json(name: str, text: str) -> Any:
    """Parse JSON; duplicate names and NaN are refused, and numbers stay text as written."""
    try:
        return json.loads(text, **CHECKS)
    except RecursionError:
        refuse(name, "", "lists or objects are nested too deeply")
    except json.JSONDecodeError as error:
        refuse(name, "", f"not well-formed JSON: {error.msg}", line=error.lineno)
    except ValueError as error:
        refuse(name, "", f"not well-formed JSON: {error}")


def states_of(document: Any) -> list[dict[str, Any]] | None:
    """Return the dated states of a history: objects with ``entries``, in a list or a list ``versions``."""
    versions = document.get("versions") if isinstance(document, dict) else document
    dated = isinstance(versions, list) and all(
        isinstance(item, dict) and isinstance(item.get("entries"), list) for item in versions
    )
    return versions if dated and versions else None


def table_of(name: str, rows: Any, *remarks: str) -> Table:
    """Return a list of objects as a table; its columns are all keys in order of appearance.

    An object whose only value is an object is replaced by that value (``edges[].node``). If the objects
    are groups of rows, a group's title becomes the heading of its rows.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        refuse(name, "", "the rows are not a list of objects")
    parted = [(title, unwrapped(row)) for title, group in _groups(rows) for row in group]
    names = list(dict.fromkeys(key for _, row in parted for key in row))
    languages: dict[str, None] = {}
    body = []
    try:
        for number, (title, row) in enumerate(parted, 1):
            cells = tuple(_cell(row.get(key), languages) for key in names)
            body.append(Row(cells=cells, number=number, section=(title,) if title else ()))
    except RecursionError:
        refuse(name, "", "lists or objects are nested too deeply")
    if languages:
        remarks = (*remarks, f"of texts in several languages one is read: {', '.join(languages)}")
    header = tuple(Cell(text=key) for key in names)
    return Table(file=name, number=1, header=header, rows=tuple(body), remarks=remarks)


def _read(name: str, document: Any) -> tuple[Table, ...]:
    """Read the rows of a document; from a list of dated states, those of the last (newest) one."""
    states = states_of(document)
    if states:
        remark = f"of {len(states)} dated states the last is read; --history imports all"
        return (table_of(name, states[-1].get("entries"), remark),)
    rows, owner, chosen = _find_rows(name, document)
    beside = []
    if isinstance(document, dict) and any(map(_is_rows, document.values())):
        beside = [
            f"{quoted(key)} ({quoted(value, 60)})" if isinstance(value, str) else quoted(key)
            for key, value in document.items()
            if key != chosen and value not in (None, "", [], {})
        ]
    remark = f"beside the rows stand {', '.join(beside[:_MAX_NAMED])}, which are not read into the list"
    table = table_of(name, rows, *([remark] if beside else []))
    return (msgspec.structs.replace(table, stated=stated_in(name, owner)),)


def _find_rows(name: str, document: Any) -> tuple[Any, dict[str, Any], str]:
    """Return the rows, the object that contains them, and their key in that object."""
    if not isinstance(document, dict):
        return document, {}, ""
    level, names = [document], ""
    while level and not names:
        lists = [(key, item) for item in level for key, value in item.items() if _is_rows(value)]
        chosen = lists if len(lists) == 1 else [pair for pair in lists if pair[0] in _LISTS]
        if len(chosen) == 1:
            ((key, owner),) = chosen
            return list(owner[key].values()) if isinstance(owner[key], dict) else owner[key], owner, key
        names = ", ".join(quoted(key) for key, _ in lists)
        level = [value for item in level for value in item.values() if isinstance(value, dict)]
    message = f"the rows cannot be found: of lists of objects there are {names or 'none'}"
    return refuse(name, "", message, "one list of objects, or an object with one such list")


def _is_rows(value: Any) -> bool:
    """Return whether a value may hold rows: a list of objects, or objects with names, keyed by id."""
    if isinstance(value, dict) and len(value) > 1:
        return all(isinstance(item, dict) and has_name(item) for item in value.values())
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def has_name(row: dict[str, Any]) -> bool:
    """Return whether an object has a name, as text or as an object with a title."""
    values = (value for key, value in row.items() if find_field(key) == "name")
    return any(title_of(value) if isinstance(value, dict) else isinstance(value, str) for value in values)


def unwrapped(row: dict[str, Any]) -> dict[str, Any]:
    """Return an object, or the object that is its only value."""
    (value,) = row.values() if len(row) == 1 else (None,)
    return value if isinstance(value, dict) else row


def _groups(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the rows by group title; the title is empty if the rows are not grouped."""
    groups: list[tuple[str, list[dict[str, Any]]]] = []
    for row in rows:
        lists = (value for value in row.values() if isinstance(value, list) and _is_rows(value))
        inner = [value for value in lists if all(map(has_name, value))]
        title = next((row[key] for key in (*_TITLES, "category") if isinstance(row.get(key), str)), "")
        if len(inner) != 1 or not title:
            return [("", rows)]
        groups.append((title, inner[0]))
    return groups


def _cell(value: Any, languages: dict[str, None]) -> Cell:
    items = value if isinstance(value, list) else None
    if isinstance(value, dict) and _language_of(value) is None and not title_of(value):
        items = [f"{key}: {_text(item, languages)}" for key, item in value.items()]
    if items is None:
        return cell_of_html(_text(value, languages))
    texts = tuple(filter(None, (_text(item, languages) for item in items)))
    return Cell(text="\n".join(texts), items=texts)


def _text(value: Any, languages: dict[str, None]) -> str:
    """Return a value as display text: one of several languages, or the title of an object."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(_text(item, languages) for item in value)
        case dict():
            language = _language_of(value)
            if language is not None:
                languages[language] = None
                return str(value[language])
            parts = (f"{key}: {_text(item, languages)}" for key, item in value.items())
            return title_of(value) or ", ".join(parts)
        case _:
            return str(value)


def _language_of(value: dict[str, Any]) -> str | None:
    """Return which language of a multilingual text to use: English, or else the first."""
    if value and all(_LANGUAGE.fullmatch(key) and isinstance(text, str) for key, text in value.items()):
        return "en" if "en" in value else next(iter(value))
    return None


def title_of(value: dict[str, Any]) -> str:
    """Return the title of an object, or an empty text."""
    return next((value[key] for key in _TITLES if isinstance(value.get(key), str)), "")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"the name {quoted(twice)} appears twice in one object")
    return names


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


CHECKS: dict[str, Any] = {
    "object_pairs_hook": _unique, "parse_float": str, "parse_int": str, "parse_constant": _no_constant,
}  # fmt: skip
"""Decoder arguments that refuse duplicate names and NaN, and keep numbers as text."""
