"""Documents with one derived field falsified: for every such field, at every place where it occurs.

The fields are found from the structs, not listed.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect

from register_api.core.changes import Change, FieldChange
from register_api.core.model import Announced, OlderPromise
from register_api.core.notice_period import NoticeStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

DERIVED: tuple[type[msgspec.Struct], ...] = (Announced, OlderPromise, Change, FieldChange, NoticeStatus)
"""Structs derived by publishing, in registers and diffs."""

WORDS = frozenset({"summary", "summary_language"})
"""Free text of the publisher, which is not verified."""


def derived_fields() -> list[tuple[type[msgspec.Struct], str]]:
    """Return every field that is derived."""
    return [(kind, name) for kind in DERIVED for name in kind.__struct_fields__ if name not in WORDS]


def lies(document: Any, kind: type[msgspec.Struct], field: str) -> Iterator[Any]:
    """Yield a copy of a document for each occurrence of the struct, with another value in that field."""
    if isinstance(document, kind):
        yield msgspec.structs.replace(document, **{field: other_value(kind, field, getattr(document, field))})
    if isinstance(document, msgspec.Struct):
        for name in document.__struct_fields__:
            for told in lies(getattr(document, name), kind, field):
                yield msgspec.structs.replace(document, **{name: told})
    if isinstance(document, tuple):
        for index, item in enumerate(document):
            for told in lies(item, kind, field):
                yield (*document[:index], told, *document[index + 1 :])


def other_value(kind: type[msgspec.Struct], field: str, value: Any) -> Any:
    """Return another valid value of the field."""
    shape = next(one for one in msgspec.structs.fields(kind) if one.name == field)
    return _unlike(value, inspect.type_info(shape.type))


def _unlike(value: Any, shape: inspect.Type) -> Any:  # noqa: C901, PLR0911  (a case for each type that there is)
    match shape:
        case inspect.Metadata():
            return _unlike(value, shape.type)
        case inspect.UnionType():
            kind = next(one for one in shape.types if not isinstance(one, inspect.NoneType))
            return None if value is not None else _unlike(None, kind)
        case inspect.BoolType():
            return not value
        case inspect.IntType():
            return (value or 0) + 1
        case inspect.DateType():
            return (value or dt.date(2026, 1, 1)) + dt.timedelta(days=1)
        case inspect.DateTimeType():
            return value + dt.timedelta(seconds=1)
        case inspect.LiteralType():
            return next(one for one in shape.values if one != value)
        case inspect.VarTupleType():
            return value[:-1] if value else (_unlike(None, shape.item_type),)
        case inspect.StrType():
            return "1-99" if value is None or "-" in value else "other"
        case inspect.StructType():
            first = value.__struct_fields__[0]
            return msgspec.structs.replace(
                value, **{first: other_value(shape.cls, first, getattr(value, first))}
            )
    return "another value"
