"""Read and create the files of a source folder for an import."""

from __future__ import annotations

import contextlib
import shutil
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomlkit

from register_api.core.fields import FIELDS
from register_api.core.instant import parse_day
from register_api.core.model import Register, RegisterSource, SubprocessorSource
from register_api.core.struct_fields import shapes
from register_api.core.text import is_slug, quoted
from register_api.core.timeline import ALL
from register_api.errors import UsageError
from register_api.files.durable import read_bounded
from register_api.importer.import_report import Reporter
from register_api.importer.table import refuse
from register_api.importer.vendor_list import TEMPLATES, ImportedList
from register_api.source.load import REGISTER_FILE, VENDOR_FOLDER
from register_api.source.toml_values import DAYS, HEADS, TomlFile, put, schema_files, table_of

SOURCE = "register"
_MAX_BYTES = 64 * 1024 * 1024
_NEW = HEADS["register"] + TEMPLATES.joinpath("register.toml").read_text("utf-8")
_USUAL = {"register": "example.com/sub-processors", "publisher": "Example Company",
          "time_zone": "UTC", "language": "en"}  # fmt: skip
_SENSIBLE = ("time_zone", "language")
_PROMISED = ["addition", "replacement", "activation"]


def read_text(path: Path) -> str | None:
    """Return a file's text, or ``None`` if the file does not exist."""
    data = read_bytes(path)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        refuse(path.name, "", "this file is not UTF-8 text", "save it as UTF-8")


def read_bytes(path: Path) -> bytes | None:
    """Return a file's bytes, or ``None`` if the file does not exist."""
    if not path.exists():
        return None
    if not path.is_file():
        raise UsageError(f"{path} is not a regular file")
    data = read_bounded(path, _MAX_BYTES)
    if len(data) > _MAX_BYTES:
        raise UsageError(f"{path} is larger than {_MAX_BYTES} bytes")
    return data


def vendor_ids(folder: Path) -> list[str]:
    """Return the ids of the vendors that have a file in the folder's source."""
    stems = (path.stem for path in (folder / SOURCE / VENDOR_FOLDER).glob("*.toml"))
    return sorted(stem for stem in stems if is_slug(stem))


def copy_source(folder: Path, to: Path) -> None:
    """Copy the folder's source, if there is one, into an empty folder."""
    if (folder / SOURCE).is_dir():
        shutil.copytree(folder / SOURCE, to / SOURCE, symlinks=True)


class RegisterDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """Values for a new ``register.toml``."""

    register: str | None = None
    publisher: str | None = None
    updated_on: str | None = None
    time_zone: str | None = None
    language: str | None = None
    notice_days: int | None = None


def merged_order(order: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return an order with the missing items of ``before`` reinserted, each after its old predecessor.

    A vendor that is no longer in the table keeps its place, so that no others appear to have moved.
    """
    merged = list(order)
    for above, item in zip((None, *before), before, strict=False):
        if item not in merged:
            merged.insert(merged.index(above) + 1 if above is not None else 0, item)
    return merged


class RegisterFile(TomlFile):
    """``register.toml``, existing or new."""

    def __init__(self, text: str | None) -> None:
        """Parse the file's text, or start a new file."""
        self.is_new = text is None
        super().__init__(REGISTER_FILE, _NEW if text is None else text)

    @property
    def order(self) -> list[str]:
        """Vendor ids in reading order."""
        return self.listed("order", str)

    def ids(self, of: str) -> dict[str, str]:
        """Map the titles of the existing ``categories`` or ``products`` to their ids."""
        return {str(item.get("title", item.get("id"))): str(item.get("id")) for item in self.listed(of, dict)}

    def begin(self, defaults: RegisterDefaults, reporter: Reporter) -> None:
        """Fill in a new file, except for ``updated_on``; every assumed value is reported."""
        given = msgspec.structs.asdict(defaults)
        for field, usual in _USUAL.items():
            section: Any = self.document if field == "register" else self.document["publisher"]
            section["name" if field == "publisher" else field] = given[field] or usual
            option = f"--{field.replace('_', '-')}"
            hint = f"{option} says otherwise" if field in _SENSIBLE else f"to be replaced; {option} says it"
            if given[field] is None:
                reporter.note("assumed", f"{field} is {quoted(usual)}: {hint}", file=REGISTER_FILE)
        if defaults.notice_days is None:
            message = "no notice is promised, since nothing is known of it; --notice-days says how much is"
            reporter.note("assumed", message, file=REGISTER_FILE, key="notice")
        else:
            notice: Any = self.document["notice"]
            notice["days"], notice["applies_to"] = defaults.notice_days, _PROMISED

    def update(self, listing: ImportedList, day: str | None, *, arrange: bool) -> None:
        """Set ``updated_on``, add new categories and products, and order the vendors as listed."""
        if day is not None and self.value("updated_on") != day:
            put(self.document, "updated_on", day)
        for field, titles in (("categories", listing.categories), ("products", listing.products)):
            there = set(self.ids(field).values())
            for id_ in [id_ for id_ in titles if id_ not in there]:
                table = table_of({"id": id_, "title": titles[id_]}, "" if self.ids(field) else "\n")
                self.document.setdefault(field, tomlkit.aot()).append(table)
        order = merged_order([item.id for item in listing.vendors], self.order)
        if (arrange or not self.order) and self.order != order:
            array = tomlkit.array()
            array.extend(order)
            self.document["order"] = array.multiline(multiline=len(order) > 1)


_TELLING = frozenset(
    name for kind in FIELDS for name, shape in shapes(kind).items() if shape.is_required or shape.is_optional
)
"""Fields that are written even if empty, because an empty list differs in meaning from a missing one."""


def is_register(data: bytes) -> bool:
    """Return whether a file is a published register, in this format version or a later one."""
    try:
        head = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        return bytes(head["format"]).startswith(b'"sub-processor-register/')
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError):
        return False


def source_of(register: Register) -> dict[str, str]:
    """Return source files with the content of a published register, without what publishing adds."""
    document = msgspec.to_builtins(register)
    # Converting drops the fields that publishing sets.
    head = msgspec.to_builtins(msgspec.convert(document, RegisterSource))
    vendors = msgspec.to_builtins(msgspec.convert(document["subprocessors"], list[SubprocessorSource]))
    head["order"] = [vendor["id"] for vendor in vendors]
    files = {f"{SOURCE}/{name}": text for name, text in schema_files().items()}
    files[f"{SOURCE}/{REGISTER_FILE}"] = HEADS["register"] + _toml(head)
    for vendor in vendors:
        files[f"{SOURCE}/{VENDOR_FOLDER}/{vendor.pop('id')}.toml"] = HEADS["subprocessor"] + _toml(vendor)
    return files


def _toml(plain: dict[str, Any]) -> str:
    """Return a document as TOML, without nulls and with dates."""
    made = _for_toml(plain, inside="")
    text = tomlkit.dumps(made)
    if tomllib.loads(text) != made:  # pragma: no cover  (guards against bugs of the TOML writer)
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
    if inside in DAYS and isinstance(value, str):
        with contextlib.suppress(ValueError):  # a planned change may set anything; `check` validates it
            return parse_day(value)
    return value
