"""The command that takes over what a company has: import."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.import_options import history_options, register_options, table_options
from register_api.cli.interruption import publications, telling
from register_api.cli.output import err, out, print_findings, print_json, progress
from register_api.core.printable import quoted
from register_api.errors import Refused, UsageError
from register_api.importer.columns import DROP
from register_api.importer.draft import Person, import_files
from register_api.importer.import_history import ImportedState, Origin, Target, import_history
from register_api.importer.import_report import ImportNote, ImportReport
from register_api.importer.register_file import RegisterDefaults
from register_api.importer.state_importer import SOURCE
from register_api.importer.table import ImportOptions, Stated
from register_api.publish.preparation import read_base
from register_api.publish.signing.public_copies import default_folder, write_public_copies
from register_api.store.reader import open_snapshot

_TITLES = {
    "read": "Read",
    "assumed": "Assumed, since nothing says otherwise",
    "cleaned": "Cleaned",
    "left": "Will be public under extra, since no field takes it",
    "passed_over": "Columns that are not published",
    "skipped": "Skipped",
    "new": "New ids",
    "ended": "Ended",
    "conflict": "Edited by hand, and kept",
    "proposed": "For you to decide",
}


def print_draft(report: ImportReport, *, dry_run: bool) -> None:
    """Print what becomes of the files of a draft; nothing is written yet."""
    _print_columns(report)
    _print_notes(report.notes)
    print_findings(item for item in report.findings if item.severity == "error")
    engagements = sum(item.engagements for item in report.vendors)
    out.print(f"{len(report.vendors)} sub-processors, {engagements} uses")
    if not report.is_publishable:
        out.print(
            "Missing by the rules: see the errors above. Put them right in the source, or by --default."
        )
    if dry_run:
        out.print(f"Nothing was written; {len(report.written)} files would be.")


def print_written(report: ImportReport, folder: Path) -> None:
    """Print what was written, and what comes next."""
    warnings = sum(1 for item in report.findings if item.severity == "warning")
    out.print(f"Wrote {len(report.written)} files in {folder}; {warnings} warnings. Next:")
    out.print(f"  register-api check --source {folder / 'register'}")


def print_taken(report: ImportReport, taken: Sequence[ImportedState], *, dry_run: bool) -> None:
    """Print what became of each state of a history."""
    _print_columns(report)
    _print_notes(item for item in report.notes if item.kind not in {"new", "ended"})
    for item in taken:
        version = f"version {item.version}" if item.version else "refused" if item.findings else "no change"
        signs = [*(f"+ {name}" for name in item.added), *(f"- {name}" for name in item.ended)]
        out.print(f"{item.at:%Y-%m-%d}  {item.mark[:18]:18}  {version:12}  {', '.join(signs)}".rstrip())
        print_findings(item.findings)
    versions = sum(1 for item in taken if item.version)
    if dry_run:
        out.print(f"Nothing was published; {len(taken)} states were read, {versions} would be versions.")
    else:
        out.print(f"{len(taken)} states, {versions} versions published.")


def _print_columns(report: ImportReport) -> None:
    for column, field in dict.fromkeys((item.column, item.field) for item in report.columns):
        out.print(f"  {column}  →  {'not published' if field == DROP else field}")


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


_WISHES = ("status", "category", "links", "clean", "form")
_HEADING = ("register", "publisher", "time_zone", "language", "notice_days")


@click.command("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--into",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder that gets register/, names.toml and taken-over.json.",
)
@click.option(
    "--names",
    type=click.Path(path_type=Path),
    help="File that maps names to sub-processors.  [default: names.toml in the folder]",
)
@table_options
@register_options
@history_options
@options.store_option
@options.keys_option
@options.progress_option
@click.option("--yes", is_flag=True, help="Write without confirmation.")
@click.option("--dry-run", is_flag=True, help="Write and publish nothing; print what would be done.")
@options.json_option
def import_(files: tuple[Path, ...], **given: Any) -> None:
    """Import a list of sub-processors: a page, CSV, JSON, or the history of a file in Git.

    FILES are pages with tables, lists or cards (Markdown, HTML), CSV, TSV, JSON or YAML. They become a draft
    source, with a report that says where each value went. A published register.json is converted to a
    complete source. With --git or --history, each past state of the list is published as an imported version,
    oldest first, and no draft is written.

    \b
    Examples:
      register-api import subprocessors.md --into trust --dry-run
      register-api import list.csv --into trust --column "Who=name"
      register-api import --git ../site pages/subprocessors.md --into trust \\
          --register example.com/sub-processors --publisher "Example Desk"
    """
    if sum(map(bool, (files, given["git"], given["history"]))) != 1:
        raise UsageError("give files, or --git REPO PATH, or --history FILE", hint="one of the three")
    row_options = ImportOptions(
        columns=dict(given["columns"]),
        tables=given["tables"],
        defaults=dict(given["defaults"]),
        **{name: given[name] for name in _WISHES},
    )
    day = given["updated_on"]
    defaults = RegisterDefaults(
        updated_on=f"{day:%Y-%m-%d}" if day else None, **{name: given[name] for name in _HEADING}
    )
    run: Callable[..., None] = _draft if files else _history
    run(files or _origin(given), row_options, defaults, given)


def _draft(
    files: tuple[Path, ...], row_options: ImportOptions, defaults: RegisterDefaults, given: dict[str, Any]
) -> None:
    asks = _is_terminal() and not (given["as_json"] or given["dry_run"] or given["yes"])

    def accept(said: Stated) -> bool:
        question = f"{said.file} says {quoted(said.words)}. Take {said.value} as {said.field}?"
        return given["as_stated"] or (asks and click.confirm(question, err=True))

    def confirm(report: ImportReport) -> bool:
        if not given["as_json"]:
            print_draft(report, dry_run=given["dry_run"])
        if given["dry_run"]:
            return False
        return not asks or click.confirm(
            f"Write {len(report.written)} files?", default=True, abort=True, err=True
        )

    report = import_files(
        files,
        given["into"],
        row_options,
        defaults,
        now=clock.now(),
        names=given["names"],
        person=Person(accept=accept, confirm=confirm),
    )
    if given["as_json"]:
        print_json({"report": report, "publishable": report.is_publishable, "dry_run": given["dry_run"]})
    elif not given["dry_run"]:
        print_written(report, given["into"])


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _origin(given: dict[str, Any]) -> Origin:
    repository, path = given["git"] or (None, str(given["history"]))
    return Origin(
        repository=Path(repository) if repository else None,
        path=path,
        since=given["since"],
        date=given["date"],
    )


def _history(
    origin: Origin, row_options: ImportOptions, defaults: RegisterDefaults, given: dict[str, Any]
) -> None:
    snapshot = open_snapshot(given["store"])
    target = Target(
        store=given["store"],
        keys=given["keys"],
        base=read_base(snapshot),
        now=clock.now(),
        base_url=given["base_url"],
        skip=given["skip"],
        subjects=given["subjects"],
        dry_run=given["dry_run"],
    )
    with telling(publications(given["store"], snapshot)), progress("taking over") as bar:
        report, taken = import_history(
            origin, given["into"], row_options, defaults, target, names=given["names"], progress=bar
        )
    if given["as_json"]:
        print_json({"report": report, "states": taken, "dry_run": given["dry_run"]})
    else:
        print_taken(report, taken, dry_run=given["dry_run"])
    if not given["dry_run"]:
        _copy_public_keys(given)
    if any(item.findings for item in taken):
        raise click.exceptions.Exit(Refused.exit_code)


def _copy_public_keys(given: dict[str, Any]) -> None:
    snapshot = open_snapshot(given["store"])
    folder = default_folder(given["into"] / SOURCE, given["keys"])
    if snapshot is not None and not write_public_copies(snapshot, folder):
        err.print(f"Note: {folder} holds the public files of another set of keys and was left as it is")
