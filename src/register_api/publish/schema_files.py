"""JSON Schemas (2020-12) of the documents, made from the structs that encode them."""

from __future__ import annotations

import functools
from collections.abc import Container, Mapping
from typing import Any

import msgspec

from register_api.core.canonical import encode
from register_api.core.documents import VersionList
from register_api.core.format.kind import Schema
from register_api.core.format.tree import SCHEMA_OF_MINOR, SCHEMAS
from register_api.core.forms import FORMAT_MINOR
from register_api.core.schemas import DIALECT, definitions

_REFERENCES = "#/$defs/{name}"


def newest_schemas(listed: bytes | None) -> Mapping[str, bytes]:
    """Return the schema of every form of document by its name, as the newest release has it."""
    published = msgspec.json.decode(listed, type=VersionList).format_minor if listed else 0
    return {} if published > FORMAT_MINOR else _schemas()


def fixed_schemas(stored: Container[str]) -> Mapping[tuple[str, int], bytes]:
    """Return the schemas of this minor number by name and number, as far as they are not published.

    What a release once wrote there is never written again.
    """
    return {
        (name, FORMAT_MINOR): data
        for name, data in _schemas().items()
        if SCHEMA_OF_MINOR.path(name, FORMAT_MINOR) not in stored
    }


@functools.cache
def _schemas() -> Mapping[str, bytes]:
    return {form.name: encode(schema(form)) for form in SCHEMAS}


def schema(form: Schema) -> dict[str, Any]:
    """Return the JSON Schema of a form of document.

    A reader passes over fields that it does not know, so further properties are allowed; what every
    release of the format writes is required (docs/compatibility.md).
    """
    (reference,), found = definitions([form.struct], _REFERENCES)
    return {
        "$schema": DIALECT,
        "$id": f"urn:sub-processor-register:schema:{form.name}:1.{FORMAT_MINOR}",
        "title": form.struct.__name__,
        "description": form.title,
        "$ref": reference["$ref"],
        "$defs": found,
    }
