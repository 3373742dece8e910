"""Convert a parsed TOML table to a struct of the model, reporting all errors at once.

``msgspec.convert`` stops at the first invalid value, so the table is first checked against the
definition of each field (``core.struct_fields``).
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import inspect

from register_api.core import model
from register_api.core.canonical import MAX_SAFE_INTEGER
from register_api.core.fields import FIELDS
from register_api.core.instant import parse_day
from register_api.core.model import EngagementSource, ProductScope, RegisterSource, SubprocessorSource
from register_api.core.struct_fields import Shape, shapes
from register_api.core.text import nearest, quoted
from register_api.core.timeline import ALL, read_scope
from register_api.errors import Finding
from register_api.source.file import finding
from register_api.source.lines import KeyPath, format_key

T = TypeVar("T", bound=msgspec.Struct)
SET_BY_PUBLISHING = {
    name: field.instead for rows in FIELDS.values() for name, field in rows.items() if field.instead
}
"""Fields of the wire format that are not allowed in a source, and what to use instead."""
_LABEL, _PRODUCT = Shape(inspect.StrType()), Shape(inspect.StrType())


_Problem = tuple[KeyPath, str, str]
"""A place where a table does not fit a struct: its path, the message and a hint."""


def _is_day(value: Any) -> bool:
    if not isinstance(value, str):
        return type(value) is dt.date
    try:
        parse_day(value)
    except ValueError:
        return False
    return True


_TAKES: dict[type[inspect.Type], tuple[str, Callable[[Any], bool]]] = {
    inspect.StrType: ("text", lambda value: isinstance(value, str)),
    inspect.LiteralType: ("text", lambda value: isinstance(value, str)),
    inspect.BoolType: ("true or false", lambda value: isinstance(value, bool)),
    inspect.IntType: ("a whole number", lambda value: type(value) is int and abs(value) <= MAX_SAFE_INTEGER),
    inspect.DateType: ("a day such as 2026-06-10", _is_day),
    inspect.DictType: ("a table of labels, each with a text", lambda _: False),
}
"""What each type of field expects, in words, and a check of scalar values."""
_IN_ORDER = {
    frozenset(get_args(kind)): get_args(kind) for kind in vars(model).values() if get_origin(kind) is Literal
}
"""Values of the model's literal types in their original order, because msgspec sorts them."""
_FINDS = (
    (float, "a number with a fraction"),
    (dt.datetime, "a day with a time"),  # before date, its base class
    (dt.date, "a day"),
    (dt.time, "a time of day"),
    (list, "a list"),
    (object, "a table"),
)


def collect(document: dict[str, Any], kind: type[T], file: str = "") -> tuple[T | None, tuple[Finding, ...]]:
    """Convert a file's table to a struct, or return all the reasons why that is not possible."""
    problems = [
        finding(file, format_key(path), *problem) for path, *problem in _walk_table(document, kind, (), kind)
    ]
    if problems:
        return None, tuple(problems)
    engagements = [
        {**item, "products": read_scope(item["products"])} if "products" in item else item
        for item in document.get("engagements", ())
    ]
    try:
        return msgspec.convert(document | ({"engagements": engagements} if engagements else {}), kind), ()
    except (msgspec.MsgspecError, ValueError) as error:
        return None, (finding(file, "", str(error)),)


def _walk(value: Any, shape: Shape, path: KeyPath, top: type[msgspec.Struct]) -> Iterator[_Problem]:
    """Yield the problems in one value; ``top`` is the struct of the whole file."""
    scope = shape.struct is ProductScope
    if isinstance(value, list) and (shape.is_list or scope):
        item_shape = _PRODUCT if scope else msgspec.structs.replace(shape, is_list=False)
        for index, item in enumerate(value):
            yield from _walk(item, item_shape, (*path, index), top)
    elif shape.struct and isinstance(value, dict) and not shape.is_list and not scope:
        yield from _walk_table(value, shape.struct, path, top)
    elif isinstance(shape.kind, inspect.DictType) and isinstance(value, dict):
        if not isinstance(shape.kind.value_type, inspect.AnyType):  # R01 checks what a planned change sets
            for name, item in value.items():
                yield from _walk(item, _LABEL, (*path, name), top)
    elif shape.is_list or not _is_scalar(value, shape):
        message = f"expected {_expected(shape)}, found {_found(value)}"
        yield path, message, _hint(value, shape, path)


