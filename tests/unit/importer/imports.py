"""Imports into a folder of the test: tables as text in, sources and reports out."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import TYPE_CHECKING, Any

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.model import Register
from register_api.errors import Refused
from register_api.importer.draft import Person, import_files
from register_api.importer.import_history import ImportedState, Origin, Target, import_history
from register_api.importer.register_file import RegisterDefaults
from register_api.importer.table import ImportOptions
from register_api.publish.preparation import read_base
from register_api.store.reader import open_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from register_api.importer.import_report import ImportReport
    from register_api.importer.table import Stated

NOW = dt.datetime(2026, 5, 10, 12, 0, tzinfo=dt.UTC)
HEADING = RegisterDefaults(register="example.com/sub-processors", publisher="Example Desk")

TABLE = """\
| Vendor | Purpose | Country |
|---|---|---|
| Acme Cloud | Hosting | Finland |
| Borealis Mail | Newsletters | Germany |
"""


class Workspace:
    """A folder into which lists are imported.

    Attributes:
        folder: Holds ``register/``, the names file, the memory, ``store`` and ``private``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"

    def draft(
        self,
        *files: tuple[str, str | bytes],
        dry_run: bool = False,
        accept: Callable[[Stated], bool] | None = None,
        **options: Any,
    ) -> ImportReport:
        """Import files, given by name and content."""
        paths = [self.put(name, content) for name, content in files]
        person = Person(accept=accept or (lambda _: False), confirm=lambda _: not dry_run)
        return import_files(paths, self.folder, ImportOptions(**options), HEADING, now=NOW, person=person)

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file of the test."""
        path = self.folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def import_states(
        self, origin: Origin, *, now: dt.datetime = NOW, heading: RegisterDefaults = HEADING, **given: Any
    ) -> tuple[ImportReport, tuple[ImportedState, ...]]:
        """Publish the states of an origin; what a target does not take goes into the options."""
        target_fields = {name: given.pop(name) for name in Target.__struct_fields__ if name in given}
        base = read_base(open_snapshot(self.store))
        target = Target(store=self.store, keys=self.folder / "private", base=base, now=now, **target_fields)
        return import_history(origin, self.folder, ImportOptions(**given), heading, target)

    def newest(self) -> Register | None:
        """Return the newest version."""
        snapshot = open_snapshot(self.store)
        return self.version(snapshot.state.version) if snapshot else None

    def version(self, number: int) -> Register:
        """Return a version."""
        snapshot = open_snapshot(self.store)
        assert snapshot is not None
        return decode(snapshot.read(tree.VERSION_REGISTER.path(number)), Register)

    def vendor(self, vendor: str) -> dict[str, Any]:
        """Return what a vendor's file says."""
        return tomllib.loads(self.vendor_path(vendor).read_text("utf-8"))

    def vendor_path(self, vendor: str) -> Path:
        """Return where a vendor's file is."""
        return self.folder / "register" / "subprocessors" / f"{vendor}.toml"

    def register(self) -> dict[str, Any]:
        """Return what register.toml says."""
        return tomllib.loads((self.folder / "register" / "register.toml").read_text("utf-8"))

    def names(self) -> dict[str, str]:
        """Return the names of the names file with their ids."""
        rows = tomllib.loads((self.folder / "names.toml").read_text("utf-8")).get("vendors", [])
        return {row["name"]: row["id"] for row in rows}


def notes_of(report: ImportReport, kind: str) -> str:
    """Return all notes of a kind, one a line."""
    return "\n".join(note.message for note in report.notes if note.kind == kind)


def refusal(call: Any) -> str:
    """Return the faults for which a call is refused, each with its line, place and rule."""
    try:
        call()
    except Refused as refused:
        return "\n".join(f"{f.line} {f.key} {f.rule}: {f.message}" for f in refused.findings)
    raise AssertionError("it was not refused")


def errors(report: ImportReport) -> list[str]:
    """Return the errors of the rules in a report."""
    return [f"{item.rule} {item.key}" for item in report.findings if item.severity == "error"]


def page(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first row is the header."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join((head, "|" + "---|" * len(rows[0]), *body)) + "\n"
