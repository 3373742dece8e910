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
from pathlib import Path

import msgspec
from anyio import BrokenWorkerProcess, to_process

from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive
from register_api.serve.http.asgi import Body
from register_api.serve.http.problems import Problem
from register_api.serve.stored.reply import Representation, Resource
from register_api.store.reader import Snapshot

Work = Callable[[Archive], Resource]
"""What computes an answer: a function of a module, where the other process finds it, or a part of one."""

_NICENESS = 10

_AT_ONCE = 4
"""Pieces of a body that are handed over in one go: taking them holds up the replies."""

_opened: dict[tuple[Path, int], Archive] = {}
"""In the process beside: the one publication that it has, by store and generation."""

_bodies: dict[str, Body] = {}
"""In the process beside: the bodies of the last answer by content coding, until they are handed over."""


async def compute(snapshot: Snapshot, work: Work) -> Resource:
    """Have an answer computed in the process beside, which can do one at a time."""
    found = await to_process.run_sync(_computed, snapshot.store, snapshot.generation, work)
    if found is None:
        found = await to_process.run_sync(_computed_anew, snapshot, work)
    forms = [(coding, await _whole(form)) for coding, form in found.representations.items()]
    return msgspec.structs.replace(found, representations=dict(forms))


async def _whole(form: Representation) -> Representation:
    """Fetch the rest of a body."""
    body = list(form.body or ())
    while body and body[-1].get("more_body"):
        further = await to_process.run_sync(_further, form.coding, len(body))
        if not further:  # asked of a process that took the place of the one that computed this
            raise BrokenWorkerProcess
        body += further
    return msgspec.structs.replace(form, body=tuple(body))


def _further(coding: str, begin: int) -> Body:
    return _bodies.get(coding, ())[begin : begin + _AT_ONCE]


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
        return _begun(work(archive))
    except (Problem, StoreDamaged):
        raise
    except Exception as error:
        error.add_note(traceback.format_exc())  # the traceback itself does not leave this process
        raise


def _begun(answer: Resource) -> Resource:
    """Return an answer with the beginning of its bodies, and keep them to be asked for the rest."""
    _bodies.clear()
    forms = {}
    for coding, form in answer.representations.items():
        _bodies[coding] = form.body or ()
        forms[coding] = msgspec.structs.replace(form, body=_further(coding, 0))
    return msgspec.structs.replace(answer, representations=forms)


@functools.cache
def _let_replies_go_first() -> None:
    """Take what processor time is left over; when to end is told by who started this process alone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # terminals and systemd send them to all
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
