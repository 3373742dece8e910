"""Edit TOML while preserving comments and order, and generate JSON Schemas for editors.

The schemas (taplo's ``#:schema`` line) are generated from the structs of the source; they allow no unknown
keys, no unknown codes and no null.
"""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeVar

import tomlkit
from msgspec import inspect
from tomlkit.exceptions import TOMLKitError

from register_api.core.fields import FIELDS
from register_api.core.model import EngagementSource, ProductScope, RegisterSource, SubprocessorSource
from register_api.core.schemas import DIALECT, Definition, definitions
from register_api.core.struct_fields import Shape, shapes
from register_api.core.text import printable
from register_api.errors import Refused
from register_api.source.file import finding

T = TypeVar("T")
SCHEMA_FOLDER = "schema"
"""Folder of the source that contains the schemas."""
HEADS = {
    "register": f"#:schema {SCHEMA_FOLDER}/register.json\n",
    "subprocessor": f"#:schema ../{SCHEMA_FOLDER}/subprocessor.json\n",
}
"""First line of ``register.toml`` and of a vendor's file, which refers an editor to the schema."""
SOURCE_SCHEMAS = {"register": RegisterSource, "subprocessor": SubprocessorSource}
"""Schema name to the struct of the file."""
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
        described[top.__name__]["required"].remove("id")  # it is the file's name
    return {"$schema": DIALECT, **schema, "$defs": described}


def _strict(definition: Definition, kind: type | None) -> Definition:
    if kind is None or "properties" not in definition:
        return definition
    known = shapes(kind)
    fields = definition["properties"]
    properties = {name: _field(fields[name], known[name]) for name in fields if name in known}
    required = [name for name, shape in known.items() if shape.is_required]
    return {**definition, "properties": properties, "required": required, "additionalProperties": False}


def _field(field: Definition, shape: Shape) -> Definition:
    """Remove null, which TOML does not have, and list the codes, so that editors suggest them."""
    choices = [item for item in field.get("anyOf", ()) if item != {"type": "null"}]
    if len(choices) == 1:
        field = choices[0] | {key: value for key, value in field.items() if key != "anyOf"}
    if not shape.codes:
        return field
    codes: dict[str, Any] = {"enum": list(shape.codes)}
    return {**field, "items": codes} if shape.is_list else {**field, **codes}


DAYS = frozenset(
    name
    for kind in FIELDS
    for name, shape in shapes(kind).items()
    if isinstance(shape.kind, inspect.DateType) and not shape.is_list
)
"""Date fields: strings in JSON, dates in TOML."""
_LONG = 100
"""Longest list in characters that is written on one line."""
Section = MutableMapping[str, Any]
VENDOR_ORDER = tuple(
    name for name in SubprocessorSource.__struct_fields__ if name not in {"id", "engagements"}
)
USE_ORDER = tuple(name for name in EngagementSource.__struct_fields__ if name != "id")


class TomlFile:
    """An editable file of the source folder."""

    def __init__(self, name: str, text: str) -> None:
        """Read the file's text."""
        self.name = name
        try:
            self.document = tomlkit.parse(text)
        except (TOMLKitError, ValueError, RecursionError) as error:
            message = f"not valid TOML: {printable(error)}"
            raise Refused([finding(name, "", message, "put it right, then try again")]) from error

    @property
    def text(self) -> str:
        """The current text of the file, verified by parsing it again."""
        text = tomlkit.dumps(self.document)
        try:
            good = plain(tomllib.loads(text)) == plain(self.document)
        except ValueError:
            good = False
        if not good:
            hint = "write keys before tables ([[engagements]]), then try again, or edit it by hand"
            message = "this file is laid out in a way that cannot be edited without harm"
            raise Refused([finding(self.name, "", message, hint)])
        return text

    def value(self, field: str) -> Any:
        """Return the value of a top-level field, as in JSON."""
        return plain(self.document.get(field))

    def listed(self, field: str, kind: type[T]) -> list[T]:
        """Return the items of one type in a top-level list."""
        listed = self.value(field)
        return [item for item in listed if isinstance(item, kind)] if isinstance(listed, list) else []


class VendorFile(TomlFile):
    """A vendor's file."""

    def __init__(self, vendor: str, text: str | None) -> None:
        """Parse the file's text, or start a new file."""
        self.vendor = vendor
        super().__init__(f"subprocessors/{vendor}.toml", HEADS["subprocessor"] if text is None else text)

    @property
    def engagements(self) -> dict[str, Section]:
        """Sections of the engagements by id."""
        listed: Any = self.document.get("engagements", [])
        return {str(plain(item.get("id"))): item for item in listed if isinstance(item, dict)}

    def add_engagement(self, engagement: str) -> Section:
        """Add an engagement after the others and return its section."""
        text = self.text
        listed: Any = self.document.get("engagements")
        if not isinstance(listed, tomlkit.items.AoT):
            if listed:  # keep an inline list inline
                listed.append({"id": engagement})
                return self.engagements[engagement]
            self.document.pop("engagements", None)
            self.document["engagements"] = tomlkit.aot()
        indent = "" if not text or text.endswith("\n\n") else "\n"
        self.document["engagements"].append(table_of({"id": engagement}, indent))
        return self.engagements[engagement]


def plain(value: Any) -> Any:
    """Return a TOML value as in JSON: built-in types, with dates as strings."""
    if hasattr(value, "unwrap"):
        value = value.unwrap()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date | dt.time) else value


def put(section: Section, field: str, value: Any) -> None:
    """Set a field to a JSON value; ``None`` removes the field.

    An array of tables written with double-bracket headers keeps that form.
    """
    before = section.get(field)
    if isinstance(before, tomlkit.items.AoT) and isinstance(value, list):
        section[field] = tables = tomlkit.aot()
        for item in value:
            tables.append(table_of(item, "\n" if tables else ""))
        return
    in_place = (
        value is not None and not isinstance(value, list | dict) and not isinstance(before, list | dict)
    )
    if field in section and not in_place:
        del section[field]
    if value is not None:
        section[field] = _item(field, value)


def _item(field: str, value: Any) -> Any:
    if field in DAYS:
        return dt.date.fromisoformat(value)
    if isinstance(value, list):
        array = tomlkit.array()
        for item in value:
            array.append(_inline(item) if isinstance(item, dict) else item)
        return array.multiline(multiline=len(value) > 1 and len(array.as_string()) > _LONG)
    return _inline(value) if isinstance(value, dict) and field != "extra" else value


def table_of(values: Mapping[str, Any], indent: str) -> Any:
    """Return a table with a header of its own, preceded by ``indent``."""
    table = tomlkit.table()
    table.trivia.indent = indent
    for name, item in values.items():
        table.add(name, _item(name, item))
    return table


def _inline(values: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for name, value in values.items():
        table.append(name, _item(name, value))
    return table
