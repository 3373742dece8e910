"""From a parsed TOML table to a struct of the model, with every mistake at once.

``msgspec.convert`` stops at the first value that does not fit. Whoever edits a register wants all of
them, so the table is first walked beside what each field takes (``core.shapes``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from register_api.core.fields import FIELDS
from register_api.core.model import EngagementSource, ProductScope, RegisterSource, SubprocessorSource
from register_api.core.product_scope import ALL, read_scope
from register_api.core.shapes import Shape, shapes
from register_api.core.text import nearest
from register_api.source.expectation import expected, found, is_scalar, shortened
from register_api.source.key_path import KeyPath

T = TypeVar("T", bound=msgspec.Struct)

SET_BY_PUBLISHING = {
    name: field.instead for rows in FIELDS.values() for name, field in rows.items() if field.instead
}
"""Fields of the wire format that no source may hold, and what to use in their place."""

_PUBLISHED_KINDS = (RegisterSource, SubprocessorSource, EngagementSource)
_LABEL = Shape(inspect.StrType())


class SourceProblem(msgspec.Struct, frozen=True):
    """One place where a table does not fit a struct: where, what, and what to do."""

    path: KeyPath
    message: str
    hint: str = ""


def collect(document: dict[str, Any], kind: type[T]) -> tuple[T | None, tuple[SourceProblem, ...]]:
    """Read a table as a struct, or say everything that keeps it from being one."""
    problems = tuple(_walk_table(document, kind, (), kind))
    if problems:
        return None, problems
    try:
        return msgspec.convert(_with_scopes(document), kind), ()
    except (msgspec.MsgspecError, ValueError) as error:
        return None, (SourceProblem((), str(error)),)


def _with_scopes(document: dict[str, Any]) -> dict[str, Any]:
    """Return a vendor's table with the products of each engagement as they are on the wire."""
    engagements = [
        {**item, "products": read_scope(item["products"])} if "products" in item else item
        for item in document.get("engagements", ())
    ]
    return {**document, "engagements": engagements} if engagements else document


def _walk(value: Any, shape: Shape, path: KeyPath, top: type[msgspec.Struct]) -> Iterator[SourceProblem]:
    """Yield the problems of one value; ``top`` is the struct of the whole file."""
    if shape.struct is ProductScope:
        yield from _walk_scope(value, shape, path)
    elif shape.is_list and isinstance(value, list):
        item_shape = msgspec.structs.replace(shape, is_list=False)
        for index, item in enumerate(value):
            if not is_scalar(item, shape):
                yield from _walk(item, item_shape, (*path, index), top)
    elif shape.struct and isinstance(value, dict) and not shape.is_list:
        yield from _walk_table(value, shape.struct, path, top)
    elif isinstance(shape.kind, inspect.DictType) and isinstance(value, dict):
        if not isinstance(shape.kind.value_type, inspect.AnyType):  # what a plan sets is judged by R01
            for name, item in value.items():
                yield from _walk(item, _LABEL, (*path, name), top)
    elif shape.is_list or not is_scalar(value, shape):
        yield SourceProblem(
            path, f"expected {expected(shape)}, found {found(value)}", _hint(value, shape, path)
        )


def _walk_scope(value: Any, shape: Shape, path: KeyPath) -> Iterator[SourceProblem]:
    if not isinstance(value, list):
        if value != ALL:
            yield SourceProblem(path, f"expected {expected(shape)}, found {found(value)}")
        return
    for index, item in enumerate(value):
        if not isinstance(item, str):
            yield SourceProblem((*path, index), f"expected the id of a product, found {found(item)}")


def _walk_table(
    table: dict[str, Any], kind: type[msgspec.Struct], path: KeyPath, top: type[msgspec.Struct]
) -> Iterator[SourceProblem]:
    known = shapes(kind)
    for name, value in table.items():
        if name not in known:
            yield _unknown(name, kind, path, top)
        # Most values are right and have no parts: no walk is begun for them.
        elif known[name].is_list or not is_scalar(value, known[name]):
            yield from _walk(value, known[name], (*path, name), top)
    for name, shape in known.items():
        if shape.is_required and name not in table:
            yield SourceProblem((*path, name), f"{name} is missing: expected {expected(shape)}")


def _unknown(
    name: str, kind: type[msgspec.Struct], path: KeyPath, top: type[msgspec.Struct]
) -> SourceProblem:
    """Say what is wrong with a key that the struct does not have."""
    at = (*path, name)
    if name in SET_BY_PUBLISHING and kind in _PUBLISHED_KINDS:
        return SourceProblem(at, f"{name} is set by publishing", SET_BY_PUBLISHING[name])
    place = _places(kind).get(name) if kind is not top else None
    if place:
        above = ".".join(part for part in path if isinstance(part, str))
        return SourceProblem(at, f"unknown key {shortened(name)}", f"{name} belongs to {above}.{place}")
    place = _places(top).get(name)
    if place:
        return SourceProblem(at, f"unknown key {shortened(name)}", f"{name} belongs to {place}")
    near = nearest(name, shapes(kind))
    if near:
        return SourceProblem(at, f"unknown key {shortened(name)}", f"did you mean {near}?")
    return SourceProblem(at, f"unknown key {shortened(name)}", f"known here: {', '.join(shapes(kind))}")


def _hint(value: Any, shape: Shape, path: KeyPath) -> str:
    match shape.kind, value:
        case inspect.StructType(), dict() if shape.is_list:
            names = ".".join(part for part in path if isinstance(part, str))
            return f"write the header in double brackets: [[{names}]]"
        case _, str() if shape.is_list:
            return f"write it in square brackets: [{shortened(value)}]"
        case _, str():
            near = nearest(value, shape.codes)
            return f"did you mean {near}?" if near else ""
        case _:
            return ""


@functools.cache
def _places(top: type[msgspec.Struct]) -> dict[str, str]:
    """Return for each key of a kind of table where it first belongs, seen from that table."""
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
