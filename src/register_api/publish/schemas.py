"""JSON Schemas (2020-12) of the documents, made from the structs that encode them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from register_api.core.canonical import encode
from register_api.core.format.tree import SCHEMAS
from register_api.core.schemas import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.format.kind import Schema

_REFERENCES = "#/$defs/{name}"


@functools.cache
def schemas() -> Mapping[str, bytes]:
    """Return every schema by its name, as canonical bytes."""
    return {form.name: encode(schema(form)) for form in SCHEMAS}


def schema(form: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a form of document.

    A reader ignores fields that it does not know (optional fields may join), so further properties
    are allowed; all fields of today are always present, so all are required.
    """
    (reference,), found = definitions([form.struct], _REFERENCES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:sub-processor-register:schema:{form.name}:1",
        "title": form.title,
        "$ref": reference["$ref"],
        "$defs": found,
    }
