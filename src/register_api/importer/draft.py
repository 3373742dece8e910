"""A draft source from tables, or a source from a published register, and what the rules say of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import tomlkit

from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.fields import FIELDS
from register_api.core.instant import local_day, parse_day
from register_api.core.model import Register, RegisterSource, SubprocessorSource
from register_api.core.struct_fields import shapes
from register_api.core.text import printable
from register_api.core.timeline import ALL
from register_api.errors import Finding, UsageError
from register_api.importer.import_report import ImportReport, Reporter, VendorNote
from register_api.importer.reading import read_tables
from register_api.importer.register_file import REGISTER_FILE, RegisterDefaults
from register_api.importer.state_importer import (
    SOURCE,
    VENDORS,
    StateImporter,
    copy_source,
    read_bytes,
)
from register_api.importer.table import ImportOptions, Stated, Table, format_of, refuse
from register_api.publish.preparation import Baseline, PublishOptions, prepare
from register_api.source.edit import write_files
from register_api.source.toml_values import DAYS, HEADS, schema_files


class Person(msgspec.Struct, frozen=True):
    """Who imports.

    Attributes:
        accept: Asked whether what the page states of itself is to be taken.
        confirm: Asked before anything is written, with the whole report, new ids included.
    """

    accept: Callable[[Stated], bool] = lambda _: False
    confirm: Callable[[ImportReport], bool] = lambda _: True


def import_files(
    files: Sequence[Path],
    folder: Path,
    options: ImportOptions,
    defaults: RegisterDefaults,
    *,
    now: dt.datetime,
    names: Path | None = None,
    person: Person | None = None,
) -> ImportReport:
    """Make or update a draft source from files with tables.

    Args:
        files: Pages, CSV, JSON or YAML, whose rows together are the list; or one published register.
        folder: Gets ``register/``, the names file (unless it is named) and the memory.
        options: What the caller says of the tables.
        defaults: What the caller says of the register, for a new source.
        now: The present instant, UTC.
        names: The names file.
        person: Who is asked; if nobody, nothing that a page states of itself is taken, and all is written.

    Raises:
        Refused: A file cannot be read exactly, or a file of the source not be edited.
        UsageError: A file is missing, or its name does not tell its form.
    """
    person = person or Person()
    if len(files) == 1 and files[0].suffix.lower() == ".json":
        data = read_bytes(files[0])
        if data is not None and is_register(data):
            return _import_register(files[0].name, data, folder, defaults, now, person.confirm)
    importer = StateImporter(folder, options, defaults, names=names)
    tables = [tables_in(path, options) for path in files]
    entries = [row for found in tables for row in importer.read(found)]
    said = [said for found in tables for table in found for said in table.stated]
    stated = importer.take_stated(said, person.accept)
    plan = importer.plan(entries, local_day(now, importer.zone), day=None, first=False)
    report = ImportReport(
        columns=tuple(importer.reporter.columns),
        vendors=plan.vendors,
        notes=importer.reporter.notes,
        findings=judge(folder, plan.source, now),
        stated=stated,
        written=tuple(sorted(plan.source)),
    )
    if person.confirm(report):
        importer.keep(plan)
    return report


def tables_in(path: Path, options: ImportOptions) -> tuple[Table, ...]:
    """Read the tables of a file."""
    data = read_bytes(path)
    if data is None:
        raise UsageError(f"there is no file {path}")
    return read_tables(path.name, data, options.form or format_of(path.name), options.tables)


def judge(folder: Path, source: dict[str, str], now: dt.datetime) -> tuple[Finding, ...]:
    """Return what the rules say of a source, as a first version, once files were written into it."""
    with tempfile.TemporaryDirectory() as copy:
        copy_source(folder, Path(copy))
        write_files(Path(copy), source)
        return prepare(Path(copy) / SOURCE, Baseline(), PublishOptions(now=now)).findings


_TELLING = frozenset(
    name for kind in FIELDS for name, shape in shapes(kind).items() if shape.is_required or shape.is_optional
)
"""Fields that say something even where they are empty: an empty list is stated, an absent one is not."""


def is_register(data: bytes) -> bool:
    """Tell whether a file is a published register, of this format or a later one."""
    try:
        head = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        return bytes(head["format"]).startswith(b'"sub-processor-register/')
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError):
        return False


def _import_register(
    file: str,
    data: bytes,
    folder: Path,
    defaults: RegisterDefaults,
    now: dt.datetime,
    confirm: Callable[[ImportReport], bool],
) -> ImportReport:
    """Make a source of a published register, in a folder that has none."""
    if (folder / SOURCE).exists():
        message = f"{folder / SOURCE} already exists; import a published register into a new folder"
        raise UsageError(message, hint="--into names another folder")
    reporter = Reporter()
    try:
        register = msgspec.json.decode(data, type=Register)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        refuse(file, "", f"not a valid register: {printable(error)}", "take it from /v1/register.json")
    if register.format_minor > FORMAT_MINOR:
        message = "a later release wrote this register; what this one does not know of is left out"
        reporter.note("left", message, file=file)
    message = f"the register's name is {register.register}; --register says otherwise"
    reporter.note("assumed", f"{message}, for a register of its own", file=REGISTER_FILE)
    name = defaults.register or register.register
    source = source_of(msgspec.structs.replace(register, register=name))
    report = ImportReport(
        vendors=tuple(
            VendorNote(id=vendor.id, name=vendor.name, engagements=len(vendor.engagements), new=True)
            for vendor in register.subprocessors
        ),
        notes=reporter.notes,
        findings=judge(folder, source, now),
        written=tuple(sorted(source)),
    )
    if confirm(report):
        write_files(folder, source)
    return report


def source_of(register: Register) -> dict[str, str]:
    """Return the files of the source that says what a register says, without what publishing adds."""
    document = msgspec.to_builtins(register)
    # What publishing sets is no field of a source.
    head = msgspec.to_builtins(msgspec.convert(document, RegisterSource))
    vendors = msgspec.to_builtins(msgspec.convert(document["subprocessors"], list[SubprocessorSource]))
    head["order"] = [vendor["id"] for vendor in vendors]
    files = {f"{SOURCE}/{name}": text for name, text in schema_files().items()}
    files[f"{SOURCE}/{REGISTER_FILE}"] = HEADS["register"] + _toml(head)
    for vendor in vendors:
        files[f"{SOURCE}/{VENDORS}/{vendor.pop('id')}.toml"] = HEADS["subprocessor"] + _toml(vendor)
    return files


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
    if inside in DAYS and isinstance(value, str):
        with contextlib.suppress(ValueError):  # a planned change may set anything, and `check` says so
            return parse_day(value)
    return value
