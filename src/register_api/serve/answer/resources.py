"""Answers finished like stored files, with all headers, and the process beside in which that is done.

Threads of one process take turns, so that a computation in a thread would hold up every stored reply.
The process is started with the first question, keeps the publication that was asked about last, and
lets the one that sends replies go first. It ends when that one does (``anyio.to_process``).
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import os
import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from anyio import BrokenWorkerProcess, to_process

from register_api.core.api.answers import Listing
from register_api.core.api.questions import Question
from register_api.core.canonical import digest, encode
from register_api.core.changes import Diff
from register_api.core.format.tree import USES_CSV
from register_api.core.timeline import AsOf
from register_api.errors import StoreDamaged
from register_api.serve.answer.archive import Archive
from register_api.serve.answer.compute import ANSWERS, TABLES
from register_api.serve.http.asgi import Body, Header
from register_api.serve.http.problems import Problem
from register_api.serve.reference import reference_page
from register_api.serve.reply import (
    Resource,
    make_resource,
    page_headers,
    structured_digest,
)
from register_api.store.reader import Snapshot

JSON = "application/json"

_WORTH_COMPRESSING = 1024
_GZIP_LEVEL = 6
_BY_BOTH = b"Accept, Accept-Encoding"


def answered(question: Question, query: msgspec.Struct, as_of: AsOf, archive: Archive) -> Resource:
    """Answer a question with a document."""
    document = ANSWERS[question.operation](archive, query, as_of)
    data = encode(document)
    if isinstance(document, Diff):
        schema = b'<schema/diff.json>; rel="describedby"; type="application/schema+json"'
        return finished(
            data, more=(*_basis(document.newer.version, document.newer.sha256), (b"link", schema))
        )
    following = document.next if isinstance(document, Listing) else None
    vary = _BY_BOTH if question.has_table else b"Accept-Encoding"
    return finished(
        data, vary=vary, more=(*_basis(document.version, document.sha256), *_next(following, JSON))
    )


def answered_as_table(question: Question, query: Any, as_of: AsOf, archive: Archive) -> Resource:
    """Answer a question with a table."""
    found = TABLES[question.operation](archive, query, as_of)
    more = (*_basis(found.version, found.sha256), *_next(found.next, USES_CSV.media_type.partition(";")[0]))
    return finished(found.data, media_type=USES_CSV.media_type, vary=_BY_BOTH, more=more)


def reference(archive: Archive | None) -> Resource:
    """Answer with the API reference, a page that may load and run nothing."""
    page = reference_page(archive)
    return finished(page, media_type="text/html; charset=utf-8", more=page_headers(page))


def finished(
    data: bytes,
    *,
    media_type: str = JSON,
    vary: bytes = b"Accept-Encoding",
    more: tuple[Header, ...] = (),
) -> Resource:
    """Return an answer with its headers: plain, and by gzip if it is long, since a client waits."""
    bodies = {"identity": data}
    if len(data) >= _WORTH_COMPRESSING:
        bodies["gzip"] = gzip.compress(data, compresslevel=_GZIP_LEVEL, mtime=0)
    forms = {coding: (digest(body), body) for coding, body in bodies.items()}
    return make_resource(forms, media_type=media_type, vary=vary, more=more)


def _basis(version: int, sha256: str) -> tuple[Header, ...]:
    return (
        (b"register-version", str(version).encode("ascii")),
        (b"register-digest", structured_digest(sha256)),
    )


def _next(following: str | None, media_type: str) -> Iterator[Header]:
    if following is not None:
        yield b"link", f'<{following}>; rel="next"; type="{media_type}"'.encode("ascii")


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
    forms = {}
    for coding, form in found.representations.items():
        body = form.body
        while body[-1]["more_body"]:
            further = await to_process.run_sync(_further, coding, len(body))
            if not further:  # asked of a process that took the place of the one that computed this
                raise BrokenWorkerProcess
            body += further
        forms[coding] = msgspec.structs.replace(form, body=body)
    return msgspec.structs.replace(found, representations=forms)


def _further(coding: str, begin: int) -> Body:
    return _bodies.get(coding, ())[begin : begin + _AT_ONCE]


def _computed(store: Path, generation: int, work: Work) -> Resource | None:
    archive = _opened.get((store, generation))
    return None if archive is None else _done(work, archive)


def _computed_anew(snapshot: Snapshot, work: Work) -> Resource:
    """Compute from a publication that may be gone from the store by now, so that it is handed over whole."""
    _let_replies_go_first()
    _opened.clear()
    archive = _opened[snapshot.store, snapshot.generation] = Archive(snapshot)
    return _done(work, archive)


def _done(work: Work, archive: Archive) -> Resource:
    try:
        answer = work(archive)
    except (Problem, StoreDamaged):
        raise
    except Exception as error:
        error.add_note(traceback.format_exc())  # the traceback itself does not leave this process
        raise
    forms = {}
    for coding, form in answer.representations.items():
        _bodies[coding] = form.body
        forms[coding] = msgspec.structs.replace(form, body=_further(coding, 0))
    return msgspec.structs.replace(answer, representations=forms)


@functools.cache
def _let_replies_go_first() -> None:
    """Take what processor time is left over; when to end is told by who started this process alone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # terminals and systemd send them to all
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(_NICENESS)