def _walk_table(
    table: dict[str, Any], kind: type[msgspec.Struct], path: KeyPath, top: type[msgspec.Struct]
) -> Iterator[_Problem]:
    known = shapes(kind)
    for name, value in table.items():
        if name in known:
            yield from _walk(value, known[name], (*path, name), top)
        else:
            yield _unknown(name, kind, path, top)
    for name, shape in known.items():
        if shape.is_required and name not in table:
            yield (*path, name), f"{name} is missing: expected {_expected(shape)}", ""


def _unknown(name: str, kind: type[msgspec.Struct], path: KeyPath, top: type[msgspec.Struct]) -> _Problem:
    if name in SET_BY_PUBLISHING and kind in {RegisterSource, SubprocessorSource, EngagementSource}:
        return (*path, name), f"{name} is set by publishing", SET_BY_PUBLISHING[name]
    within = _places(kind).get(name) if kind is not top else None
    place = f"{_dotted(path)}.{within}" if within else _places(top).get(name)
    near = nearest(name, shapes(kind))
    hint = f"did you mean {near}?" if near else f"known here: {', '.join(shapes(kind))}"
    if place:
        hint = f"{name} belongs to {place}"
    return (*path, name), f"unknown key {quoted(name)}", hint


def _dotted(path: KeyPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _hint(value: Any, shape: Shape, path: KeyPath) -> str:
    if shape.is_list and shape.struct and isinstance(value, dict):
        return f"write the header in double brackets: [[{_dotted(path)}]]"
    if not isinstance(value, str):
        return ""
    if shape.is_list:
        return f"write it in square brackets: [{quoted(value)}]"
    near = nearest(value, shape.codes)
    return f"did you mean {near}?" if near else ""


@functools.cache
def _places(top: type[msgspec.Struct]) -> dict[str, str]:
    """Map each key that may occur below a kind of table to the first place where it belongs."""
    whole_file = top in {RegisterSource, SubprocessorSource}
    places = (
        dict.fromkeys(shapes(top), "the top of the file, before the first [header]") if whole_file else {}
    )
    waiting = list(shapes(top).items())
    for path, shape in waiting:
        for name, inner in (shapes(shape.struct) if shape.struct else {}).items():
            places.setdefault(name, path)
            waiting.append((f"{path}.{name}", inner))
    return places


def _is_scalar(value: Any, shape: Shape) -> bool:
    if shape.struct is ProductScope:
        return bool(value == ALL)
    _, takes = _TAKES.get(type(shape.kind), ("", None))
    return takes is not None and takes(value) and (not shape.codes or value in shape.codes)


def _expected(shape: Shape) -> str:
    """Describe what a field expects, e.g. ``one of active, conditional, available``."""
    if shape.is_list:
        one = _expected(msgspec.structs.replace(shape, is_list=False))
        return "a list of tables" if shape.struct else f"a list, each item {one}"
    if shape.codes:
        return "one of " + ", ".join(_IN_ORDER.get(frozenset(shape.codes), shape.codes))
    if shape.struct is model.ProductScope:
        return 'the text "all", or a list of ids of products'
    if shape is _PRODUCT:
        return "the id of a product"
    if shape.struct:
        return "a table with " + ", ".join(shapes(shape.struct))
    return _TAKES[type(shape.kind)][0]


def _found(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text {quoted(value)}"
        case int():
            # Python refuses to print numbers of more than 4,300 digits.
            return f"the number {value}" if abs(value) <= MAX_SAFE_INTEGER else "a number too large"
        case _:
            return next(words for kind, words in _FINDS if isinstance(value, kind))
