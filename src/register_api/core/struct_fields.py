"""Introspection of structs: the type and form of each field, and all values of a record with their forms."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from register_api.core.field_forms import Form, Vocabulary

F = TypeVar("F", bound=Form)

_encoder, _decoder = msgspec.json.Encoder(), msgspec.json.Decoder()

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Shape(msgspec.Struct, frozen=True):
    """Type of a field, or of the items of its list, without ``None``, and the form declared in it.

    ``codes`` are those of a vocabulary or a ``Literal``; ``is_required``: the field has no default.
    """

    kind: inspect.Type
    form: Form | None = None
    codes: tuple[str, ...] = ()
    struct: type[msgspec.Struct] | None = None
    is_list: bool = False
    is_optional: bool = False
    is_required: bool = False


def to_plain(value: object) -> Any:
    """Return a value as decoded JSON: ``dict``, ``list``, strings, integers, ``None``."""
    return _decoder.decode(_encoder.encode(value))


@functools.cache
def shapes(kind: type[msgspec.Struct]) -> Mapping[str, Shape]:
    """Return the shape of each field of a struct, by name."""
    found = inspect.type_info(kind)
    if not isinstance(found, inspect.StructType):
        raise TypeError(f"{kind!r} is not a struct")
    return {
        field.name: msgspec.structs.replace(_shape(field.type), is_required=field.required)
        for field in found.fields
    }


def _shape(kind: inspect.Type) -> Shape:
    match kind:
        case inspect.UnionType():
            (inner,) = (item for item in kind.types if not isinstance(item, inspect.NoneType))
            return msgspec.structs.replace(_shape(inner), is_optional=True)
        case inspect.VarTupleType() | inspect.FrozenSetType():
            return msgspec.structs.replace(_shape(kind.item_type), is_list=True)
        case inspect.Metadata():
            form, plain = (kind.extra or {}).get("form"), _shape(kind.type)
            codes = tuple(form.codes) if isinstance(form, Vocabulary) else plain.codes
            return plain if form is None else msgspec.structs.replace(plain, form=form, codes=codes)
        case inspect.DictType():
            return Shape(kind, _shape(kind.value_type).form)
    struct = kind.cls if isinstance(kind, inspect.StructType) else None
    codes = tuple(map(str, kind.values)) if isinstance(kind, inspect.LiteralType) else ()
    return Shape(kind, codes=codes, struct=struct)


def forms_in(record: msgspec.Struct, of: type[F], before: str = "") -> Iterator[tuple[str, F, Any]]:
    """Yield key path, form and value of each value in a record whose type declares a form."""
    for name, shape, form in _with_forms(type(record), of):
        value, at = getattr(record, name), before + name
        if value is None:
            continue
        items: Iterable[tuple[str, Any]] = ((at, value),)
        if shape.is_list:
            items = ((f"{at}[{index}]", item) for index, item in enumerate(value))
        elif isinstance(value, dict):  # labels: both keys and values have the form
            items = ((f"{at}.{_key(name)}", item) for name, text in value.items() for item in (name, text))
        for key, item in items:
            if shape.struct is not None:
                yield from forms_in(item, of, f"{key}.")
            else:
                yield key, form, item


@functools.cache
def _with_forms(kind: type[msgspec.Struct], of: type[Form]) -> tuple[tuple[str, Shape, Any], ...]:
    """Return the fields that have such a form, or contain structs that do."""
    return tuple(
        (name, shape, shape.form)
        for name, shape in shapes(kind).items()
        if (_with_forms(shape.struct, of) if shape.struct is not None else isinstance(shape.form, of))
    )


def _key(name: str) -> str:
    """Return a key in TOML syntax, quoted and escaped if it cannot be a bare key."""
    if _BARE.fullmatch(name):
        return name
    marks = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in marks) + '"'
