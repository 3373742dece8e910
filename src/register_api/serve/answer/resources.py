"""Computed answers as resources with all headers, and the worker process that computes them.

In a thread, a computation would delay every stored reply, because of the GIL. The worker process starts
with the first question, keeps the last publication open, runs at a lower priority, and ends together with
the service (``anyio.to_process``).
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import logging
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import msgspec
from anyio import BrokenWorkerProcess, to_process

from register_api.core.api.answers import Listing, SubprocessorsAnswer
from register_api.core.api.questions import Question
from register_api.core.canonical import digest, encode
from register_api.core.changes import Diff
from register_api.core.format.tree import USES_CSV
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive, AsOf
from register_api.serve.answer.compute import ANSWERS, uses_table
from register_api.serve.http.problems import Problem
from register_api.serve.reference import reference_page
from register_api.serve.reply import Body, Header, Resource, make_resource, page_headers, structured_digest
from register_api.store.reader import Snapshot

_log = logging.getLogger(__name__)

JSON = "application/json"

_MIN_GZIP_BYTES = 1024
_GZIP_LEVEL = 6


def answered(
    question: Question, query: msgspec.Struct, as_of: AsOf, archive: Archive, *, as_table: bool = False
) -> Resource:
    """Answer a question, as CSV if requested and available."""
    found = ANSWERS[question.operation](archive, query, as_of)
    basis = found.newer if isinstance(found, Diff) else found
    more = [
        (b"register-version", str(basis.version).encode("ascii")),
        (b"register-digest", structured_digest(basis.sha256)),
    ]
    if as_table and isinstance(found, SubprocessorsAnswer):
        media_type, data = USES_CSV.media_type, uses_table(archive, found)
    else:
        media_type, data = JSON, encode(found)
    if isinstance(found, Diff):
        more.append((b"link", b'<schema/diff.json>; rel="describedby"; type="application/schema+json"'))
    elif isinstance(found, Listing) and found.next is not None:
        kind = media_type.partition(";")[0]
        more.append((b"link", f'<{found.next}>; rel="next"; type="{kind}"'.encode("ascii")))
    vary = b"Accept, Accept-Encoding" if question.has_table else b"Accept-Encoding"
    return finished(data, media_type=media_type, vary=vary, more=tuple(more))


def reference(archive: Archive | None) -> Resource:
    """Return the API reference as a resource."""
    page = reference_page(archive)
    return finished(page, media_type="text/html; charset=utf-8", more=page_headers(page))


def finished(
    data: bytes,
    *,
    media_type: str = JSON,
    vary: bytes = b"Accept-Encoding",
    more: tuple[Header, ...] = (),
) -> Resource:
    """Return an answer with headers, also gzipped if it is long."""
    bodies = {"identity": data}
    if len(data) >= _MIN_GZIP_BYTES:
        bodies["gzip"] = gzip.compress(data, compresslevel=_GZIP_LEVEL, mtime=0)
    forms = {coding: (digest(body), body) for coding, body in bodies.items()}
    return make_resource(forms, media_type=media_type, vary=vary, more=more)


Work = Callable[[Archive], Resource]
"""Computes an answer; must be picklable: a module-level function or a partial of one."""

_PIECES_AT_ONCE = 4
"""Pieces of a body transferred at once, since receiving them blocks other replies."""

_archives: dict[tuple[Path, int], Archive] = {}
"""In the worker process: the one open publication, by store and generation."""

_bodies: dict[str, Body] = {}
"""In the worker process: the bodies of the last answer, until they are transferred."""


async def compute(snapshot: Snapshot, work: Work) -> Resource:
    """Compute an answer in the worker process; if the process dies, retry once."""
    try:
        return await _compute(snapshot, work)
    except BrokenWorkerProcess:  # killed, e.g. for lack of memory
        _log.warning("the process that computes answers has died and is replaced")
        return await _compute(snapshot, work)


async def _compute(snapshot: Snapshot, work: Work) -> Resource:
    found = await to_process.run_sync(_compute_if_open, snapshot.store, snapshot.generation, work)
    if found is None:
        found = await to_process.run_sync(_open_and_compute, snapshot, work)
    forms = {}
    for coding, form in found.representations.items():
        body = form.body
        while body[-1]["more_body"]:
            further = await to_process.run_sync(_next_pieces, coding, len(body))
            if not further:  # a new process, which did not compute this answer
                raise BrokenWorkerProcess
            body += further
        forms[coding] = msgspec.structs.replace(form, body=body)
    return msgspec.structs.replace(found, representations=forms)


def _next_pieces(coding: str, begin: int) -> Body:
    return _bodies.get(coding, ())[begin : begin + _PIECES_AT_ONCE]


def _compute_if_open(store: Path, generation: int, work: Work) -> Resource | None:
    archive = _archives.get((store, generation))
    return None if archive is None else _run(work, archive)


def _open_and_compute(snapshot: Snapshot, work: Work) -> Resource:
    """Compute from a snapshot that is passed whole, as it may no longer be in the store."""
    _lower_priority()
    _archives.clear()
    archive = _archives[snapshot.store, snapshot.generation] = Archive(snapshot)
    return _run(work, archive)


def _run(work: Work, archive: Archive) -> Resource:
    try:
        answer = work(archive)
    except (Problem, StoreDamaged):
        raise
    except Exception as error:
        error.add_note(traceback.format_exc())  # tracebacks are not pickled
        raise
    forms = {}
    for coding, form in answer.representations.items():
        _bodies[coding] = form.body
        forms[coding] = msgspec.structs.replace(form, body=_next_pieces(coding, 0))
    return msgspec.structs.replace(answer, representations=forms)


@functools.cache
def _lower_priority() -> None:
    """Lower the priority, and leave signals to the parent process."""
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
    ):  # systemd signals the whole group
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(10)
