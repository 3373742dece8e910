"""One state of a list, written into a source: all files that change, planned before any is written."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from register_api.core.text import is_slug, quoted
from register_api.errors import UsageError
from register_api.importer.import_report import Reporter, VendorNote
from register_api.importer.names import NAMES_FILE, Names
from register_api.importer.register_file import REGISTER_FILE, RegisterDefaults, RegisterFile
from register_api.importer.rows import read_rows
from register_api.importer.table import ImportedRow, ImportOptions, Stated, Table, refuse
from register_api.importer.vendor_list import make_list
from register_api.importer.vendor_update import (
    MEMORY_FILE,
    Memory,
    RememberedVendor,
    VendorUpdate,
    read_memory,
    write_memory,
)
from register_api.source.edit import write_files
from register_api.source.toml_values import VendorFile, plain, schema_files

SOURCE = "register"
VENDORS = "subprocessors"
_MOST_BYTES = 64 * 1024 * 1024


def read_text(path: Path) -> str | None:
    """Return a file's text, or ``None`` if there is none."""
    data = read_bytes(path)
    try:
        return None if data is None else data.decode("utf-8")
    except UnicodeDecodeError:
        refuse(path.name, "", "this file is not UTF-8 text", "save it as UTF-8")


def read_bytes(path: Path) -> bytes | None:
    """Return a file's bytes, or ``None`` if there is none."""
    if not path.exists():
        return None
    if not path.is_file():
        raise UsageError(f"{path} is not a regular file")
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than {_MOST_BYTES} bytes")
    return data


def vendor_ids(folder: Path) -> list[str]:
    """Return the ids of the vendors that have a file in the folder's source."""
    stems = (path.stem for path in (folder / SOURCE / VENDORS).glob("*.toml"))
    return sorted(stem for stem in stems if is_slug(stem))


def copy_source(folder: Path, to: Path) -> None:
    """Copy the source that a folder holds, if it holds one, into an empty folder."""
    if (folder / SOURCE).is_dir():
        shutil.copytree(folder / SOURCE, to / SOURCE, symlinks=True)


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a state of the list makes of the source."""

    source: dict[str, str]
    memory: Memory
    vendors: tuple[VendorNote, ...]


class StateImporter:
    """Writes states of a list into one folder."""

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
        text = read_text(self._names_path)
        self.names = Names(text, self._names_path.name) if text is not None else Names()
        self.memory = read_memory(read_bytes(folder / MEMORY_FILE))

    def _register(self) -> RegisterFile:
        return RegisterFile(read_text(self.folder / SOURCE / REGISTER_FILE))

    @property
    def zone(self) -> ZoneInfo:
        """The publisher's time zone: of the source, or as the caller says for a new one."""
        register = self._register()
        name = (register.is_new and self._defaults.time_zone) or register.time_zone
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:
            hint = "an IANA name such as Europe/Berlin"
            raise UsageError(f"{name!r} is not a time zone", hint=hint) from error

    def read(self, tables: Sequence[Table]) -> tuple[ImportedRow, ...]:
        """Read the rows of one file's tables."""
        return read_rows(tables, self.options, self.names.statuses, self.reporter)

    def take_stated(self, stated: Sequence[Stated], accept: Callable[[Stated], bool]) -> tuple[Stated, ...]:
        """Take what a page states of itself where a person agrees; return the rest, which is proposed.

        Of several days, or of several numbers, the first is asked about. What the caller says holds, and
        days of notice are only for a register that begins.
        """
        register = self._register()
        there = None if register.is_new else plain(register.document.get("updated_on"))
        asked: dict[str, Stated] = {}
        for said in stated:
            held = said.value == there or (said.field == "notice_days" and not register.is_new)
            if not held and getattr(self._defaults, said.field) is None:
                asked.setdefault(said.field, said)
        left = []
        for said in asked.values():
            if accept(said):
                value = int(said.value) if said.field == "notice_days" else said.value
                self._defaults = msgspec.structs.replace(self._defaults, **{said.field: value})
                message = f"{said.field} is {said.value}: the page says {quoted(said.words)}"
                self.reporter.note("read", message)
            else:
                option = f"--{said.field.replace('_', '-')} {said.value}"
                message = f"the page says {quoted(said.words)}: {option}, or --as-stated, takes it over"
                self.reporter.note("proposed", message, file=said.file)
                left.append(said)
        return tuple(left)

    def plan(
        self, entries: Sequence[ImportedRow], today: dt.date, *, day: dt.date | None, first: bool
    ) -> ImportPlan:
        """Work out what changes; nothing is written."""
        register = self._register()
        taken = vendor_ids(self.folder)
        self._learn_names(taken)
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
        for vendor in {**listed, **self.memory.vendors}:
            last = self.memory.vendors.get(vendor, RememberedVendor())
            update = VendorUpdate(self._file(vendor), last, self.reporter, day=day, first=first)
            if vendor in listed:
                update.list(listed[vendor], self.names.earlier_names(vendor))
            elif last.listed or day is None:
                update.take_off()
            vendors[vendor] = update.remembered
            if update.changed:
                source[f"{SOURCE}/{update.file.name}"] = update.file.text
        said = day.isoformat() if day else self._defaults.updated_on
        if register.is_new:
            register.begin(self._defaults, self.reporter)
            if said is None:
                said = today.isoformat()
                self.reporter.note("assumed", f"updated_on is {said}; --updated-on says otherwise")
        register.update(listing, said, arrange=tuple(listed) != self.memory.order)
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
        """Write the source and the names file, then what the table said: the next import builds upon it."""
        write_files(self.folder, plan.source)
        if self._keep_names:
            write_files(self._names_path.parent, {self._names_path.name: self.names.text})
        write_files(self.folder, {MEMORY_FILE: write_memory(plan.memory)})
        self.memory = plan.memory

    def _learn_names(self, vendors: Sequence[str]) -> None:
        """Give names of vendors that the source has already to the names file."""
        for vendor in vendors:
            if vendor not in self.memory.vendors:
                name = plain(self._file(vendor).document.get("name"))
                if isinstance(name, str) and self.names.find(name, {}) is None:
                    self.names.add(name, (), vendor)

    def _file(self, vendor: str) -> VendorFile:
        return VendorFile(vendor, read_text(self.folder / SOURCE / VENDORS / f"{vendor}.toml"))
