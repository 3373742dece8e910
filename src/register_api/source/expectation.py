"""Plain words for what a field of the source takes, and for what stands there instead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Literal, get_args, get_origin

from msgspec import inspect

from register_api.core import model
from register_api.core.canonical import MAX_SAFE_INTEGER
from register_api.core.instant import parse_day
from register_api.core.shapes import Shape, shapes
from register_api.source.key_path import quote

_LONGEST_QUOTE = 60


def _is_day(value: Any) -> bool:
    """Tell whether a value is a TOML date, or text that is an RFC 3339 full-date that exists."""
    if not isinstance(value, str):
        return type(value) is dt.date
    try:
        parse_day(value)
    except ValueError:
        return False
    return True


_TAKES: dict[type[inspect.Type], Callable[[Any], bool]] = {
    inspect.StrType: lambda value: isinstance(value, str),
    inspect.LiteralType: lambda value: isinstance(value, str),
    inspect.BoolType: lambda value: isinstance(value, bool),
    inspect.IntType: lambda value: type(value) is int and abs(value) <= MAX_SAFE_INTEGER,
    inspect.DateType: _is_day,
}
_CALLED = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number",
    inspect.DateType: "a day such as 2026-06-10",
    inspect.DictType: "a table of labels, each with a text",
}
_IN_ORDER = {
    frozenset(get_args(kind)): get_args(kind) for kind in vars(model).values() if get_origin(kind) is Literal
}
"""Words of the model's literal types in the order that the model gives them; msgspec sorts them."""
_FINDS = (
    (float, "a number with a fraction"),
    (dt.datetime, "a day with a time"),  # before date, of which it is a kind
    (dt.date, "a day"),
    (dt.time, "a time of day"),
    (list, "a list"),
    (object, "a table"),
)


def is_scalar(value: Any, shape: Shape) -> bool:
    """Tell whether a TOML value is what a field without parts takes, or an item of a list of such."""
    takes = _TAKES.get(type(shape.kind))
    return takes is not None and takes(value) and (not shape.codes or value in shape.codes)


def expected(shape: Shape) -> str:
    """Return in words what a field takes, e.g. ``one of active, conditional, available``."""
    if shape.is_list:
        return "a list of tables" if shape.struct else f"a list, each item {_expected_of_one(shape)}"
    return _expected_of_one(shape)


def _expected_of_one(shape: Shape) -> str:
    if shape.codes:
        return "one of " + ", ".join(_IN_ORDER.get(frozenset(shape.codes), shape.codes))
    if shape.struct is model.ProductScope:
        return 'the text "all", or a list of ids of products'
    if shape.struct:
        return "a table with " + ", ".join(shapes(shape.struct))
    return _CALLED[type(shape.kind)]


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
