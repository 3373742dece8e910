"""JSON Schemas (2020-12) of documents, made from the structs that encode them.

The published schemas and the service's own description are both made here, so that one struct has
one schema. What a value looks like comes from its form, what it means from the struct's docstring or
else from its label in the table of fields.
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
"""The one spelling of instants and days, which the formats of JSON Schema are wider than."""

_NULL = {"type": "null"}
_NON_EMPTY: Definition = {"type": "array", "items": {}, "minItems": 1}


def _where(status: str, **fields: Definition) -> Definition:
    return {"if": {"properties": {"status": {"const": status}}}, "then": {"properties": fields}}


_STATUS_RULES: Mapping[str, Definition] = {
    "Engagement": {
        "allOf": [
            _where("active", purpose={"type": "string", "minLength": 1}, locations=_NON_EMPTY),
            _where("conditional", conditions=_NON_EMPTY),
            _where("available", starts_on=_NULL, ends_on=_NULL),
        ]
    },
}
"""What fields of one struct ask of each other: R08."""


def definitions(
    kinds: Sequence[type], references: str
) -> tuple[tuple[Definition, ...], dict[str, Definition]]:
    """Return the schemas of structs, and the definitions that they refer to, by name.

    A reader passes over fields that it does not know, so further properties are allowed; what every
    release of the format writes is required (docs/compatibility.md). ``references`` is where definitions will
    stand, with ``{name}`` for the name of one.
    """
    schemas, found = msgspec.json.schema_components(kinds, ref_template=references)
    # Such structs are written without the fields that have nothing to say.
    optional = {
        kind.__name__
        for kind in kinds
        if issubclass(kind, msgspec.Struct) and kind.__struct_config__.omit_defaults
    }
    return schemas, {
        name: _described(name, definition, optional=name in optional) | _STATUS_RULES.get(name, {})
        for name, definition in found.items()
    }


def _described(name: str, definition: Definition, *, optional: bool) -> Definition:
    """Say what the struct and its fields are, by the docstring (Google style), and which are always there."""
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
    """Say how instants and days are spelled."""
    if isinstance(value, list):
        return [_with_patterns(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_patterns(item) for name, item in value.items()}
    pattern = _SPELLED.get(found.get("format", "")) if found.get("type") == "string" else None
    return {**found, "pattern": pattern} if pattern else found


_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""An attribute within a docstring: its name, and its text with the lines that go on with it."""

_OF_EVERY_DOCUMENT = {
    "format": "Name of this form of document.",
    "format_minor": "Minor number of the format that its writer knew.",
}

_LABELS = {
    kind.__name__: {name: f"{field.label[0].upper()}{field.label[1:]}." for name, field in rows.items()}
    for kind, rows in FIELDS.items()
}
"""What fields of the register are called, for those of which no docstring says more."""
