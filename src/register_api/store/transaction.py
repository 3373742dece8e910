"""A publication as one transaction: prepared out of sight, made visible by one rename.

Steps of ``commit``, each durable before the next:

1. write the journal of the new generation, which names what will change in ``public``;
2. write new and changed files into the generation's folder, in the groups of the format;
3. replace each of these names in ``public`` by a link through ``current``, which still leads to the
   previous generation with the old bytes: new names dangle, changed names show their old content;
4. switch ``current``: the whole publication becomes visible;
5. finish the commit: replace each link by the file itself, and remove retired names from ``public``.

``recover`` finishes step 5 of the visible generation and undoes any later one; it runs before every
transaction. The cost depends on the size of the change, not of the store. Callers hold the lock
(``locked``), which the kernel releases if the process dies.
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
    """Hold the lock (``flock``) of a store while the block runs; the folder is created if missing.

    Raises:
        StoreLocked: Another process still holds it after ``wait`` seconds.
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
    around_switch: Callable[[Callable[[], None]], None] | None = None,
) -> Snapshot:
    """Make a publication visible atomically, and return it.

    Args:
        store: The store's folder; the caller holds its lock and has called ``recover``.
        files: Files by path, in any order.
        state: The publisher's state after this publication.
        now: Publication time of these bytes, UTC.
        retired: Files to remove from the tree, unless they are among ``files``; all others stay.
        progress: Called with done, total and the file being prepared.
        before: The visible publication, if the caller has it open.
        around_switch: Calls its argument, which makes the publication visible, and may do work around it.

    Raises:
        StoreDamaged: An immutable file would change.
        OSError: Writing failed; the visible publication is unchanged.
    """
    before = reader.open_or_reuse(store, before)
    plan = CommitPlan(store, before, files, now, retired=retired, progress=progress)
    journal = plan.write_journal()
    for group in in_order(files):
        plan.write_group(group)
    snapshot = plan.write_documents(state)
    _link_through_current(store, before.generation if before else None, journal)
    _link_manifest(store)
    target = f"{reader.GENERATIONS}/{plan.number}"
    switch = functools.partial(durable.switch_link, store / reader.CURRENT, target)
    switch() if around_switch is None else around_switch(switch)
    finish_commit(store, plan.number, journal)
    return snapshot


def recover(store: Path) -> bool:
    """Finish or undo a commit that a crash interrupted; return whether anything was repaired."""
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
    for old in generations(store)[:-2]:  # a reader may still be opening the previous one
        shutil.rmtree(reader.generation_folder(store, old))
    return mended or bool(later)


def _tree(store: Path, number: int) -> Path:
    return reader.generation_folder(store, number) / reader.TREE


def _link_through_current(store: Path, before: int | None, journal: Journal) -> None:
    """Turn the names that change into links through ``current``, which still shows the old bytes."""
    public = store / reader.PUBLIC
    public.mkdir(parents=True, exist_ok=True)
    names = (*journal.changed, *journal.retired)
    if before is not None:  # keep the current bytes in the generation that shows them
        tree = _tree(store, before)
        kept = [name for name in names if _is_file(public / name) and not (tree / name).exists()]
        _make_folders(tree / name for name in kept)
        for name in kept:
            (tree / name).hardlink_to(public / name)
        durable.sync_folders({(tree / name).parent for name in kept}, below=tree.parent)
    folders = _make_folders(public / name for name in names)
    for name in names:
        target = "../" * (name.count("/") + 1) + f"{reader.CURRENT}/{reader.TREE}/{name}"
        durable.place_link(public / name, target, temporary=store / reader.NEW_LINK)
    durable.sync_folders(folders | {public}, below=store)


def _make_folders(paths: Iterable[Path]) -> set[Path]:
    """Create the parent folders of paths and return them."""
    folders = {path.parent for path in paths}
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    return folders


def finish_commit(store: Path, number: int, journal: Journal) -> bool:
    """Replace the links in ``public`` by the files of the visible generation; remove retired names."""
    public, tree = store / reader.PUBLIC, _tree(store, number)
    changed = [name for name in journal.changed if not _is_file(public / name)]
    for name in changed:
        if not (tree / name).exists():
            raise StoreDamaged(f"the journal of generation {number} names {name}, which is missing")
    folders = _make_folders(public / name for name in changed)
    for name in changed:
        durable.place_hard_link(public / name, tree / name, temporary=store / reader.NEW_LINK)
    retired = [path for name in journal.retired if (path := public / name).is_symlink()]
    for path in retired:
        path.unlink()
    durable.sync_folders(folders | {path.parent for path in retired}, below=public)
    return bool(changed or retired)


def _undo(store: Path, number: int, visible: int | None) -> None:
    """Remove a generation that never became visible, and restore the old files."""
    journal = None  # without a journal, ``public`` was not changed
    with contextlib.suppress(StoreDamaged):
        journal = reader.read_journal(store, number)
    public = store / reader.PUBLIC
    touched = [public / name for name in (*journal.changed, *journal.retired)] if journal else []
    links = [path for path in touched if path.is_symlink()]
    for path in links:
        old = _tree(store, visible) / path.relative_to(public) if visible is not None else None
        if old is not None and old.exists():
            durable.place_hard_link(path, old, temporary=store / reader.NEW_LINK)
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


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
