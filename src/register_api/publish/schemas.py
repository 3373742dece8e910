"""JSON Schemas (2020-12) of the documents, made from the structs that encode them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from register_api.core.canonical import encode
from register_api.core.diff.changes import Diff
from register_api.core.documents import Discovery, Entry, Keys, Versions
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.core.schemas import definitions

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTS: dict[str, tuple[type, str]] = {
    "register": (Register, "A register of sub-processors as one version says it"),
    "diff": (Diff, "What changed between two versions of a register"),
    "entry": (Entry, "The log's entry for one version"),
    "versions": (Versions, "Every entry of the log, oldest first"),
    "keys": (Keys, "Every document, log and feed key of a register"),
    "discovery": (Discovery, "Which registers a site publishes"),
}
"""Name of the schema to the struct it describes and its title."""

_REFERENCES = "#/$defs/{name}"


@functools.cache
def schema_files() -> Mapping[str, bytes]:
    """Return every schema by its path in the tree, as canonical bytes."""
    return {tree.SCHEMA.path(name): encode(schema(name)) for name in DOCUMENTS}


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind of document.

    A reader ignores fields that it does not know (optional fields may join), so further properties
    are allowed; all fields of today are always present, so all are required.

    Args:
        name: One of ``DOCUMENTS``.

    Raises:
        KeyError: There is no such kind.
    """
    kind, title = DOCUMENTS[name]
    (reference,), found = definitions([kind], _REFERENCES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:sub-processor-register:schema:{name}:1",
        "title": title,
        "$ref": reference["$ref"],
        "$defs": found,
    }
