"""Publish the past states of a list, from Git or a history file, as versions of the register."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from register_api.core.canonical import encoded
from register_api.core.instant import local_day
from register_api.core.model import Register
from register_api.core.text import quoted, text_problems
from register_api.errors import Finding, Refused, RegisterError, UsageError
from register_api.importer.draft import ImportPlan, StateImporter
from register_api.importer.import_report import ImportReport
from register_api.importer.list_states import ListState, git_states, published_before, read_history, schedule
from register_api.importer.register_file import SOURCE, RegisterDefaults, copy_source, read_bytes, vendor_ids
from register_api.importer.table import ImportOptions, refuse_any
from register_api.importer.vendor_list import NAMES_FILE
from register_api.importer.vendor_update import MEMORY_FILE
from register_api.publish.pipeline import PublishRequest, publish_version
from register_api.publish.preparation import Baseline, PublishOptions, prepare
from register_api.source.edit import write_files
from register_api.source.load import REGISTER_FILE
from register_api.store.plan import Progress


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The source of the states: a file in a Git repository, starting at a revision, or a history file.

    Attributes:
        path: Path relative to ``repository``, or of the history file if that is ``None``.
        date: Which date of a commit is used: ``author`` or ``committer``.
    """

    repository: Path | None
    path: str
    since: str | None = None
    date: str = "committer"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how the states are published.

    Attributes:
        skip: Commit id prefixes, or numbers of states, to leave out.
        subjects: Whether to publish the subject of a commit message, or a state's title.
    """

    store: Path
    keys: Path
    base: Baseline
    now: dt.datetime
    base_url: str | None = None
    skip: tuple[str, ...] = ()
    subjects: bool = False
    dry_run: bool = False


class ImportedState(msgspec.Struct, frozen=True, kw_only=True):
    """The result of importing one state.

    Attributes:
        version: Its version, in a dry run too; ``None`` if it does not differ from the state before.
        added: Names that are new in it or listed again.
        findings: Errors that prevent its publication.
    """

    mark: str
    at: dt.datetime
    version: int | None = None
    added: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def import_history(
    origin: Origin,
    folder: Path,
    options: ImportOptions,
    defaults: RegisterDefaults,
    target: Target,
    *,
    names: Path | None = None,
    progress: Progress | None = None,
) -> tuple[ImportReport, tuple[ImportedState, ...]]:
    """Publish all states of a list, oldest first; a call after an interruption continues the import.

    All states are read and checked before the first is published. Writes ``register/``, the names file
    (unless ``names`` is given) and the memory into the folder. Returns the report, and the results for the
    states that were not published before.

    Raises:
        Refused: A state cannot be read exactly, or breaks the rules; none is published.
        UsageError: An option or a file is missing, or the store belongs to another register.
    """
    missing = [f"--{name}" for name in ("register", "publisher") if getattr(defaults, name) is None]
    if missing and not (folder / SOURCE / REGISTER_FILE).exists():
        message = f"imported history is published permanently, so {' and '.join(missing)} must be given"
        raise UsageError(message, hint="or write register.toml first")

    def run(*, dry_run: bool) -> tuple[ImportReport, tuple[ImportedState, ...]]:
        with _work_folder(folder, dry_run=dry_run) as work, tempfile.TemporaryDirectory() as staging:
            # A dry run writes into a copy of the folder, but ``names`` may be outside of it.
            importer = StateImporter(work, options, defaults, names=names, keep_names=not (dry_run and names))
            dated = schedule(_states(origin, importer), importer.reporter)
            replay = _Replay(importer, msgspec.structs.replace(target, dry_run=dry_run), Path(staging))
            taken = replay.run(dated, progress)
            reporter = importer.reporter
            return ImportReport(columns=tuple(reporter.columns), notes=reporter.notes), taken

    rehearsed = run(dry_run=True)
    if target.dry_run:
        return rehearsed
    try:
        refuse_any(finding for item in rehearsed[1] for finding in item.findings)
    except Refused as refusal:
        refusal.hint = f"put it right, or leave states out with --skip; {_so_far(target.base.register)}"
        raise
    return run(dry_run=False)


def _so_far(newest: Register | None) -> str:
    done = f"versions 1 to {newest.version} stay published" if newest else "no version is published yet"
    return f"{done}, and the same command goes on from there"


def _states(origin: Origin, importer: StateImporter) -> tuple[ListState, ...]:
    if origin.repository is not None:
        where = (origin.repository, origin.path, origin.since, origin.date)
        return git_states(*where, importer.options, importer.reporter)
    data = read_bytes(Path(origin.path))
    if data is None:
        raise UsageError(f"file not found: {origin.path}")
    return read_history(Path(origin.path).name, data, origin.date, importer.zone)


@contextlib.contextmanager
def _work_folder(folder: Path, *, dry_run: bool) -> Iterator[Path]:
    """Yield the folder itself, or for a dry run a copy of the files that an import uses."""
    if not dry_run:
        yield folder
        return
    with tempfile.TemporaryDirectory() as copy:
        copy_source(folder, Path(copy))
        for name in (NAMES_FILE, MEMORY_FILE):
            if (folder / name).is_file():
                shutil.copy(folder / name, Path(copy) / name)
        yield Path(copy)


class _Replay:
    """Imports the states one after the other; ``staging`` holds a temporary copy of the source."""

    def __init__(self, importer: StateImporter, target: Target, staging: Path) -> None:
        self._importer, self._target, self._staging = importer, target, staging
        self._base = target.base

    def run(self, dated: Sequence[ListState], progress: Progress | None) -> tuple[ImportedState, ...]:
        """Publish each state that differs from the one before, starting after the store's newest version."""
        newest, folder = self._base.register, self._importer.folder
        done = published_before(dated, newest)
        if newest is None and vendor_ids(folder):
            raise UsageError(
                f"{folder} has sub-processors already, but nothing was published yet",
                hint="history begins in a folder without them; register.toml and names.toml may be there",
            )
        copy_source(folder, self._staging)
        if done:  # repeat the state of the newest version, in case it was interrupted before being saved
            plan = self._plan(dated[done - 1], first=newest is not None and newest.version == 1)
            write_files(self._staging, plan.source)
            self._importer.keep(plan)
        listed = {item.id for item in newest.subprocessors} if newest else set()
        missing = sorted(listed - set(vendor_ids(folder)))
        if missing:
            names = ", ".join(missing[:5])
            raise UsageError(f"the source in {folder} is not that of the store: it lacks {names}")
        taken: list[ImportedState] = []
        for number, item in enumerate(dated[done:], done):
            if progress is not None:
                progress(number, len(dated), item.mark[:18])
            kind, _, name = item.mark.partition(" ")
            skips = self._target.skip
            if any(name == skip or (kind == "commit" and name.startswith(skip)) for skip in skips):
                self._importer.reporter.note("skipped", f"{item.mark} was left out, as --skip says")
                continue
            try:
                taken.append(self._publish(item))
                if taken[-1].findings and not self._target.dry_run:
                    raise Refused(taken[-1].findings)
            except RegisterError as error:
                error.hint = "; ".join(filter(None, (error.hint, _so_far(self._base.register))))
                raise
        return tuple(taken)

    def _publish(self, item: ListState) -> ImportedState:
        """Publish one state if it differs from the one before."""
        before = self._importer.memory
        state = ImportedState(mark=item.mark, at=item.at)
        try:
            plan = self._plan(item, first=self._base.register is None)
        except Refused as refusal:
            return msgspec.structs.replace(state, findings=refusal.findings)
        if plan.memory == before:
            return state
        write_files(self._staging, plan.source)
        text = f"Imported from {item.mark}"
        if self._target.subjects and item.subject:
            problem = next(text_problems(item.subject), None)
            text += "" if problem else f": {item.subject}"
            if problem:
                message = f"the message {quoted(item.subject)} of {item.mark} {problem.text}"
                self._importer.reporter.note("skipped", f"{message}; it is not published")
        try:
            version = self._version(PublishOptions(now=self._target.now, at=item.at, text=text))
            state = msgspec.structs.replace(state, version=version)
        except Refused as refusal:
            errors = tuple(_of(item, f) for f in refusal.findings if f.severity == "error")
            state = msgspec.structs.replace(state, findings=errors)
            if not self._target.dry_run:
                return state
        was = {vendor: known.fields for vendor, known in before.vendors.items() if known.listed}
        gone = (vendor for vendor in was if not plan.memory.vendors[vendor].listed)
        state = msgspec.structs.replace(
            state,
            added=tuple(vendor.name for vendor in plan.vendors if vendor.id not in was),
            ended=tuple(str(was[vendor].get("name", vendor)) for vendor in gone),
        )
        if state.added and state.ended:
            ended, added = ", ".join(map(quoted, state.ended)), ", ".join(map(quoted, state.added))
            message = f"{item.mark}: {ended} left and {added} came"
            hint = "after a rename, list the old name under formerly in names.toml"
            self._importer.reporter.note("proposed", f"{message}; {hint}")
        self._importer.keep(plan)
        return state

    def _plan(self, item: ListState, *, first: bool) -> ImportPlan:
        day = local_day(item.at, self._importer.zone)
        try:
            return self._importer.plan(self._importer.read(item.read()), day, day=day, first=first)
        except Refused as refusal:
            raise Refused([_of(item, finding) for finding in refusal.findings]) from refusal

    def _version(self, options: PublishOptions) -> int | None:
        """Publish a version, or only prepare it in a dry run, and use it as the baseline of the next one."""
        source, target = self._staging / SOURCE, self._target
        if target.dry_run:
            candidate = prepare(source, self._base, options)
            unchanged = candidate.unchanged
        else:
            request = PublishRequest(
                source=source, store=target.store, keys=target.keys, options=options, base_url=target.base_url
            )
            published = publish_version(request)
            candidate, unchanged = published.candidate, published.snapshot is None
        register, promises = candidate.required()
        if unchanged:
            return None
        self._base = Baseline(newest=encoded(register), promises=promises)
        return register.version


def _of(item: ListState, finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, message=f"{item.mark}: {finding.message}")
