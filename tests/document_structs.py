"""All structs of the published documents and the source, found by walking their types."""

from __future__ import annotations

from typing import Any

import msgspec

from register_api.core.format.tree import SCHEMAS
from register_api.core.model import Draft


def document_structs() -> frozenset[type[msgspec.Struct]]:
    """Return every struct in a published document or the source."""
    return published_structs() | _within([Draft])


def published_structs() -> frozenset[type[msgspec.Struct]]:
    """Return every struct in a published document."""
    return _within([form.struct for form in SCHEMAS])


def _within(kinds: list[type]) -> frozenset[type[msgspec.Struct]]:
    found: set[type[msgspec.Struct]] = set()
    for info in msgspec.inspect.multi_type_info(kinds):
        _collect(info, found)
    return frozenset(found)


def _collect(info: Any, found: set[type[msgspec.Struct]]) -> None:
    """Collect the structs that a msgspec type may contain."""
    parts = [getattr(info, name, None) for name in ("item_type", "key_type", "value_type", "type")]
    parts += getattr(info, "types", ())
    if isinstance(info, msgspec.inspect.StructType) and info.cls not in found:
        found.add(info.cls)
        parts += [field.type for field in info.fields]
    for part in parts:
        if isinstance(part, msgspec.inspect.Type):
            _collect(part, found)
