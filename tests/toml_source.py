"""Writes a source folder from plain tables."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    Table = Mapping[str, Any]


def write_source(folder: Path, register: Table, vendors: Table) -> None:
    """Rewrite a source: ``register.toml``, and one file for each vendor, by id.

    Values of ``None`` are omitted, as TOML has no null.
    """
    files = folder / "subprocessors"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    (folder / "register.toml").write_text(toml_text(register), "utf-8")
    for id_, vendor in vendors.items():
        (files / f"{id_}.toml").write_text(toml_text(vendor), "utf-8")


def toml_text(table: Table) -> str:
    """Return a table of strings, numbers, dates, lists and tables as a TOML document."""
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Table, path: str) -> Iterator[str]:
    tables = {name: value for name, value in table.items() if _has_header(value)}
    for name, value in table.items():
        if name not in tables and value is not None:
            yield f"{name} = {_inline(value)}"
    for name, value in tables.items():
        for item in value if isinstance(value, list) else [value]:
            below = f"{path}.{name}" if path else name
            yield f"\n[[{below}]]" if isinstance(value, list) else f"\n[{below}]"
            yield from _lines(item, below)


def _has_header(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _inline(value: object) -> str:
    match value:
        case list():
            return "[" + ", ".join(map(_inline, value)) + "]"
        case dt.date():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)
