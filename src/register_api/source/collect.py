"""From a parsed TOML table to a struct of the model, with every mistake at once.

``msgspec.convert`` stops at the first value that does not fit. Whoever edits a register wants all of
them, so the table is first walked beside the struct's own type information (``msgspec.inspect``).
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import inspect

from register_api.core.model import EngagementSource, RegisterSource, SubprocessorSource
from register_api.source.expectation import (
    expected,
    found,
    is_scalar,
    nearest,
    shortened,
    without_none,
)
from register_api.source.key_path import KeyPath

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T", bound=msgspec.Struct)

SET_BY_PUBLISHING = {
    "format": "",
    "version": "",
    "published_at": "for history taken over from elsewhere use publish --at",
    "previous": "",
    "recorded": "for history taken over from elsewhere use publish --at",
    "reason": "use publish --reason and --kind",
    "corrects": "use publish --corrects",
    "announced": "",
    "subprocessors": "each vendor has a file of its own: subprocessors/<id>.toml",
}
"""Fields of the wire format that no source may hold, and what to use in their place."""

_PUBLISHED_KINDS = (RegisterSource, SubprocessorSource, EngagementSource)


class Problem(msgspec.Struct, frozen=True):
    """One place where a table does not fit a struct: where, what, and what to do."""

    path: KeyPath
    message: str
    hint: str = ""


def collect(document: dict[str, Any], kind: type[T]) -> tuple[T | None, tuple[Problem, ...]]:
    """Read a table as a struct, or say everything that keeps it from being one.

    Args:
        document: A table as ``tomli`` gives it.
        kind: ``RegisterSource``, ``SubprocessorSource`` or another struct of the model.

    Returns:
        The struct and no problems, or ``None`` and every problem in the order of the table.
    """
    info = _struct_type(kind)
    if kind is SubprocessorSource and _is_known(document, info):
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            return msgspec.convert(document, kind), ()
    problems = tuple(_walk(document, info, (), info))
    if problems:
        return None, problems
    try:
        return msgspec.convert(document, kind), ()
    except (msgspec.MsgspecError, ValueError) as error:
        return None, (Problem((), str(error)),)


@functools.cache
def _struct_type(kind: type) -> inspect.StructType:
    info = inspect.type_info(kind)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{kind!r} is no struct")
    return info


@functools.cache
def _fields(kind: type) -> dict[str, inspect.Type]:
    """Return a struct's fields by their names in the file, with their types less ``None``."""
    return {field.encode_name: without_none(field.type) for field in _struct_type(kind).fields}


def _is_known(value: Any, kind: inspect.Type) -> bool:
    """Tell whether a value has no key that a struct does not know, at any depth.

    Nearly all of many vendors' files are right, and this with a conversion is all that they take; only
    the others are walked. A file with numbers would also need their bounds checked, and vendors have none.
    """
    match kind, value:
        case inspect.StructType(), dict():
            return value.keys() <= _fields(kind.cls).keys() and all(
                _is_known(value[name], item) for name, item in _parts(kind.cls) if name in value
            )
        case inspect.VarTupleType(), list():
            return all(_is_known(item, kind.item_type) for item in value)
        case _:
            return True


@functools.cache
def _parts(kind: type) -> tuple[tuple[str, inspect.Type], ...]:
    """Return the fields of a struct that hold structs."""
    return tuple((name, item) for name, item in _fields(kind).items() if _holds_structs(item))


def _holds_structs(kind: inspect.Type) -> bool:
    inner = kind.item_type if isinstance(kind, inspect.VarTupleType) else kind
    return isinstance(inner, inspect.StructType)


def _walk(value: Any, kind: inspect.Type, path: KeyPath, top: inspect.StructType) -> Iterator[Problem]:
    """Yield the problems of one value; ``top`` is the struct of the whole file."""
    match kind, value:
        case inspect.StructType(), dict():
            yield from _walk_table(value, kind, path, top)
        case inspect.VarTupleType(), list():
            for index, item in enumerate(value):
                if not is_scalar(item, kind.item_type):
                    yield from _walk(item, kind.item_type, (*path, index), top)
        case inspect.DictType(), dict():
            for name, item in value.items():
                yield from _walk(item, kind.value_type, (*path, name), top)
        case _ if not is_scalar(value, kind):
            message = f"expected {expected(kind)}, found {found(value)}"
            yield Problem(path, message, _shape_hint(value, kind, path))


def _walk_table(
    table: dict[str, Any], kind: inspect.StructType, path: KeyPath, top: inspect.StructType
) -> Iterator[Problem]:
    fields = _fields(kind.cls)
    for name, value in table.items():
        if name in fields:
            # Most values are right and have no parts: no walk is begun for them.
            if not is_scalar(value, fields[name]):
                yield from _walk(value, fields[name], (*path, name), top)
        else:
            yield _unknown(name, kind, path, top)
    for field in kind.fields:
        name = field.encode_name
        if field.required and name not in table:
            yield Problem((*path, name), f"{name} is missing: expected {expected(field.type)}")


def _unknown(name: str, kind: inspect.StructType, path: KeyPath, top: inspect.StructType) -> Problem:
    """Say what is wrong with a key that the struct does not have."""
    at = (*path, name)
    if name in SET_BY_PUBLISHING and kind.cls in _PUBLISHED_KINDS:
        return Problem(at, f"{name} is set by publishing", SET_BY_PUBLISHING[name] or "leave it out")
    place = _places(top.cls).get(name)
    if place:
        return Problem(at, f"unknown key {shortened(name)}", f"{name} belongs to {place}")
    known = _fields(kind.cls)
    near = nearest(name, known)
    if near:
        return Problem(at, f"unknown key {shortened(name)}", f"did you mean {near}?")
    return Problem(at, f"unknown key {shortened(name)}", f"known here: {', '.join(known)}")


def _shape_hint(value: Any, kind: inspect.Type, path: KeyPath) -> str:
    match kind, value:
        case inspect.VarTupleType(item_type=inspect.StructType()), dict():
            names = ".".join(part for part in path if isinstance(part, str))
            return f"write the header in double brackets: [[{names}]]"
        case inspect.VarTupleType(), str():
            return f"write it in square brackets: [{shortened(value)}]"
        case inspect.LiteralType(values=values), str():
            near = nearest(value, (str(word) for word in values))
            return f"did you mean {near}?" if near else ""
        case _:
            return ""


@functools.cache
def _places(top: type) -> dict[str, str]:
    """Return for each key of a kind of file where it first belongs, seen from the top."""
    places = dict.fromkeys(_fields(top), "the top of the file, before the first [header]")
    waiting = list(_fields(top).items())
    for path, kind in waiting:
        inner = kind.item_type if isinstance(kind, inspect.VarTupleType) else kind
        if isinstance(inner, inspect.StructType):
            for name, item in _fields(inner.cls).items():
                places.setdefault(name, path)
                waiting.append((f"{path}.{name}", item))
    return places
