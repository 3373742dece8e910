"""A publication as one transaction: prepared beside what is visible, shown by one rename.

Steps of ``commit``, each durable before the next:

1. the journal of the new generation names what it will change in ``public``;
2. new and changed files are written, stage by stage of the format, into the generation's folder;
3. each of these names in ``public`` becomes a link that leads through ``current``. ``current`` still
   leads to the generation before, which keeps the old bytes: new names lead nowhere yet, changed
   ones to what they held before;
4. ``current`` is switched: the whole publication is visible;
5. the commit is finished: each link is replaced by the file itself; what is retired leaves ``public``.

``recover`` finishes step 5 of the visible generation and undoes any later one; it runs first in
every transaction. The cost is that of what changes, not of what there is. Callers hold the
lock (``locked``), which dies with the process that holds it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import filelock

from register_api.core.format.paths import in_order
from register_api.errors import StoreDamaged, StoreLocked
from register_api.files import durable
from register_api.store import reader
from register_api.store.plan import CommitPlan, Progress
from register_api.store.reader import Journal, PublisherState, Snapshot, current, generations


@contextlib.contextmanager
def locked(store: Path, *, wait: float = 20.0) -> Iterator[None]:
    """Hold the lock (``flock``) of a store, which is made if missing, for the time of a ``with`` block.

    Raises:
        StoreLocked: Another process still holds it after so many seconds.
    """
    store.mkdir(parents=True, exist_ok=True)
    lock = filelock.UnixFileLock(store / reader.LOCK)
    try:
        lock.acquire(timeout=wait)
    except filelock.Timeout as error:
        raise StoreLocked(
            f"another process is publishing into {store}", hint="wait for it to end, then try again"
        ) from error
    try:
        yield
    finally:
        lock.release()


def commit(  # noqa: PLR0913  (what one transaction needs, given by name)
    store: Path,
    files: Mapping[str, bytes],
    state: PublisherState,
    *,
    now: dt.datetime,
    retired: Iterable[str] = (),
    progress: Progress | None = None,
    before: Snapshot | None = None,
    show: Callable[[Callable[[], None]], None] | None = None,
) -> Snapshot:
    """Make a publication visible, whole or not at all, and return it.

    Args:
        store: The store's folder; the caller holds its lock and has called ``recover``.
        files: Files by path, in any order.
        state: The publisher's state after this publication.
        now: When these bytes are published, UTC.
        retired: Files that leave the tree, unless they are among the files; all others stay.
        progress: Called with done, total and the file that is being prepared.
        before: The visible publication, if the caller has it open.
        show: Calls what makes the publication visible, at once, and may write something down around it.

    Raises:
        StoreDamaged: A file that must never change would.
        OSError: The disk does not take it; what was visible stays so.
    """
    before = reader.reopened(store, before)
    plan = CommitPlan(store, before, files, now, retired=retired, progress=progress)
    journal = plan.write_journal()
    for group in in_order(files):
        plan.write_group(group)
    snapshot = plan.write_documents(state)
    _route(store, before.generation if before else None, journal)
    _link_manifest(store)
    target = f"{reader.GENERATIONS}/{plan.number}"
    switch = functools.partial(durable.switch_link, store / reader.CURRENT, target)
    switch() if show is None else show(switch)
    finish_commit(store, plan.number, journal)
    return snapshot


def recover(store: Path) -> bool:
    """Finish or undo what a crash left half done; tell whether there was anything to mend."""
    number = current(store)
    later = [each for each in generations(store) if number is None or each > number]
    for each in later:
        _undo(store, each, number)
    if number is None:
        return bool(later)
    _link_manifest(store)
    journal = reader.read_journal(store, number)
    if journal is None:
        raise StoreDamaged(f"generation {number} has no journal")
    mended = finish_commit(store, number, journal)
    for old in generations(store)[:-2]:  # a reader may still be opening the one before the visible one
        shutil.rmtree(reader.generation_folder(store, old))
    return mended or bool(later)


def _tree(store: Path, number: int) -> Path:
    return reader.generation_folder(store, number) / reader.TREE


def _route(store: Path, before: int | None, journal: Journal) -> None:
    """Let the names that change lead through ``current``, which for now shows the bytes of before."""
    public = store / reader.PUBLIC
    public.mkdir(parents=True, exist_ok=True)
    names = (*journal.changed, *journal.retired)
    if before is not None:  # the generation that shows the bytes that names have now keeps them
        tree = _tree(store, before)
        kept = [name for name in names if _is_real(public / name) and not (tree / name).exists()]
        _make_folders(tree / name for name in kept)
        for name in kept:
            (tree / name).hardlink_to(public / name)
        durable.sync_folders({(tree / name).parent for name in kept}, below=tree.parent)
    folders = _make_folders(public / name for name in names)
    for name in names:
        target = "../" * (name.count("/") + 1) + f"{reader.CURRENT}/{reader.TREE}/{name}"
        durable.place_link(public / name, target, temporary=store / reader.FRESH)
    durable.sync_folders(folders | {public}, below=store)


def _make_folders(paths: Iterable[Path]) -> set[Path]:
    """Return the folders of paths, which are made where they are missing."""
    folders = {path.parent for path in paths}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def finish_commit(store: Path, number: int, journal: Journal) -> bool:
    """Put the files of the visible generation in the place of the links that lead to them."""
    public, tree = store / reader.PUBLIC, _tree(store, number)
    changed = [name for name in journal.changed if not _is_real(public / name)]
    for name in changed:
        if not (tree / name).exists():
            raise StoreDamaged(f"the journal of generation {number} names {name}, which is missing")
    folders = _make_folders(public / name for name in changed)
    for name in changed:
        durable.place_hard_link(public / name, tree / name, temporary=store / reader.FRESH)
    retired = [path for name in journal.retired if (path := public / name).is_symlink()]
    for path in retired:
        path.unlink()
    durable.sync_folders(folders | {path.parent for path in retired}, below=public)
    return bool(changed or retired)


def _undo(store: Path, number: int, visible: int | None) -> None:
    """Remove a generation that never became visible, and give names their old files back."""
    journal = None  # before it was written nothing was changed in ``public``
    with contextlib.suppress(StoreDamaged):
        journal = reader.read_journal(store, number)
    public = store / reader.PUBLIC
    touched = [public / name for name in (*journal.changed, *journal.retired)] if journal else []
    links = [path for path in touched if path.is_symlink()]
    for path in links:
        old = _tree(store, visible) / path.relative_to(public) if visible is not None else None
        if old is not None and old.exists():
            durable.place_hard_link(path, old, temporary=store / reader.FRESH)
        else:
            path.unlink()
    durable.sync_folders({path.parent for path in links}, below=public)
    for path in touched:
        for folder in path.relative_to(public).parents:
            with contextlib.suppress(OSError):  # not empty, or the tree itself
                if folder.name:
                    (public / folder).rmdir()
    shutil.rmtree(reader.generation_folder(store, number))


def _link_manifest(store: Path) -> None:
    if not (store / reader.MANIFEST).is_symlink():
        durable.switch_link(store / reader.MANIFEST, f"{reader.CURRENT}/{reader.MANIFEST}")


def _is_real(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
