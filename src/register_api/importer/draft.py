"""Create a source from tables or from a published register, and check it against the rules."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from register_api.core.field_forms import FORMAT_MINOR
from register_api.core.instant import local_day
from register_api.core.model import Register
from register_api.core.text import printable, quoted
from register_api.errors import Finding, UsageError
from register_api.importer.import_report import ImportReport, Reporter, VendorNote
from register_api.importer.reading import read_tables
from register_api.importer.register_file import (
    SOURCE,
    RegisterDefaults,
    RegisterFile,
    copy_source,
    is_register,
    read_bytes,
    read_text,
    source_of,
    vendor_ids,
)
from register_api.importer.rows import read_rows
from register_api.importer.table import ImportedRow, ImportOptions, Stated, Table, format_of, refuse
from register_api.importer.vendor_list import NAMES_FILE, Names, make_list
from register_api.importer.vendor_update import (
    MEMORY_FILE,
    Memory,
    RememberedVendor,
    VendorUpdate,
    read_memory,
    write_memory,
)
from register_api.publish.preparation import Baseline, PublishOptions, prepare
from register_api.source.edit import write_files
from register_api.source.load import REGISTER_FILE, VENDOR_FOLDER
from register_api.source.toml_values import VendorFile, schema_files


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The changes to the source that follow from one state of the list."""

    source: dict[str, str]
    memory: Memory
    vendors: tuple[VendorNote, ...]


class StateImporter:
    """Imports states of a list into one folder."""

    def __init__(
        self,
        folder: Path,
        options: ImportOptions,
        defaults: RegisterDefaults,
        *,
        names: Path | None = None,
        keep_names: bool = True,
    ) -> None:
        """Read the names file and the memory."""
        self.folder, self.options, self.reporter = folder, options, Reporter(clean=options.clean)
        self._defaults, self._keep_names = defaults, keep_names
        self._names_path = names or folder / NAMES_FILE
        self.names = Names(read_text(self._names_path), self._names_path.name)
        self.memory = read_memory(read_bytes(folder / MEMORY_FILE))

    def _register(self) -> RegisterFile:
        return RegisterFile(read_text(self.folder / SOURCE / REGISTER_FILE))

    @property
    def zone(self) -> ZoneInfo:
        """The publisher's time zone: from the source, or from the defaults for a new one."""
        register = self._register()
        publisher = register.value("publisher")
        stated = publisher.get("time_zone", "UTC") if isinstance(publisher, dict) else "UTC"
        name = (register.is_new and self._defaults.time_zone) or str(stated)
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:
            hint = "an IANA name such as Europe/Berlin"
            raise UsageError(f"{name!r} is not a time zone", hint=hint) from error

    def read(self, tables: Sequence[Table]) -> tuple[ImportedRow, ...]:
        """Read the rows of the tables in one file."""
        return read_rows(tables, self.options, self.names.statuses, self.reporter)

    def apply_statements(
        self, stated: Sequence[Stated], accept: Callable[[Stated], bool]
    ) -> tuple[Stated, ...]:
        """Use the statements about the list that ``accept`` confirms, and return the others as proposals.

        Only the first date and the first notice period are offered. Explicit options take precedence,
        and a notice period is used only for a new register.
        """
        register = self._register()
        there = None if register.is_new else register.value("updated_on")
        asked: dict[str, Stated] = {}
        for statement in stated:
            held = statement.value == there or (statement.field == "notice_days" and not register.is_new)
            if not held and getattr(self._defaults, statement.field) is None:
                asked.setdefault(statement.field, statement)
        left = []
        for statement in asked.values():
            if accept(statement):
                value = int(statement.value) if statement.field == "notice_days" else statement.value
                self._defaults = msgspec.structs.replace(self._defaults, **{statement.field: value})
                message = f"{statement.field} is {statement.value}: the page says {quoted(statement.words)}"
                self.reporter.note("read", message)
            else:
                option = f"--{statement.field.replace('_', '-')} {statement.value}"
                message = f"the page says {quoted(statement.words)}: {option}, or --as-stated, uses it"
                self.reporter.note("proposed", message, file=statement.file)
                left.append(statement)
        return tuple(left)

    def plan(
        self, entries: Sequence[ImportedRow], today: dt.date, *, day: dt.date | None, first: bool
    ) -> ImportPlan:
        """Return the changes to the source without writing them."""
        register = self._register()
        taken = vendor_ids(self.folder)
        self._add_source_names(taken)
        listing = make_list(
            entries,
            self.names,
            self.reporter,
            taken=taken,
            categories=register.ids("categories"),
            products=register.ids("products"),
        )
        listed = {item.id: item for item in listing.vendors}
        source: dict[str, str] = {}
        vendors: dict[str, RememberedVendor] = {}
        on = day.isoformat() if day else None
        for vendor in {**listed, **self.memory.vendors}:
            last = self.memory.vendors.get(vendor, RememberedVendor())
            update = VendorUpdate(self._file(vendor), last, self.reporter, day=on, first=first)
            if vendor in listed:
                update.list(listed[vendor], self.names.earlier_names(vendor))
            elif last.listed or day is None:
                update.end_all()
            vendors[vendor] = update.remembered
            if update.changed:
                source[f"{SOURCE}/{update.file.name}"] = update.file.text
        updated_on = on or self._defaults.updated_on
        if register.is_new:
            register.begin(self._defaults, self.reporter)
            if updated_on is None:
                updated_on = today.isoformat()
                self.reporter.note("assumed", f"updated_on is {updated_on}; --updated-on says otherwise")
        register.update(listing, updated_on, arrange=tuple(listed) != self.memory.order)
        if register.text != read_text(self.folder / SOURCE / REGISTER_FILE):
            source[f"{SOURCE}/{REGISTER_FILE}"] = register.text
        if register.is_new:
            source |= {f"{SOURCE}/{name}": schema for name, schema in schema_files().items()}
        notes = (
            VendorNote(id=item.id, name=item.name, engagements=len(item.uses), new=item.new)
            for item in listing.vendors
        )
        memory = Memory(order=tuple(listed), vendors=vendors)
        return ImportPlan(source=source, memory=memory, vendors=tuple(notes))

    def keep(self, plan: ImportPlan) -> None:
        """Write the source, the names file and, last, the memory that the next import compares with."""
        write_files(self.folder, plan.source)
        if self._keep_names:
            write_files(self._names_path.parent, {self._names_path.name: self.names.text})
        write_files(self.folder, {MEMORY_FILE: write_memory(plan.memory)})
        self.memory = plan.memory

    def _add_source_names(self, vendors: Sequence[str]) -> None:
        for vendor in vendors:
            if vendor not in self.memory.vendors:
                name = self._file(vendor).value("name")
                if isinstance(name, str) and self.names.find(name, {}) is None:
                    self.names.add(name, (), vendor)

    def _file(self, vendor: str) -> VendorFile:
        return VendorFile(vendor, read_text(self.folder / SOURCE / VENDOR_FOLDER / f"{vendor}.toml"))


