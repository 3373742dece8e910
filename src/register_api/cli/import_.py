"""The command `import`: creates a source from a company's existing lists."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from register_api import clock
from register_api.cli import options
from register_api.cli.output import err, interrupt_note, out, print_findings, print_json, progress
from register_api.cli.words import publications
from register_api.core.field_forms import MAX_DAYS
from register_api.core.model import Status
from register_api.core.text import quoted
from register_api.errors import Refused, UsageError
from register_api.importer.cell_values import LINKED
from register_api.importer.draft import Person, import_files
from register_api.importer.import_history import ImportedState, Origin, Target, import_history
from register_api.importer.import_report import ImportReport
from register_api.importer.register_file import SOURCE, RegisterDefaults
from register_api.importer.table import DROP, EXTRA, FILE_FORMATS, NAMES, ImportOptions, Stated
from register_api.publish.key_transaction import default_folder, write_public_copies
from register_api.publish.preparation import read_base
from register_api.store.reader import open_snapshot

_FIELDS = (*NAMES, EXTRA, DROP)
_WITH_DEFAULT = [name for name in NAMES if name not in {"name", "status", "category", "transfers"}]


def _pair(form: str, known: Sequence[str]) -> Callable[[str | tuple[str, str]], tuple[str, str]]:
    """Return a parser of ``FIELD=TEXT`` or ``COLUMN=FIELD`` that accepts only known fields."""

    def pair(value: str | tuple[str, str]) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        field_first = form.startswith("FIELD")
        left, equals, right = value.partition("=") if field_first else value.rpartition("=")
        if not equals or not left or not right or (left if field_first else right) not in known:
            raise click.BadParameter(f"{value!r} is not {form}; fields are {', '.join(known)}")
        return left, right

    return pair


_OPTIONS = (
    click.option("--into", required=True, type=options.PATH,
                 help="Folder that gets register/, names.toml and taken-over.json."),
    click.option("--names", type=options.PATH,
                 help="File that maps names to sub-processors.  [default: names.toml in the folder]"),
    # How tables are read.
    click.option("--format", "form", type=click.Choice(FILE_FORMATS),
                 help="Format of the files.  [default: by file name]"),
    click.option("--column", "columns", type=_pair("COLUMN=FIELD", _FIELDS), multiple=True,
                 metavar="COLUMN=FIELD",
                 help="Map a column to a field; extra publishes it under its own name, drop ignores it.  "
                 "[default: by its name, else drop]"),
    click.option("--table", "tables", type=click.IntRange(1), multiple=True, metavar="N",
                 help="Read only this table of the page. May be repeated.  [default: all, if they have one "
                 "header]"),
    click.option("--status", type=click.Choice(get_args(Status)),
                 help="Status of rows that have none.  [default: active]"),
    click.option("--category", help="Category of rows that have none.  [default: Sub-processors]"),
    click.option("--default", "defaults", type=_pair("FIELD=TEXT", _WITH_DEFAULT), multiple=True,
                 metavar="FIELD=TEXT",
                 help="Value of a field where a row has none, e.g. locations=varies."),
    click.option("--links", type=click.Choice(sorted(LINKED)),
                 help="Field that takes the link of a name.  [default: kept under extra]"),
    click.option("--clean", is_flag=True,
                 help="Remove invisible characters from texts, and report each one."),
    # Fields of register.toml, if there is none yet.
    click.option("--register", help="The register's permanent name, e.g. example.com/sub-processors."),
    click.option("--publisher", help="The publisher's name, for a new source."),
    click.option("--updated-on", type=click.DateTime(["%Y-%m-%d"]),
                 help="Date of the content.  [default: today]"),
    click.option("--time-zone", help="The publisher's time zone.  [default: UTC]"),
    click.option("--language", help="Language of the texts.  [default: en]"),
    click.option("--as-stated", is_flag=True,
                 help="Use the date and the notice period stated on the page itself."),
    click.option("--notice-days", type=click.IntRange(0, MAX_DAYS), help="Days of notice promised."),
    # Publishing historical states.
    click.option("--git", nargs=2, metavar="REPO PATH",
                 help="Publish the versions of a file in a Git repository."),
    click.option("--history", type=options.PATH, metavar="FILE",
                 help="Publish the dated states of a JSON file."),
    click.option("--since", metavar="REV", help="Start at this revision."),
    click.option("--date", type=click.Choice(["committer", "author"]), default="committer", show_default=True,
                 help="Which date of a commit to use."),
    click.option("--skip", multiple=True, metavar="STATE",
                 help="Skip a state, given by the start of its commit hash or by its number. May be "
                 "repeated."),
    click.option("--subjects", is_flag=True, help="Also publish the first line of each commit message."),
    options.base_url_option("URL of the tree instead of the register's own, for a trial."),
    options.store_option,
    options.keys_option,
    options.progress_option,
    click.option("--yes", is_flag=True, help="Write without confirmation."),
    click.option("--dry-run", is_flag=True, help="Write and publish nothing; print what would be done."),
    options.json_option,
)  # fmt: skip


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


def _print_draft(report: ImportReport, *, dry_run: bool) -> None:
    """Print the result of a draft import, before anything is written."""
    _print_read(report)
    print_findings(item for item in report.findings if item.severity == "error")
    engagements = sum(item.engagements for item in report.vendors)
    out.print(f"{len(report.vendors)} sub-processors, {engagements} uses")
    if not report.is_publishable:
        what = "Put them right in the source, or by --default."
        out.print(f"Missing by the rules: see the errors above. {what}")
    if dry_run:
        out.print(f"Nothing was written; {len(report.written)} files would be.")


def _print_taken(report: ImportReport, taken: Sequence[ImportedState], *, dry_run: bool) -> None:
    _print_read(report, besides=("new", "ended"))
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


def _print_read(report: ImportReport, besides: tuple[str, ...] = ()) -> None:
    """Print how columns were mapped, and all notes except those of the kinds ``besides``."""
    for column, field in dict.fromkeys((item.column, item.field) for item in report.columns):
        out.print(f"  {column}  →  {'not published' if field == DROP else field}")
    for kind, title in _TITLES.items():
        notes = [note for note in report.notes if note.kind == kind and kind not in besides]
        if notes:
            err.print(f"{title}:")
        for note in notes:
            place = ":".join(str(part) for part in (note.file, note.line) if part)
            where = " ".join(part for part in (place, note.key) if part)
            times = f" ({note.times} times)" if note.times > 1 else ""
            err.print(f"  {note.message}{times}" + (f"  [{where}]" if where else ""))


@click.command("import")
@click.argument("files", nargs=-1, type=options.PATH)
@options.together(*_OPTIONS)
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
        defaults=dict(given["defaults"]),
        **{name: given[name] for name in ("tables", "status", "category", "links", "clean", "form")},
    )
    day = given["updated_on"]
    heading = ("register", "publisher", "time_zone", "language", "notice_days")
    defaults = RegisterDefaults(
        updated_on=f"{day:%Y-%m-%d}" if day else None, **{name: given[name] for name in heading}
    )
    if files:
        _draft(files, row_options, defaults, given)
    else:
        _history(row_options, defaults, given)


def _draft(
    files: tuple[Path, ...], row_options: ImportOptions, defaults: RegisterDefaults, given: dict[str, Any]
) -> None:
    as_json, dry_run = given["as_json"], given["dry_run"]
    asks = _is_terminal() and not (as_json or dry_run or given["yes"])

    def accept(statement: Stated) -> bool:
        question = (
            f"{statement.file} says {quoted(statement.words)}. Take {statement.value} as {statement.field}?"
        )
        return given["as_stated"] or (asks and click.confirm(question, err=True))

    def confirm(report: ImportReport) -> bool:
        if not as_json:
            _print_draft(report, dry_run=dry_run)
        question = f"Write {len(report.written)} files?"
        return not dry_run and (not asks or click.confirm(question, default=True, abort=True, err=True))

    report = import_files(
        files,
        given["into"],
        row_options,
        defaults,
        now=clock.now(),
        names=given["names"],
        person=Person(accept=accept, confirm=confirm),
    )
    if as_json:
        print_json({"report": report, "publishable": report.is_publishable, "dry_run": dry_run})
    elif not dry_run:
        warnings = sum(1 for item in report.findings if item.severity == "warning")
        out.print(f"Wrote {len(report.written)} files in {given['into']}; {warnings} warnings. Next:")
        out.print(f"  register-api check --source {given['into'] / SOURCE}")


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _history(row_options: ImportOptions, defaults: RegisterDefaults, given: dict[str, Any]) -> None:
    folder, store, dry_run = given["into"], given["store"], given["dry_run"]
    repository, path = given["git"] or (None, str(given["history"]))
    folder_of = Path(repository) if repository else None
    origin = Origin(repository=folder_of, path=path, since=given["since"], date=given["date"])
    snapshot = open_snapshot(store)
    places = {name: given[name] for name in ("store", "keys", "base_url", "skip", "subjects", "dry_run")}
    target = Target(base=read_base(snapshot), now=clock.now(), **places)
    with interrupt_note(lambda: publications(store, snapshot)), progress("importing") as bar:
        report, taken = import_history(
            origin, folder, row_options, defaults, target, names=given["names"], progress=bar
        )
    if given["as_json"]:
        print_json({"report": report, "states": taken, "dry_run": dry_run})
    else:
        _print_taken(report, taken, dry_run=dry_run)
    snapshot = None if dry_run else open_snapshot(store)
    copies = default_folder(folder / SOURCE, given["keys"])
    if snapshot is not None and not write_public_copies(snapshot, copies):
        err.print(f"Note: {copies} holds the public files of another set of keys and was left as it is")
    if any(item.findings for item in taken):
        raise click.exceptions.Exit(Refused.exit_code)
