"""Functions that tests run in the service's worker process, which imports them from this module."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from register_api.core.canonical import encode
from register_api.serve.answer.resources import finished
from register_api.serve.http.problems import Problem

if TYPE_CHECKING:
    from register_api.serve.answer.archive import Archive
    from register_api.serve.reply import Resource


def process_and_version(archive: Archive) -> Resource:
    """Return the worker's process id and niceness, and the version it reads."""
    version = archive.newest
    return finished(encode([os.getpid(), os.nice(0), archive.register(version).version]))


def long(_: Archive) -> Resource:
    """Return an answer too large for one transfer, but not when gzipped."""
    return finished(encode(list(range(400_000))))


def problem(_: Archive) -> Resource:
    """Raise a problem: the question cannot be answered."""
    raise Problem("bad-parameter", "not so", parameter="from", allowed=["1"], headers=((b"a", b"b"),))


def death(*_: object, **_more: object) -> Resource:
    """Kill the process, like the kernel when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def fault(*_: object, **_more: object) -> Resource:
    """Raise an unexpected error."""
    raise RuntimeError("/secret/place")
