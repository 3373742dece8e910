"""JSON Schemas (2020-12) of documents, made from the structs that encode them.

The published schemas and the service's own description are both made here, so that one struct has
one schema.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence


def definitions(
    kinds: Sequence[type], references: str
) -> tuple[tuple[dict[str, Any], ...], dict[str, dict[str, Any]]]:
    """Return the schemas of structs, and the definitions that they refer to.

    A reader ignores fields that it does not know (optional fields may join), so further properties
    are allowed; what is always present is required.

    Args:
        kinds: The structs.
        references: Where definitions will stand, with ``{name}`` for the name of one.

    Returns:
        One schema a kind, and every definition by name.
    """
    schemas, found = msgspec.json.schema_components(kinds, ref_template=references)
    optional = {kind.__name__ for kind in kinds if _leaves_out(kind)}
    told = {name: _told(value) for name, value in found.items()}
    return schemas, {
        name: value if name in optional else _as_published(value) for name, value in told.items()
    }


def _leaves_out(kind: type) -> bool:
    """Tell whether a struct is written without the fields that have nothing to say."""
    return issubclass(kind, msgspec.Struct) and kind.__struct_config__.omit_defaults


def _as_published(definition: dict[str, Any]) -> dict[str, Any]:
    """Say that every field is always there: no defaults, all required."""
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in definition.get("properties", {}).items()
    }
    if not properties:
        return definition
    return {**definition, "properties": properties, "required": sorted(properties)}


def _told(definition: dict[str, Any]) -> dict[str, Any]:
    """Say of each field what the struct's docstring says of it (Google style), and of the whole the rest."""
    if "description" not in definition:
        return definition
    text = inspect.cleandoc(definition["description"]).replace("``", "`").replace("`None`", "`null`")
    whole, _, rest = text.partition("\n\nAttributes:\n")
    said = {match[1]: " ".join(match[2].split()) for match in _ATTRIBUTE.finditer(rest)}
    properties = {
        name: {**field, "description": said[name]} if name in said else field
        for name, field in definition.get("properties", {}).items()
    }
    described = {**definition, "description": whole}
    return {**described, "properties": properties} if properties else described


_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)
"""An attribute within a docstring: its name, and its text with the lines that go on with it."""
