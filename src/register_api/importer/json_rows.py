"""JSON rows: a list of objects, an object that holds one such list, or a list of dated states."""

from __future__ import annotations

import json
from typing import Any

from register_api.core.printable import quoted
from register_api.importer.table import Cell, Row, Table, refuse

_LISTS = ("entries", "subprocessors", "sub_processors", "vendors", "rows", "items", "data")
"""Names under which lists of rows are looked for, should there be several lists in an object."""


def read_json(name: str, text: str) -> tuple[Table, ...]:
    """Read rows; of a list of dated states the newest, which is the last."""
    document = parse(name, text)
    states = states_of(document)
    if states is not None:
        remark = f"of {len(states)} dated states the last is read; --history takes over all"
        return (table_of(name, states[-1].get("entries"), remark),) if states else ()
    return (table_of(name, _rows(name, document)),)


def parse(name: str, text: str) -> Any:
    """Parse JSON strictly: no duplicate names, no NaN; numbers keep the letters they are written in."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_float=str, parse_int=str, parse_constant=_no_constant
        )
    except RecursionError:
        refuse(name, "", "lists or objects are nested too deeply")
    except json.JSONDecodeError as error:
        refuse(name, "", f"not well-formed JSON: {error.msg}", line=error.lineno)
    except ValueError as error:
        refuse(name, "", f"not well-formed JSON: {error}")


def states_of(document: Any) -> list[dict[str, Any]] | None:
    """Return the dated states of a history, or ``None`` if the document is none.

    A history is a list of objects, or an object with such a list ``versions``, where each object has
    ``entries``.
    """
    versions = document.get("versions") if isinstance(document, dict) else document
    if not isinstance(versions, list) or not versions:
        return None
    if all(isinstance(item, dict) and isinstance(item.get("entries"), list) for item in versions):
        return versions
    return None


def table_of(name: str, rows: Any, remark: str = "") -> Table:
    """Return a list of objects as a table; its columns are all names in order of appearance."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        refuse(name, "", "the rows are not a list of objects")
    names = list(dict.fromkeys(key for row in rows for key in row))
    body = (
        Row(cells=tuple(_cell(row.get(key)) for key in names), number=number)
        for number, row in enumerate(rows, 1)
    )
    header = tuple(Cell(text=key) for key in names)
    return Table(file=name, number=1, header=header, rows=tuple(body), remarks=(remark,) if remark else ())


def _rows(name: str, document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    lists = {key: value for key, value in document.items() if _is_rows(value)}
    chosen = list(lists) if len(lists) == 1 else [key for key in _LISTS if key in lists]
    if len(chosen) != 1:
        found = ", ".join(quoted(key) for key in lists) or "none"
        message = f"the rows cannot be found: of lists of objects there are {found}"
        refuse(name, "", message, "one list of objects, or an object with one such list")
    return lists[chosen[0]]


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _cell(value: Any) -> Cell:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return Cell(text="\n".join(value), items=tuple(value))
    return Cell(text=_text(value))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise ValueError(f"the name {quoted(twice)} stands twice in one object")
    return names


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
