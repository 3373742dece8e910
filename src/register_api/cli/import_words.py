"""What import says to people: what went where, what was left over, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.cli.output import err, out, print_findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from register_api.importer.import_report import ImportNote, ImportReport
    from register_api.importer.state_publisher import ImportedState

_TITLES = {
    "read": "Read",
    "assumed": "Assumed, since nothing says otherwise",
    "cleaned": "Cleaned",
    "left": "Kept as text, since no field takes it",
    "passed_over": "Columns passed over",
    "skipped": "Skipped",
    "new": "New ids",
    "ended": "Ended",
    "conflict": "Edited by hand, and kept",
    "proposed": "For you to decide",
}


def print_draft(report: ImportReport, folder: Path, *, dry_run: bool) -> None:
    """Print what became of the files of a draft."""
    _print_columns(report)
    _print_notes(report.notes)
    print_findings(item for item in report.findings if item.severity == "error")
    warnings = sum(1 for item in report.findings if item.severity == "warning")
    engagements = sum(item.engagements for item in report.vendors)
    out.print(f"{len(report.vendors)} sub-processors, {engagements} uses")
    if not report.is_publishable:
        out.print(
            "Missing by the rules: see the errors above. Put them right in the source, or by --default."
        )
    if dry_run:
        out.print(f"Nothing was written; {len(report.written)} files would be.")
        return
    out.print(f"Wrote {len(report.written)} files in {folder}; {warnings} warnings. Next:")
    out.print(f"  register-api check --source {folder / 'register'}")


def print_taken(report: ImportReport, taken: Sequence[ImportedState], *, dry_run: bool) -> None:
    """Print what became of each state of a history."""
    _print_columns(report)
    _print_notes(item for item in report.notes if item.kind not in {"new", "ended"})
    for item in taken:
        version = f"version {item.version}" if item.version else "would be one" if dry_run else "no change"
        signs = [*(f"+ {name}" for name in item.added), *(f"- {name}" for name in item.ended)]
        out.print(f"{item.at:%Y-%m-%d}  {item.mark[:18]:18}  {version:12}  {', '.join(signs)}".rstrip())
        print_findings(item.findings)
    versions = sum(1 for item in taken if item.version)
    if dry_run:
        out.print(f"Nothing was published; {len(taken)} states were read.")
    else:
        out.print(f"{len(taken)} states, {versions} versions published.")


def _print_columns(report: ImportReport) -> None:
    for column in dict.fromkeys((item.column, item.field) for item in report.columns):
        out.print(f"  {column[0]}  →  {column[1]}")


def _print_notes(notes: Iterable[ImportNote]) -> None:
    grouped: dict[str, list[ImportNote]] = {}
    for note in notes:
        grouped.setdefault(note.kind, []).append(note)
    for kind, title in _TITLES.items():
        if kind in grouped:
            err.print(f"{title}:")
        for note in grouped.get(kind, ()):
            place = ":".join(str(part) for part in (note.file, note.line) if part)
            where = " ".join(part for part in (place, note.key) if part)
            times = f" ({note.times} times)" if note.times > 1 else ""
            err.print(f"  {note.message}{times}" + (f"  [{where}]" if where else ""))
