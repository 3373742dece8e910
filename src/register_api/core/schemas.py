"""JSON Schemas (2020-12) of documents, generated from their structs.

Both the published schemas and the OpenAPI description are generated here, so that each struct has one schema.
Patterns come from a field's form, descriptions from the struct's docstring or the field's label.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from register_api.core.field_forms import JOINED
from register_api.core.fields import FIELDS

Definition = dict[str, Any]


DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""``$schema`` of every schema."""

_SPELLED = {"date-time": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$", "date": r"^\d{4}-\d{2}-\d{2}$"}
"""The only allowed spelling of timestamps and dates, stricter than the formats of JSON Schema."""

_NULL = {"type": "null"}
_NON_EMPTY: Definition = {"type": "array", "items": {}, "minItems": 1}


def _where(field: str, value: str, **fields: Definition) -> Definition:
    return {"if": {"properties": {field: {"const": value}}}, "then": {"properties": fields}}


_DEPENDENCIES: Mapping[str, Definition] = {
    "Engagement": {
        "allOf": [
            _where("status", "active", purpose={"type": "string", "minLength": 1}, locations=_NON_EMPTY),
            _where("status", "conditional", conditions=_NON_EMPTY),
            _where("status", "available", starts_on=_NULL, ends_on=_NULL),
        ]
    },
    "Identifier": {
        "allOf": [_where("scheme", "national", country={"type": "string"}, registry={"type": "string"})]
    },
}
"""Dependencies between fields of one struct: R07 and R08."""


def definitions(
    kinds: Sequence[type], references: str
) -> tuple[tuple[Definition, ...], dict[str, Definition]]:
    """Return the schemas of structs, and the referenced definitions by name.

    Further properties are allowed, since readers ignore unknown fields; those that every release writes are
    required (docs/compatibility.md). ``references`` is the location of definitions, with ``{name}`` as
    placeholder.
    """
    schemas, found = msgspec.json.schema_components(kinds, ref_template=references)
    # Such structs are encoded without empty fields.
    optional = {
        kind.__name__
        for kind in kinds
        if issubclass(kind, msgspec.Struct) and kind.__struct_config__.omit_defaults
    }
    return schemas, {
        name: _described(name, definition, optional=name in optional) | _DEPENDENCIES.get(name, {})
        for name, definition in found.items()
    }


def _described(name: str, definition: Definition, *, optional: bool) -> Definition:
    """Add descriptions from the docstring (Google style), and the list of required fields."""
    text = inspect.cleandoc(definition.get("description", "")).replace("``", "`").replace("`None`", "`null`")
    whole, _, rest = text.partition("\n\nAttributes:\n")
    meanings = _LABELS.get(name, {}) | _OF_EVERY_DOCUMENT
    meanings |= {match[1].rstrip("_"): " ".join(match[2].split()) for match in _ATTRIBUTE.finditer(rest)}
    done = {**definition, "description": whole} if whole else definition
    if not (properties := definition.get("properties")):
        return done
    described_fields = {}
    for field, schema in properties.items():
        described = {**schema, "description": meanings[field]} if field in meanings else {**schema}
        if not optional:
            described.pop("default", None)
        described_fields[field] = _with_patterns(described)
    if optional:
        return {**done, "properties": described_fields}
    required = sorted(
        field for field, schema in properties.items() if JOINED not in schema.get("$comment", "")
    )
    return {**done, "properties": described_fields, "required": required}


def _with_patterns(value: Any) -> Any:
    """Add the patterns of timestamps and dates."""
    if isinstance(value, list):
        return [_with_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_patterns(item) for name, item in value.items()}
    pattern = _SPELLED.get(found.get("format", "")) if found.get("type") == "string" else None
    return {**found, "pattern": pattern} if pattern else found


_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""An attribute in a docstring: name, and text with its continuation lines."""

_OF_EVERY_DOCUMENT = {
    "format": "Name of the document format.",
    "format_minor": "Minor version of the format that the writer used.",
}

_LABELS = {
    kind.__name__: {name: f"{field.label[0].upper()}{field.label[1:]}." for name, field in rows.items()}
    for kind, rows in FIELDS.items()
}
"""Labels of the register's fields, for those not described in a docstring."""
