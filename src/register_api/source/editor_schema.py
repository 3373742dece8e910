"""JSON Schemas of the source, for editors that complete and underline TOML (taplo's ``#:schema`` line).

They are made from the structs that the source is read as, and are stricter than those of the wire format:
no unknown key, only known codes, no null. What needs more than one value to be judged is left to `check`.
"""

from __future__ import annotations

import json
from typing import Any

from register_api.core.fields import FIELDS
from register_api.core.model import ProductScope, RegisterSource, SubprocessorSource
from register_api.core.schemas import DIALECT, Definition, definitions
from register_api.core.struct_fields import Shape, shapes

SCHEMA_FOLDER = "schema"
"""Folder of the source in which they lie."""

HEADS = {
    "register": f"#:schema {SCHEMA_FOLDER}/register.json\n",
    "subprocessor": f"#:schema ../{SCHEMA_FOLDER}/subprocessor.json\n",
}
"""The first line of ``register.toml`` and of a vendor's file, by which an editor finds the schema."""

SOURCE_SCHEMAS = {"register": RegisterSource, "subprocessor": SubprocessorSource}
"""Name of a schema to the struct that a file is read as."""

_NULL = {"type": "null"}
_IDS: Definition = {"type": "array", "items": {"type": "string"}, "description": "Ids of products."}
_ALL: Definition = {"const": "all", "description": "Every product, those to come included."}


def schema_files() -> dict[str, str]:
    """Return the texts of all schemas by their paths below the source folder."""
    return {
        f"{SCHEMA_FOLDER}/{name}.json": json.dumps(editor_schema(name), indent=1, ensure_ascii=False) + "\n"
        for name in SOURCE_SCHEMAS
    }


def editor_schema(name: str) -> Definition:
    """Return the schema of ``register.toml`` or of a vendor's file."""
    top = SOURCE_SCHEMAS[name]
    (schema,), found = definitions((top,), "#/$defs/{name}")
    by_name = {kind.__name__: kind for kind in FIELDS}
    described = {title: _strict(item, by_name.get(title)) for title, item in found.items()}
    if ProductScope.__name__ in described:  # written as "all" or as a list
        described[ProductScope.__name__] = {"anyOf": [_ALL, _IDS]}
    if top is SubprocessorSource:
        described[top.__name__]["required"].remove("id")  # the file's name says it
    return {"$schema": DIALECT, **schema, "$defs": described}


def _strict(definition: Definition, kind: type | None) -> Definition:
    if kind is None or "properties" not in definition:
        return definition
    known = shapes(kind)
    properties = {
        name: _with_codes(_without_null(value), known[name])
        for name, value in definition["properties"].items()
        if name in known
    }
    required = [name for name, shape in known.items() if shape.is_required]
    return {**definition, "properties": properties, "required": required, "additionalProperties": False}


def _without_null(field: Definition) -> Definition:
    """Leave null out, which TOML does not have."""
    choices = [item for item in field.get("anyOf", ()) if item != _NULL]
    if len(choices) != 1:
        return field
    return {**choices[0], **{key: value for key, value in field.items() if key != "anyOf"}}


def _with_codes(field: Definition, shape: Shape) -> Definition:
    """Name the codes of a vocabulary, so that an editor offers them."""
    if not shape.codes:
        return field
    codes: dict[str, Any] = {"enum": list(shape.codes)}
    return {**field, "items": codes} if shape.is_list else {**field, **codes}
