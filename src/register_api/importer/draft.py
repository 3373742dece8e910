"""A draft source from tables: the command's first half, and what the rules say of the result."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from register_api.core.calendar import local_day
from register_api.errors import Finding, UsageError
from register_api.importer.import_folder import SOURCE, passing_copy, read_bytes, write_files
from register_api.importer.import_report import ImportReport, Reporter
from register_api.importer.published import is_register, notes_of, read_register, source_of
from register_api.importer.reading import read_tables
from register_api.importer.reading_options import ImportOptions, format_of
from register_api.importer.register_file import RegisterDefaults
from register_api.importer.state_importer import StateImporter
from register_api.importer.table import Stated, Table
from register_api.publish.preparation import Baseline, PublishOptions, prepare


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
        folder: Gets ``register/``, the names file and the memory.
        options: What the caller says of the tables.
        defaults: What the caller says of the register, for a new source.
        now: The present instant, UTC.
        names: The names file; beside the source if not given.
        person: Who is asked; if nobody, nothing that a page states of itself is taken, and all is written.

    Raises:
        Refused: A file cannot be read exactly, or a file of the source not be edited.
        UsageError: A file is missing, or its name does not tell its form.
    """
    person = person or Person()
    published = _published(files)
    if published is not None:
        return _import_register(*published, folder, defaults, now, person.confirm)
    importer = StateImporter(folder, options, defaults, names=names)
    tables = [tables_in(path, options) for path in files]
    entries = [row for found in tables for row in importer.read(found)]
    stated = importer.take_stated(
        [said for found in tables for table in found for said in table.stated], person.accept
    )
    plan = importer.plan(entries, local_day(now, importer.zone), day=None, first=False)
    reporter = importer.reporter
    report = ImportReport(
        columns=tuple(reporter.columns),
        vendors=plan.vendors,
        notes=reporter.notes,
        findings=judge(folder, plan.source, now),
        stated=stated,
        written=tuple(sorted(plan.source)),
    )
    if person.confirm(report):
        importer.write_source(plan)
        importer.remember(plan)
    return report


def _published(files: Sequence[Path]) -> tuple[str, bytes] | None:
    """Return the published register that is to be imported, if the one file is such."""
    if len(files) != 1 or files[0].suffix.lower() != ".json":
        return None
    data = read_bytes(files[0])
    return (files[0].name, data) if data is not None and is_register(data) else None


def _import_register(
    name: str,
    data: bytes,
    folder: Path,
    defaults: RegisterDefaults,
    now: dt.datetime,
    confirm: Callable[[ImportReport], bool],
) -> ImportReport:
    """Make a source of a published register, in a folder that has none."""
    if (folder / SOURCE).exists():
        message = f"{folder / SOURCE} is there already; a published register becomes a source of its own"
        raise UsageError(message, hint="--into names another folder")
    reporter = Reporter()
    register = read_register(name, data, reporter)
    name = defaults.register or register.register
    source = source_of(msgspec.structs.replace(register, register=name))
    report = ImportReport(
        vendors=notes_of(register),
        notes=reporter.notes,
        findings=judge(folder, source, now),
        written=tuple(sorted(source)),
    )
    if confirm(report):
        write_files(folder, source)
    return report


def tables_in(path: Path, options: ImportOptions) -> tuple[Table, ...]:
    """Read the tables of a file."""
    data = read_bytes(path)
    if data is None:
        raise UsageError(f"there is no file {path}")
    return read_tables(path.name, data, options.form or format_of(path.name), options.tables)


def judge(folder: Path, source: dict[str, str], now: dt.datetime) -> tuple[Finding, ...]:
    """Return what the rules say of a source, as a first version, once files were written into it."""
    with passing_copy(folder) as copy:
        write_files(copy, source)
        return prepare(copy / SOURCE, Baseline(), PublishOptions(now=now)).findings
