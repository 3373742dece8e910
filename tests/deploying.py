"""Deployment in tests: targets in memory, and targets that record calls or fail."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import threading
from typing import TYPE_CHECKING

from obstore.store import MemoryStore

from publishers import NOW, Publisher
from register_api.deploy.bucket import Bucket
from register_api.deploy.sending import Deployment
from register_api.errors import TargetError
from register_api.verify import Options, verify
from register_api.verify.fetcher import MemoryFetcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from register_api.deploy.plan import Plan
    from register_api.deploy.target import DeployTarget
    from register_api.verify.report import Report


LATER = NOW + dt.timedelta(minutes=10)
"""When another version is published."""


def bucket(name: str = "memory") -> Bucket:
    """Return a bucket in memory, with the library's own conditional writes."""
    return Bucket(name, MemoryStore())


class Watched:
    """A target that records its calls and fails on request.

    Attributes:
        written: Names in the order in which they were written; ``-name`` if removed.
        read: Names that were read.
        breaks_at: Number of the write that fails, counted from 0; ``None`` for none.
        after: Called after each write with its number.
        loses_answers: Whether creating a file succeeds, but the response says that it already existed.
    """

    def __init__(self, target: DeployTarget) -> None:
        """Wrap a target."""
        self.target = target
        self.name, self.takes_forms = target.name, target.takes_forms
        self.written: list[str] = []
        self.read: list[str] = []
        self.breaks_at: int | None = None
        self.after: Callable[[int], object] = lambda _number: None
        self.loses_answers = False
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes | None:
        self.read.append(name)
        return self.target.get(name)

    def create(self, name: str, data: bytes, headers: Mapping[str, str]) -> bool:
        with self._writing(name):
            return self.target.create(name, data, headers) and not self.loses_answers

    def put(self, name: str, data: bytes, headers: Mapping[str, str]) -> None:
        with self._writing(name):
            self.target.put(name, data, headers)

    def remove(self, name: str) -> None:
        with self._writing(f"-{name}"):
            self.target.remove(name)

    def writing(self) -> contextlib.AbstractContextManager[None]:
        return self.target.writing()

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        with self._lock:
            if self.breaks_at is not None and len(self.written) >= self.breaks_at:
                raise TargetError("the line is dead")
            yield
            self.written.append(name)
            self.after(len(self.written) - 1)


def copied(publisher: Publisher, folder: Path) -> Publisher:
    """Return a copy of a publisher, with its own store and keys."""
    shutil.copytree(publisher.folder, folder, symlinks=True)
    return Publisher(folder)


def sent(
    publisher: Publisher,
    target: DeployTarget,
    *,
    repair: bool = False,
    dry_run: bool = False,
    address: str = "",
) -> Plan:
    """Deploy what a publisher has published."""
    deployment = Deployment(
        publisher.snapshot(), target, address or target.name, lambda _done, _total, _what: None, _forgotten
    )
    return deployment.run(repair=repair, dry_run=dry_run)


def _forgotten(error: OSError) -> None:
    raise AssertionError(error)


def held(target: DeployTarget, publisher: Publisher) -> dict[str, bytes]:
    """Return the published files that a target contains, by path."""
    found = {path: target.get(path) for path in publisher.snapshot().manifest.files}
    return {path: data for path, data in found.items() if data is not None}


def wanted(publisher: Publisher) -> dict[str, bytes]:
    """Return the published files, by path."""
    snapshot = publisher.snapshot()
    return {path: snapshot.read(path) for path in snapshot.manifest.files}


def seen(files: dict[str, bytes], now: dt.datetime) -> Report:
    """Return the report of a customer who verifies the newest version."""
    options = Options(wait=0, history="none")
    return verify("tree", options, now, fetcher=MemoryFetcher(files)).report
