"""A publication as one transaction: prepared beside what is visible, shown by one rename.

Steps of ``commit``, each durable before the next:

1. the journal of the new generation, naming what it will add to ``public``;
2. the files, group by group, into the generation's folder (unchanged ones are hard links);
3. links in ``public`` that lead through ``current``: dangling, so still not found by anyone;
4. ``current`` is switched: the whole publication is visible;
5. arrivals settle: each link is replaced by the file itself; what is retired leaves ``public``.

``recover`` finishes step 5 of the visible generation and undoes any later one; it runs first in
every transaction. Callers hold the lock (``store.lock``).
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from register_api.errors import StoreDamaged
from register_api.store import durable, layout
from register_api.store.plan import Plan
from register_api.store.reader import Snapshot, current, generations, open_snapshot, read_journal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from register_api.store.manifest import State

    Progress = Callable[[int, int, str], None]

KEPT_GENERATIONS = 2
"""The visible generation and the one before it, which a reader may still be opening."""


def commit(
    store: Path,
    groups: Sequence[Mapping[str, bytes]],
    state: State,
    *,
    now: dt.datetime,
    retired: Iterable[str] = (),
    progress: Progress | None = None,
) -> Snapshot:
    """Make a publication visible, whole or not at all.

    Args:
        store: The store's folder; the caller holds its lock and has called ``recover``.
        groups: Files by path in the order they have to reach the disk.
        state: The publisher's state after this publication.
        now: When these bytes are published, UTC.
        retired: Files that leave the tree; all others stay, whether among the groups or not.
        progress: Called with done, total and what is being written.

    Returns:
        The publication as readers see it from now on.

    Raises:
        StoreDamaged: A file that must never change would.
        OSError: The disk does not take it; what was visible stays so.
    """
    before = open_snapshot(store)
    plan = Plan(store, before, groups, now, retired=retired)
    plan.write_journal()
    done, total = 0, sum(len(group) for group in groups)
    for group in groups:
        if progress is not None and group:
            progress(done, total, next(iter(group)))
        plan.write_group(group)
        done += len(group)
    plan.write_manifest(state)
    plan.link_into_public()
    durable.switch_link(store / layout.CURRENT, f"{layout.GENERATIONS}/{plan.number}")
    if before is None:
        durable.switch_link(store / layout.MANIFEST, f"{layout.CURRENT}/{layout.MANIFEST}")
    settle(store, plan.number)
    return Snapshot(store, plan.number, plan.manifest(state), state)


def recover(store: Path) -> bool:
    """Finish or undo what a crash left half done.

    Returns:
        Whether there was anything to mend.

    Raises:
        StoreDamaged: The store's own documents cannot be read.
    """
    number = current(store)
    mended = False
    for later in reversed(generations(store)):
        if number is None or later > number:
            _undo(store, later)
            mended = True
    if number is not None:
        mended = settle(store, number) or mended
        if not (store / layout.MANIFEST).is_symlink():
            durable.switch_link(store / layout.MANIFEST, f"{layout.CURRENT}/{layout.MANIFEST}")
        for old in generations(store)[:-KEPT_GENERATIONS]:
            shutil.rmtree(layout.generation_folder(store, old))
    return mended


def settle(store: Path, number: int) -> bool:
    """Turn the arrivals of the visible generation from links into files, and drop what is retired.

    Returns:
        Whether anything was left to do.
    """
    journal = read_journal(store, number)
    if journal is None:
        raise StoreDamaged(f"generation {number} has no journal")
    public = store / layout.PUBLIC
    tree = layout.generation_folder(store, number) / layout.TREE
    unsettled = [name for name in journal.arrivals if not _is_real(public / name)]
    for name in unsettled:
        (public / name).parent.mkdir(parents=True, exist_ok=True)
        durable.replace_by_hard_link(public / name, tree / name)
    leaving = [name for name in journal.retired if os.path.lexists(public / name)]
    for name in leaving:
        (public / name).unlink()
    durable.sync_folders({(public / name).parent for name in [*unsettled, *leaving]}, below=public)
    return bool(unsettled or leaving)


def _is_real(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _undo(store: Path, number: int) -> None:
    """Remove a generation that never became visible, and its dangling links."""
    journal = read_journal(store, number) if _journal_is_whole(store, number) else None
    public = store / layout.PUBLIC
    for name in (*journal.arrivals, *journal.links) if journal else ():
        path = public / name
        if path.is_symlink() and not path.exists():
            path.unlink()
            _remove_empty_folders(path.parent, public)
    shutil.rmtree(layout.generation_folder(store, number))


def _journal_is_whole(store: Path, number: int) -> bool:
    """Tell whether the journal was written; before that nothing was linked."""
    try:
        return read_journal(store, number) is not None
    except StoreDamaged:
        return False


def _remove_empty_folders(folder: Path, stop: Path) -> None:
    while folder != stop:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
