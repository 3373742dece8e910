"""The form of a value in words, from its JSON Schema: for messages and for the API reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_FORMATS = {
    "date": "date like 2026-05-10",
    "date-time": "instant with time zone like 2026-05-10T09:00:00Z",
}


def form(schema: Mapping[str, Any]) -> str:
    """Return the form of a value in words, e.g. ``integer from 1 to 1000``.

    Args:
        schema: JSON Schema of the value, as ``core.schemas`` and ``core.api.queries`` make them.
    """
    if "anyOf" in schema:
        return " or ".join(map(form, schema["anyOf"]))
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", [schema.get("const")])))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    inner = schema.get("items", schema.get("additionalProperties"))
    whole = f"{schema['type']} of {form(inner)}" if isinstance(inner, dict) else _kind(schema)
    return "".join((whole.replace("array", "list"), *_bounds(schema)))


def _kind(schema: Mapping[str, Any]) -> str:
    return _FORMATS.get(schema.get("format", ""), str(schema.get("type", "anything")))


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "pattern" in schema:
        yield f" like {schema['pattern']}"
    if "minimum" in schema:
        yield f" from {schema['minimum']}"
    if "maximum" in schema:
        yield f" to {schema['maximum']}"
    if "maxLength" in schema:
        yield f", at most {schema['maxLength']} characters"
