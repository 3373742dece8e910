"""The process in which answers are computed, beside the one that sends replies.

Threads of one process take turns, so that a computation in a thread would hold up every stored reply.
The process is started with the first question, keeps the publication that was asked about last, and
lets the one that sends replies go first. It ends when that one does (``anyio.to_process``).
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from anyio import to_process

from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive
from register_api.serve.http.problems import Problem
from register_api.serve.stored.reply import Resource

if TYPE_CHECKING:
    from pathlib import Path

    from register_api.store.reader import Snapshot

Work = Callable[[Archive], Resource]
"""What computes an answer: a function of a module, where the other process finds it, or a part of one."""

_NICENESS = 10

_opened: dict[tuple[Path, int], Archive] = {}
"""In the process beside: the one publication that it has, by store and generation."""


async def compute(snapshot: Snapshot, work: Work) -> Resource:
    """Have an answer computed in the process beside; who calls this twice at once has two of them.

    Args:
        snapshot: The publication to compute from. It is handed over when it is new there: on the disk
            the next ones may have taken its place.
        work: Computes it.

    Raises:
        Problem: What ``work`` raises.
        StoreDamaged: The publication cannot be read.
        anyio.BrokenWorkerProcess: The process has died; the next question gets another.
    """
    found = await to_process.run_sync(_computed, snapshot.store, snapshot.generation, work)
    return await to_process.run_sync(_computed_anew, snapshot, work) if found is None else found


def _computed(store: Path, generation: int, work: Work) -> Resource | None:
    archive = _opened.get((store, generation))
    return None if archive is None else _done(work, archive)


def _computed_anew(snapshot: Snapshot, work: Work) -> Resource:
    _let_replies_go_first()
    _opened.clear()
    archive = _opened[snapshot.store, snapshot.generation] = Archive(snapshot)
    return _done(work, archive)


def _done(work: Work, archive: Archive) -> Resource:
    try:
        return work(archive)
    except (Problem, StoreDamaged):
        raise
    except Exception as error:
        error.add_note(traceback.format_exc())  # the traceback itself does not leave this process
        raise


@functools.cache
def _let_replies_go_first() -> None:
    """Take what processor time is left over; when to end is told by who started this process alone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # terminals and systemd send them to all
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
