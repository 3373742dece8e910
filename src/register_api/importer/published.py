"""A source made from a published register: all that its publisher said, without what publishing adds."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import msgspec
import tomlkit

from register_api.core.fields import FIELDS
from register_api.core.forms import FORMAT_MINOR
from register_api.core.instant import parse_day
from register_api.core.model import Register, RegisterSource, SubprocessorSource
from register_api.core.printable import printable
from register_api.core.product_scope import ALL
from register_api.core.shapes import shapes
from register_api.importer.import_folder import SOURCE, VENDORS
from register_api.importer.import_report import Reporter, VendorNote
from register_api.importer.register_file import REGISTER_FILE
from register_api.importer.table import refuse
from register_api.source.editor_schema import HEADS, schema_files
from register_api.source.toml_values import DAYS

_TELLING = frozenset(
    name for kind in FIELDS for name, shape in shapes(kind).items() if shape.is_required or shape.is_optional
)
"""Fields that say something even where they are empty: an empty list is stated, an absent one is not."""


class _Head(msgspec.Struct):
    format: str = ""


def is_register(data: bytes) -> bool:
    """Tell whether a file is a published register, of this format or a later one."""
    try:
        return msgspec.json.decode(data, type=_Head).format.startswith("sub-processor-register/")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def read_register(name: str, data: bytes, reporter: Reporter) -> Register:
    """Read a published register."""
    try:
        register = msgspec.json.decode(data, type=Register)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        refuse(name, "", f"not a valid register: {printable(error)}", "take it from /v1/register.json")
    if register.format_minor > FORMAT_MINOR:
        message = "a later release wrote this register; what this one does not know of is left out"
        reporter.note("left", message, file=name)
    message = (
        f"the register's name is {register.register}; --register says otherwise, for a register of its own"
    )
    reporter.note("assumed", message, file=REGISTER_FILE)
    return register


def source_of(register: Register) -> dict[str, str]:
    """Return the files of the source that says what a register says, by their names below the folder."""
    plain = msgspec.to_builtins(register)
    vendors = [_said(vendor, SubprocessorSource) for vendor in plain["subprocessors"]]
    head = _said(plain, RegisterSource) | {"order": [vendor["id"] for vendor in vendors]}
    files = {f"{SOURCE}/{name}": text for name, text in schema_files().items()}
    files[f"{SOURCE}/{REGISTER_FILE}"] = HEADS["register"] + _toml(head)
    for vendor in vendors:
        files[f"{SOURCE}/{VENDORS}/{vendor.pop('id')}.toml"] = HEADS["subprocessor"] + _toml(vendor)
    return files


def notes_of(register: Register) -> tuple[VendorNote, ...]:
    """Return who is listed in a register."""
    return tuple(
        VendorNote(id=vendor.id, name=vendor.name, engagements=len(vendor.engagements), new=True)
        for vendor in register.subprocessors
    )


def _said(plain: dict[str, Any], kind: type[RegisterSource | SubprocessorSource]) -> dict[str, Any]:
    """Return what a source of that kind can say of a document; what publishing sets is no field of it."""
    said: dict[str, Any] = msgspec.to_builtins(msgspec.convert(plain, kind))
    return said


def _toml(plain: dict[str, Any]) -> str:
    """Return a document as TOML, which has no null and knows days."""
    made = _for_toml(plain, inside="")
    text = tomlkit.dumps(made)
    if tomllib.loads(text) != made:  # pragma: no cover  (a fault of the writer must not go unseen)
        raise AssertionError("the source was not written as it was meant")
    return text


def _for_toml(value: Any, *, inside: str) -> Any:
    if inside == "products" and isinstance(value, dict) and value.keys() == {"all", "ids"}:
        return ALL if value["all"] else list(value["ids"])
    if isinstance(value, dict):
        return {
            name: _for_toml(item, inside=name)
            for name, item in value.items()
            if item is not None and (inside == "set" or name in _TELLING or item not in ([], (), {}))
        }
    if isinstance(value, list | tuple):
        return [_for_toml(item, inside=inside) for item in value]
    return _day(value) if inside in DAYS and isinstance(value, str) else value


def _day(text: str) -> dt.date | str:
    """Return a day as TOML has it; what a planned change sets may be anything, and `check` says so."""
    try:
        return parse_day(text)
    except ValueError:
        return text
