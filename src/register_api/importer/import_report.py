"""The report of an import, and the cleaning of texts that would break the rules."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec

from register_api.core.text import quoted, text_problems, without_invisible
from register_api.errors import Finding
from register_api.importer.table import Stated
from register_api.source.file import finding

Kind = Literal[
    "assumed", "cleaned", "conflict", "ended", "left", "new", "passed_over", "proposed", "read", "skipped"
]
"""Kind of note. ``left``: published as text under ``extra``, because no field takes it. ``passed_over``:
an unpublished column. ``conflict``: the table contradicts a manual edit, which is kept."""


class ImportNote(msgspec.Struct, frozen=True, kw_only=True):
    """A message for the user, with its place in a file; ``times`` counts the rows it applies to."""

    kind: Kind
    message: str
    file: str = ""
    line: int | None = None
    key: str = ""
    times: int = 1


class ColumnNote(msgspec.Struct, frozen=True, kw_only=True):
    """What a column was read as: a field, ``extra`` or ``drop``."""

    file: str
    table: int
    column: str
    field: str


class VendorNote(msgspec.Struct, frozen=True, kw_only=True):
    """A vendor in the table."""

    id: str
    name: str
    engagements: int
    new: bool


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an import.

    Attributes:
        stated: Statements of the page about itself that were not used, as proposals.
        findings: Violations of the register's rules by the resulting source.
        written: Files written (or, in a dry run, to be written), relative to the folder.
    """

    columns: tuple[ColumnNote, ...] = ()
    vendors: tuple[VendorNote, ...] = ()
    notes: tuple[ImportNote, ...] = ()
    stated: tuple[Stated, ...] = ()
    findings: tuple[Finding, ...] = ()
    written: tuple[str, ...] = ()

    @property
    def is_publishable(self) -> bool:
        """Whether the source can be published without errors."""
        return not any(finding.severity == "error" for finding in self.findings)


_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
"""Characters that look like a plain space and would make two names of one."""
_TAG = re.compile(r"<([A-Za-z/!?][^<>]{0,200})>")
"""Text that looks like an HTML tag; cleaning replaces its angle brackets."""
_FOOTNOTE = re.compile(r"\[\^[^\]]{1,40}\]")


class Reporter:
    """Collects notes and faults during an import; a repeated message is stored once, with a count."""

    def __init__(self, *, clean: bool = False) -> None:
        """Start without notes; ``clean`` allows texts to be cleaned."""
        self.columns: list[ColumnNote] = []
        self.faults: list[Finding] = []
        self._clean = clean
        self._notes: dict[tuple[str, str], ImportNote] = {}

    def note(
        self, kind: Kind, message: str, *, file: str = "", line: int | None = None, key: str = ""
    ) -> None:
        """Add a note."""
        first = ImportNote(kind=kind, message=message, file=file, line=line, key=key, times=0)
        so_far = self._notes.get((kind, message), first)
        self._notes[kind, message] = msgspec.structs.replace(so_far, times=so_far.times + 1)

    @property
    def notes(self) -> tuple[ImportNote, ...]:
        """All notes, in order of first occurrence."""
        return tuple(self._notes.values())

    def text(self, text: str, file: str, key: str, *, line: int | None = None, name: bool = False) -> str:
        """Return a text, cleaned if it breaks the rules and cleaning is on; otherwise record a fault."""
        problem = _problem(text, name=name)
        if problem is None:
            return text
        cleaned = unicodedata.normalize("NFC", without_invisible(text).replace("\t", " ").replace("\r", ""))
        cleaned = _TAG.sub("\u2039\\1\u203a", _SPACES.sub(" ", cleaned).strip())
        cleaned = " ".join(cleaned.split()) if name else cleaned
        rest = _problem(cleaned, name=name) if cleaned else None
        if self._clean and rest is None:
            message = f"{quoted(text, 80)} was written {quoted(cleaned)}"
            self.note("cleaned", message, file=file, line=line, key=key)
            return cleaned
        hint = "put it right" if rest else "put it right, or let --clean do it and report each change"
        message = f"{quoted(text)} {problem if rest is None else rest}"
        self.faults.append(finding(file, key, message, hint, line=line, rule="R05"))
        return text


def _problem(text: str, *, name: bool) -> str | None:
    problem = next(text_problems(text), None) if text else None
    if problem or not name:
        return problem.text if problem else None
    found = _SPACES.search(text)
    if found:
        return f"holds the space U+{ord(found[0]):04X} in place {found.start() + 1}"
    if "\n" in text or "  " in text:
        return "holds a line break" if "\n" in text else "holds two spaces in a row"
    return "holds a footnote" if _FOOTNOTE.search(text) else None
