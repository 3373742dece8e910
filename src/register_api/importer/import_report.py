"""What an import did, left over, assumed and misses: for people and for machines."""

from __future__ import annotations

from typing import Literal

import msgspec

from register_api.errors import Finding
from register_api.importer.table import Stated

Kind = Literal[
    "assumed", "cleaned", "conflict", "ended", "left", "new", "passed_over", "proposed", "read", "skipped"
]
"""What a note is about. ``left``: published as text under ``extra`` since no field takes it.
``passed_over``: a column that is not published. ``conflict``: the table and an edit by hand say different
things; the edit stays."""


class ImportNote(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a person should know of.

    Attributes:
        file: What was read or written, if the note is about a file.
        key: Place in it.
        times: How many rows it holds for.
    """

    kind: Kind
    message: str
    file: str = ""
    line: int | None = None
    key: str = ""
    times: int = 1


class ColumnNote(msgspec.Struct, frozen=True, kw_only=True):
    """Where a column went: a field, ``extra``, or ``drop``."""

    file: str
    table: int
    column: str
    field: str


class VendorNote(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor of the table: its name, its id, and for how many uses it is listed."""

    id: str
    name: str
    engagements: int
    new: bool


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did.

    Attributes:
        stated: What the page states of itself, and was not taken: proposed.
        findings: What the register's rules say of the source as it is then: what is missing.
        written: Files that were (or, in a dry run, would be) written, below the folder.
    """

    columns: tuple[ColumnNote, ...] = ()
    vendors: tuple[VendorNote, ...] = ()
    notes: tuple[ImportNote, ...] = ()
    stated: tuple[Stated, ...] = ()
    findings: tuple[Finding, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def is_publishable(self) -> bool:
        """Whether no rule forbids publishing the source as it is."""
        return not any(finding.severity == "error" for finding in self.findings)


class Reporter:
    """Collects notes while an import is at work; the same message is kept once, with a count."""

    def __init__(self) -> None:
        """Begin with nothing to tell."""
        self.columns: list[ColumnNote] = []
        self._notes: dict[tuple[str, str], ImportNote] = {}

    def note(
        self, kind: Kind, message: str, *, file: str = "", line: int | None = None, key: str = ""
    ) -> None:
        """Keep a note."""
        told = self._notes.get((kind, message))
        self._notes[kind, message] = (
            msgspec.structs.replace(told, times=told.times + 1)
            if told
            else ImportNote(kind=kind, message=message, file=file, line=line, key=key)
        )

    @property
    def notes(self) -> tuple[ImportNote, ...]:
        """All notes in order of their first mention."""
        return tuple(self._notes.values())
