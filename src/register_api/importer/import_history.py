"""The command's second half: states of a list, from Git or a file, published as history."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from register_api.core.model import Register
from register_api.errors import Refused, RegisterError, UsageError
from register_api.importer.git_history import git_states
from register_api.importer.import_folder import MEMORY_FILE, SOURCE, passing_copy, read_bytes, vendor_ids
from register_api.importer.import_report import ImportReport
from register_api.importer.list_states import ListState, published_before, read_history, schedule
from register_api.importer.names import NAMES_FILE
from register_api.importer.reading_options import ImportOptions
from register_api.importer.register_file import REGISTER_FILE, RegisterDefaults
from register_api.importer.state_importer import StateImporter
from register_api.importer.state_publisher import ImportedState, StatePublisher, Target
from register_api.importer.table import refuse_any

Progress = Callable[[int, int, str], None]


def replay(
    importer: StateImporter, dated: Sequence[ListState], target: Target, progress: Progress | None = None
) -> tuple[ImportedState, ...]:
    """Take over states and publish each that says something else than the one before.

    Interrupted, it can be called again: it goes on after the newest version in the store.
    """
    done = published_before(dated, target.base.register)
    _check_folder(importer, target)
    taken: list[ImportedState] = []
    with passing_copy(importer.folder) as staging:
        publisher = StatePublisher(importer, target, staging)
        if done:
            publisher.catch_up(dated[done - 1])
        publisher.check_source()
        for number, item in enumerate(dated[done:], done + 1):
            if progress is not None:
                progress(number - 1, len(dated), item.mark[:18])
            if _is_skipped(item, target.skip):
                importer.reporter.note("skipped", f"{item.mark} was left out, as --skip says")
                continue
            try:
                taken.append(publisher.publish(item))
                if taken[-1].findings and not target.dry_run:
                    raise Refused(taken[-1].findings)
            except RegisterError as error:
                so_far = _so_far(publisher.newest)
                error.hint = f"{error.hint}; {so_far}" if error.hint else so_far
                raise
    return tuple(taken)


def _check_folder(importer: StateImporter, target: Target) -> None:
    if target.base.register is None and vendor_ids(importer.folder):
        raise UsageError(
            f"{importer.folder} has sub-processors already, but nothing was published yet",
            hint="history begins in a folder without them; register.toml and names.toml may be there",
        )


def _is_skipped(state: ListState, skip: Sequence[str]) -> bool:
    kind, _, name = state.mark.partition(" ")
    return any(name == item or (kind == "commit" and name.startswith(item)) for item in skip)


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the states come from: a Git repository or a history file.

    Attributes:
        repository: A folder in the repository, or ``None`` for a history file.
        path: The file in the repository, seen from that folder; or the history file.
        since: A revision, whose state is the first.
        date: ``author`` or ``committer``: whose date counts.
    """

    repository: Path | None
    path: str
    since: str | None = None
    date: str = "committer"


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
    """Publish all states of a list, the oldest first; interrupted, it goes on when called again.

    All states are read and judged before the first of them is published.

    Args:
        origin: Where the states come from.
        folder: Gets ``register/``, the names file and the memory.
        options: What the caller says of the tables.
        defaults: What the caller says of the register, for a new source.
        target: Where they are published.
        names: The names file; beside the source if not given.
        progress: Called with done, total and what is being taken over.

    Returns:
        What a person should know, and what became of each state that was not published before.

    Raises:
        Refused: A state cannot be read exactly, or breaks the rules; none is published.
        UsageError: Something is missing, or belongs to another register.
    """
    _check_defaults(folder, defaults)

    def run(*, dry_run: bool) -> tuple[ImportReport, tuple[ImportedState, ...]]:
        with _work_folder(folder, dry_run=dry_run) as work:
            # A names file given by name is not in the copy that a dry run writes into.
            importer = StateImporter(work, options, defaults, names=names, keep_names=not (dry_run and names))
            dated = schedule(_states(origin, importer), importer.reporter)
            run_target = msgspec.structs.replace(target, dry_run=dry_run)
            taken = replay(importer, dated, run_target, progress)
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
    """Say what stands already, and how to go on."""
    done = f"versions 1 to {newest.version} stay published" if newest else "no version is published yet"
    return f"{done}, and the same command goes on from there"


def _check_defaults(folder: Path, defaults: RegisterDefaults) -> None:
    """Refuse to publish under names that were not given: they would stay for ever."""
    if (folder / SOURCE / REGISTER_FILE).exists():
        return
    missing = [name for name in ("register", "publisher") if getattr(defaults, name) is None]
    if missing:
        options = " and ".join(f"--{name}" for name in missing)
        raise UsageError(
            f"history is published for ever, so {options} must be given", hint="or write register.toml first"
        )


def _states(origin: Origin, importer: StateImporter) -> tuple[ListState, ...]:
    if origin.repository is not None:
        return git_states(
            origin.repository,
            origin.path,
            since=origin.since,
            date=origin.date,
            options=importer.options,
            reporter=importer.reporter,
        )
    data = read_bytes(Path(origin.path))
    if data is None:
        raise UsageError(f"there is no file {origin.path}")
    return read_history(Path(origin.path).name, data, origin.date, importer.zone)


@contextlib.contextmanager
def _work_folder(folder: Path, *, dry_run: bool) -> Iterator[Path]:
    """Yield the folder itself, or for a dry run a copy of all that an import reads and writes in it."""
    if not dry_run:
        yield folder
        return
    with passing_copy(folder) as copy:
        for name in (NAMES_FILE, MEMORY_FILE):
            if (folder / name).is_file():
                shutil.copy(folder / name, copy / name)
        yield copy
