"""What a test has computed in the process beside the service: functions of a module, to be found there."""

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
    """Tell in which process this is computed, how far it stands back, and what it reads."""
    version = archive.newest
    return finished(encode([os.getpid(), os.nice(0), archive.register(version).version]))


def long(_: Archive) -> Resource:
    """Answer with more than is handed over in one go, and with less by gzip."""
    return finished(encode(list(range(400_000))))


def problem(_: Archive) -> Resource:
    """Find that the question cannot be answered."""
    raise Problem("bad-parameter", "not so", parameter="from", allowed=["1"], headers=((b"a", b"b"),))


def death(*_: object, **_more: object) -> Resource:
    """Be killed, as for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def fault(*_: object, **_more: object) -> Resource:
    """Fail as a fault in the program would."""
    raise RuntimeError("/secret/place")
