"""A run of checks: its fetcher, options, results, and the values verified so far.

A step uses values verified by earlier checks and sets its own. If a prerequisite failed, it is skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from register_api.core.canonical import digest
from register_api.core.documents import KeyList, KeyRecord
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import max_bytes
from register_api.core.key_list import document_key, good_key
from register_api.core.signature import ed25519_public, verify_jws, verify_raw
from register_api.errors import Forged, UntrustedKey, VerificationError
from register_api.verify.checks.check_table import CHECKS, Check, NotApplicable, Recorder, naming
from register_api.verify.checks.history import DisownedVersions, History
from register_api.verify.fetcher import Fetcher
from register_api.verify.options import Options
from register_api.verify.report_text import plain
from register_api.verify.state import Remembered
from register_api.verify.tuf_client import Trusted

Progress = Callable[[int, int, str], None]
"""Called with the steps done, the steps known so far, and the name of the next step."""


class _UnmetRequirement(Exception):
    """A prerequisite of a step failed; the message is the number of that check."""


class Run:
    """One run over one tree.

    Attributes:
        now: Current time, UTC; ``None``: expiry is not enforced.
        unlisted: Paths of files that are served but not in the list of head files.
        values: Verified values by check number; read through ``VerifiedValue``.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        options: Options,
        now: dt.datetime | None,
        remembered: Remembered | None = None,
        progress: Progress | None = None,
        checks: tuple[Check, ...] = CHECKS,
    ) -> None:
        self.fetcher = fetcher
        self.options = options
        self.now = now
        self.remembered = remembered
        self.record = Recorder(checks)
        self.history = History(remembered)
        self.disowned = DisownedVersions(remembered, options.acknowledge)
        self.unlisted: list[str] = []
        self.values: dict[str, Any] = {}
        self._kept: dict[str, bytes] = {}
        self._seen: dict[str, set[tuple[str, int]]] = {}
        self._progress = progress
        self._done = 0
        self._total = len(checks)

    def get(self, path: str) -> bytes:
        """Fetch a file, within the size limit of its kind."""
        with naming(path):
            data = self.fetcher.get(path, max_bytes(path))
        self._seen.setdefault(path, set()).add((digest(data), len(data)))
        return data

    def fetched(self, path: str) -> set[tuple[str, int]]:
        """Return digest and size of a file for every time it was fetched in this run, at least once."""
        if path not in self._seen:
            self.get(path)
        return self._seen[path]

    def get_once(self, path: str) -> bytes:
        """Return a file that several steps read, such as a log tile; it is fetched only once."""
        if path not in self._kept:
            self._kept[path] = self.get(path)
        return self._kept[path]

    def expect(self, steps: int) -> None:
        """Add to the number of expected steps."""
        self._total += steps

    def advance(self, what: str) -> None:
        """Report progress: a step begins, named perhaps by a file that a server lists."""
        if self._progress is not None:
            self._progress(self._done, self._total, plain(what, 200))
        self._done += 1


T = TypeVar("T")
R = TypeVar("R", bound=Run)


class VerifiedValue(Generic[T]):
    """A run's attribute that a check verifies: readable only while that check has no findings."""

    def __init__(self, check: str) -> None:
        self._check = check

    @overload
    def __get__(self, run: None, kind: type[Run]) -> VerifiedValue[T]: ...
    @overload
    def __get__(self, run: Run, kind: type[Run]) -> T: ...
    def __get__(self, run: Run | None, kind: type[Run]) -> VerifiedValue[T] | T:
        if run is None:
            return self
        if self._check not in run.values or not run.record.passed(self._check):
            raise _UnmetRequirement(self._check)
        value: T = run.values[self._check]
        return value

    def __set__(self, run: Run, value: T) -> None:
        run.values[self._check] = value

    def of(self, run: Run) -> T | None:
        """Return the value, or ``None`` if the check failed or was not made."""
        return run.values.get(self._check) if run.record.passed(self._check) else None


@dataclass(frozen=True)
class Step(Generic[R]):
    """A check and its function, which returns a sentence or raises its finding.

    Attributes:
        requires: Numbers of the checks it depends on, separated by spaces.
        whole: Whether runs of the newest register alone skip it.
        also: Further checks that the same function makes.
    """

    check: str
    make: Callable[[R], str]
    requires: str = ""
    whole: bool = False
    also: tuple[str, ...] = ()


