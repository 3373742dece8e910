"""Plain words for what a field of the source takes, and for what stands there instead."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import TYPE_CHECKING, Any, get_args

from msgspec import inspect

from register_api.core import model
from register_api.core.canonical import MAX_SAFE_INTEGER
from register_api.source.key_path import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_QUOTE = 60
_LONGEST_NAME = 64
_LIKENESS = 0.6

_TAKES = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.DateType: "a day such as 2026-06-10",
    inspect.DictType: "a table of labels, each with a text",
}
_IN_ORDER = {frozenset(get_args(kind)): get_args(kind) for kind in vars(model).values() if get_args(kind)}
"""Words of the model's literal types in the order that the model gives them; msgspec sorts them."""
_FINDS = (
    (float, "a number with a fraction"),
    (dt.datetime, "a day with a time"),  # before date, of which it is a kind
    (dt.date, "a day"),
    (dt.time, "a time of day"),
    (list, "a list"),
    (object, "a table"),
)


def without_none(kind: inspect.Type) -> inspect.Type:
    """Return the type of an optional field without its ``None``: TOML leaves such a field out."""
    if isinstance(kind, inspect.UnionType):
        return next(item for item in kind.types if not isinstance(item, inspect.NoneType))
    return kind


def is_scalar(value: Any, kind: inspect.Type) -> bool:
    """Tell whether a TOML value is what a field without parts takes.

    Args:
        value: As ``tomli`` read it. Days may be TOML dates or text such as ``2026-06-10``.
        kind: Text, truth value, whole number, day, or a list of words.
    """
    match kind:
        case inspect.StrType():
            return isinstance(value, str)
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.IntType():
            return type(value) is int and abs(value) <= MAX_SAFE_INTEGER
        case inspect.LiteralType():
            return isinstance(value, str) and value in kind.values
        case inspect.DateType():
            return type(value) is dt.date or (isinstance(value, str) and _is_day(value))
        case _:
            return False


def expected(kind: inspect.Type) -> str:
    """Return in words what a field takes, e.g. ``one of active, conditional, available``."""
    kind = without_none(kind)
    match kind:
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(_IN_ORDER.get(frozenset(values), values))
        case inspect.StructType(fields=fields):
            return "a table with " + ", ".join(field.encode_name for field in fields)
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "a list of tables"
        case inspect.VarTupleType(item_type=item):
            return f"a list, each item {expected(item)}"
        case _:
            return _TAKES[type(kind)]


def found(value: Any) -> str:
    """Return in words what stands in the file; short and printable whatever it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {shortened(value)}"
        case int():
            # Python refuses to print numbers of more than 4,300 digits.
            return f"the number {value}" if abs(value) <= MAX_SAFE_INTEGER else "a number too large"
        case _:
            return next(words for kind, words in _FINDS if isinstance(value, kind))


def shortened(text: str) -> str:
    """Return text in quotes, printable, cut to a length fit for a message."""
    return quote(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name most like this one, or ``None`` if none is at all alike."""
    asked = name[:_LONGEST_NAME].casefold().replace("-", "_").replace(" ", "_")
    folded = {item.casefold().replace("-", "_"): item for item in known}
    matches = difflib.get_close_matches(asked, folded, n=1, cutoff=_LIKENESS)
    return folded[matches[0]] if matches else None


def _is_day(text: str) -> bool:
    """Tell whether text is an RFC 3339 full-date that exists."""
    if not _DAY.fullmatch(text):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
