"""One state of a list, written into a source: all files that change, planned before any is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from register_api.core.printable import quoted
from register_api.errors import UsageError
from register_api.importer.hygiene import Hygiene
from register_api.importer.import_folder import (
    MEMORY_FILE,
    SOURCE,
    VENDORS,
    Memory,
    RememberedVendor,
    read_bytes,
    read_memory,
    read_text,
    vendor_ids,
    write_files,
    write_memory,
)
from register_api.importer.import_report import Reporter, VendorNote
from register_api.importer.names import NAMES_FILE, Names
from register_api.importer.reading_options import ImportedRow, ImportOptions
from register_api.importer.register_file import REGISTER_FILE, RegisterDefaults, RegisterFile
from register_api.importer.rows import read_rows
from register_api.importer.table import Stated, Table
from register_api.importer.vendor_list import ImportedList, ListedVendor, make_list
from register_api.importer.vendor_update import VendorUpdate
from register_api.source.editor_schema import schema_files
from register_api.source.toml_values import parse, plain
from register_api.source.vendor_file import VendorFile


def with_others(order: Sequence[str], before: Sequence[str]) -> list[str]:
    """Return an order with those that it leaves out put back, each behind the one it stood behind.

    What left the table so keeps its place in the reading order, and nothing seems to have moved.
    """
    listed = set(order)
    behind: dict[str | None, list[str]] = {}
    last: str | None = None
    for item in before:
        if item in listed:
            last = item
        else:
            behind.setdefault(last, []).append(item)
    merged = list(behind.get(None, []))
    for item in order:
        merged += [item, *behind.get(item, [])]
    return merged


class ImportPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a state of the list makes of the source."""

    source: dict[str, str]
    beside: dict[str, str]
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
        self.folder = folder
        self.reporter = Reporter()
        self.options = options
        self._defaults = defaults
        self._names_path = names or folder / NAMES_FILE
        self._keep_names = keep_names
        text = read_text(self._names_path)
        self.names = Names(text, self._names_path.name) if text is not None else Names()
        self.memory = read_memory(read_bytes(folder / MEMORY_FILE))

    @property
    def zone(self) -> ZoneInfo:
        """The publisher's time zone: of the source, or as the caller says for a new one."""
        text = read_text(self.folder / SOURCE / REGISTER_FILE)
        name = RegisterFile(text).time_zone if text is not None else self._defaults.time_zone or "UTC"
        try:
            return ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:
            raise UsageError(
                f"{name!r} is no time zone", hint="an IANA name such as Europe/Berlin"
            ) from error

    def read(self, tables: Sequence[Table]) -> tuple[ImportedRow, ...]:
        """Read the rows of one file's tables."""
        hygiene = Hygiene(self.reporter, clean=self.options.clean)
        return read_rows(tables, self.options, self.names.statuses, self.reporter, hygiene)

    def take_stated(self, stated: Sequence[Stated], accept: Callable[[Stated], bool]) -> tuple[Stated, ...]:
        """Take what a page states of itself where a person agrees; return the rest, which is proposed.

        Of several days, or of several numbers, the first is asked about. What the caller says holds, and
        days of notice are only for a register that begins.
        """
        text = read_text(self.folder / SOURCE / REGISTER_FILE)
        there = RegisterFile(text).day if text is not None else None
        asked: dict[str, Stated] = {}
        for said in stated:
            held = text is not None and (said.field == "notice_days" or said.value == there)
            if not held and getattr(self._defaults, said.field) is None:
                asked.setdefault(said.field, said)
        taken = [said for said in asked.values() if accept(said)]
        for said in taken:
            value = int(said.value) if said.field == "notice_days" else said.value
            self._defaults = msgspec.structs.replace(self._defaults, **{said.field: value})
            self.reporter.note("read", f"{said.field} is {said.value}: the page says {quoted(said.words)}")
        left = tuple(said for said in asked.values() if said not in taken)
        for said in left:
            option = f"--{said.field.replace('_', '-')} {said.value}"
            message = f"the page says {quoted(said.words)}: {option}, or --as-stated, takes it over"
            self.reporter.note("proposed", message, file=said.file)
        return left

    def plan(
        self, entries: Sequence[ImportedRow], today: dt.date, *, day: dt.date | None, first: bool
    ) -> ImportPlan:
        """Work out what changes; nothing is written."""
        register = RegisterFile(read_text(self.folder / SOURCE / REGISTER_FILE))
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
        source, vendors = self._vendors(listing, day=day, first=first)
        self._update_register(register, listing, today, day)
        text = register.text
        if text != read_text(self.folder / SOURCE / REGISTER_FILE):
            source[f"{SOURCE}/{REGISTER_FILE}"] = text
        if register.is_new:
            source |= {f"{SOURCE}/{name}": schema for name, schema in schema_files().items()}
        memory = Memory(order=tuple(item.id for item in listing.vendors), vendors=vendors)
        notes = tuple(
            VendorNote(id=item.id, name=item.name, engagements=len(item.uses), new=item.new)
            for item in listing.vendors
        )
        beside = {MEMORY_FILE: write_memory(memory)}
        return ImportPlan(source=source, beside=beside, memory=memory, vendors=notes)

    def write_source(self, plan: ImportPlan) -> None:
        """Write the source and the names file."""
        write_files(self.folder, plan.source)
        if self._keep_names:
            write_files(self._names_path.parent, {self._names_path.name: self.names.text})

    def remember(self, plan: ImportPlan) -> None:
        """Write down what the table said: from now on the next import builds upon it."""
        write_files(self.folder, plan.beside)
        self.memory = plan.memory

    def _learn_names(self, vendors: Sequence[str]) -> None:
        """Give names of vendors that the source has already to the names file."""
        for vendor in vendors:
            if vendor in self.memory.vendors:
                continue
            name = plain(self._document(vendor).get("name"))
            if isinstance(name, str) and self.names.find(name, {}) is None:
                self.names.add(name, (), vendor)

    def _document(self, vendor: str) -> Any:
        text = read_text(self.folder / SOURCE / VENDORS / f"{vendor}.toml")
        return parse(f"{VENDORS}/{vendor}.toml", text or "")

    def _vendors(
        self, listing: ImportedList, *, day: dt.date | None, first: bool
    ) -> tuple[dict[str, str], dict[str, RememberedVendor]]:
        listed = {item.id: item for item in listing.vendors}
        files: dict[str, str] = {}
        remembered: dict[str, RememberedVendor] = {}
        for vendor in {**listed, **self.memory.vendors}:
            update = self._update(vendor, listed.get(vendor), day=day, first=first)
            remembered[vendor] = update.remembered
            if update.changed:
                files[f"{SOURCE}/{update.file.name}"] = update.file.text
        return files, remembered

    def _update(
        self, vendor: str, listed: ListedVendor | None, *, day: dt.date | None, first: bool
    ) -> VendorUpdate:
        text = read_text(self.folder / SOURCE / VENDORS / f"{vendor}.toml")
        last = self.memory.vendors.get(vendor, RememberedVendor())
        update = VendorUpdate(VendorFile(vendor, text), last, self.reporter, day=day, first=first)
        if listed is not None:
            update.list(listed, self.names.earlier_names(vendor))
        elif last.listed or day is None:
            update.take_off()
        return update

    def _update_register(
        self, register: RegisterFile, listing: ImportedList, today: dt.date, day: dt.date | None
    ) -> None:
        said = day.isoformat() if day else self._defaults.updated_on
        if register.is_new:
            register.begin(self._defaults, self.reporter)
            if said is None:
                said = today.isoformat()
                self.reporter.note("assumed", f"updated_on is {said}; --updated-on says otherwise")
        if said is not None:
            register.date(said)
        register.add("categories", listing.categories)
        register.add("products", listing.products)
        order = [item.id for item in listing.vendors]
        if order != list(self.memory.order) or not register.order:
            register.arrange(with_others(order, register.order))