class Person(msgspec.Struct, frozen=True):
    """The user's decisions: which statements of a page to use, and whether to write the result."""

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
    """Create or update a source from files that together contain the list, or from one published register.

    Writes ``register/``, the names file (unless ``names`` is given) and the memory into the folder.
    Without ``person``, no statements of a page are used and everything is written.

    Raises:
        Refused: A file cannot be read exactly, or a source file cannot be edited.
        UsageError: A file is missing, or its format cannot be determined from its name.
    """
    person = person or Person()
    if len(files) == 1 and files[0].suffix.lower() == ".json":
        data = read_bytes(files[0])
        if data is not None and is_register(data):
            return _import_register(files[0].name, data, folder, defaults, now, person.confirm)
    importer = StateImporter(folder, options, defaults, names=names)
    tables = [tables_in(path, options) for path in files]
    entries = [row for found in tables for row in importer.read(found)]
    statements = [statement for found in tables for table in found for statement in table.stated]
    stated = importer.apply_statements(statements, person.accept)
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
        raise UsageError(f"file not found: {path}")
    return read_tables(path.name, data, options.form or format_of(path.name), options.tables)


def judge(folder: Path, source: dict[str, str], now: dt.datetime) -> tuple[Finding, ...]:
    """Return the rules' findings for a source with these files added, checked as a first version."""
    with tempfile.TemporaryDirectory() as copy:
        copy_source(folder, Path(copy))
        write_files(Path(copy), source)
        return prepare(Path(copy) / SOURCE, Baseline(), PublishOptions(now=now)).findings


def _import_register(
    file: str,
    data: bytes,
    folder: Path,
    defaults: RegisterDefaults,
    now: dt.datetime,
    confirm: Callable[[ImportReport], bool],
) -> ImportReport:
    """Create a source from a published register, in a folder that has none."""
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