def make_checks(run: R, steps: Iterable[Step[R]]) -> None:
    """Run the steps in order; skip those whose prerequisites failed."""
    for step in steps:
        checks = (step.check, *step.also)
        run.advance(run.record.titles[step.check])
        run.expect(1 - len(checks))
        if step.whole and run.options.newest_alone:
            quick = run.options.quick
            run.record.skip(checks, "not part of a quick run" if quick else "history was not requested")
            continue
        if missing := [number for number in step.requires.split() if not run.record.passed(number)]:
            run.record.skip(checks, f"it depends on {missing[0]}, which did not pass")
            continue
        with run.record.recording(step.check):
            try:
                run.record.succeed(step.check, step.make(run))
            except NotApplicable as reason:
                run.record.skip(checks, str(reason), applicable=False)
            except _UnmetRequirement as check:
                run.record.skip(checks, f"it depends on {check}, which did not pass")


@dataclass
class Targets:
    """The TUF targets, read from their public paths.

    Attributes:
        others: Files at a target's public path that differ from the target, by kind.
        checkpoint: The checkpoint as served: the target, possibly with further signature lines.
    """

    run: Run
    trusted: Trusted
    others: dict[FileKind, bytes] = field(default_factory=dict)
    checkpoint: bytes | None = None

    def kept(self, kind: FileKind) -> bytes | None:
        """Return the saved copy of a target if it is still current; only in a quick run."""
        if not self.run.options.quick or self.run.remembered is None:
            return None
        data = self.run.remembered.kept.get(kind.target_name)
        return data if data is not None and self.trusted.is_target(kind, data) else None

    def read(self, kind: FileKind) -> bytes:
        """Return a target's bytes: from the state, else from its public path, else from its copy.

        If witnesses are required, the public checkpoint is always read, for signatures added since.
        """
        kept = self.kept(kind)
        if kept is not None and not (kind is tree.CHECKPOINT and self.run.options.asks_for_witnesses):
            return kept
        with self.run.record.recording("V25", kind.path()):
            data = self.run.get(kind.path())
            if (target := self.trusted.target_part(kind, data)) is not None:
                self.checkpoint = data if kind is tree.CHECKPOINT else self.checkpoint
                return target
            self.others[kind] = data
        return self.copy(kind) if kept is None else kept

    def copy(self, kind: FileKind) -> bytes:
        """Return a target's copy below ``/trust/targets/``."""
        path = self.trusted.copy_path(kind)
        data = self.run.get(path)
        if not self.trusted.is_target(kind, data):
            raise Forged(f"{path} does not have the digest in the targets metadata", path=path)
        return data


def check_signatures(run: Run, keys: KeyList, check: str, path: str, data: bytes, version: int) -> None:
    """Check both signatures of a document; failures are findings of ``check``."""
    raw, jws = tree.RAW_SIGNATURE.of(path), tree.JWS.of(path)
    with run.record.recording(check, raw):
        signature, good = run.get(raw), good_key(keys, "document", None, version)
        if not _fits(data, signature, good):
            # A raw signature names no key: try all, to recognise a key outside its range.
            for key in keys.keys:
                if key.use == "document" and _fits(data, signature, key):
                    raise UntrustedKey(f"signed with {key.kid}, which is not valid for version {version}")
            verify_raw(data, signature, ed25519_public(good.jwk))
    with run.record.recording(check, jws):
        verify_jws(data, run.get(jws), lambda kid: document_key(keys, kid, version))


def is_signed(run: Run, keys: KeyList, path: str, data: bytes, version: int) -> bool:
    """Tell whether a document has a valid raw signature by the document key."""
    key = good_key(keys, "document", None, version)
    return _fits(data, run.get(tree.RAW_SIGNATURE.of(path)), key)


def _fits(data: bytes, signature: bytes, key: KeyRecord) -> bool:
    try:
        verify_raw(data, signature, ed25519_public(key.jwk))
    except VerificationError:
        return False
    return True
