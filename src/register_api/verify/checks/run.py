"""One run of checks: what it reads with, what was asked for, and what each check vouches for.

A step takes what earlier checks vouched for, and says what it vouches for itself. Where the ground did
not hold, it is not made, and the report says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from register_api.core.canonical import digest
from register_api.core.format.paths import max_bytes
from register_api.verify.checks.check_table import CHECKS, Check
from register_api.verify.checks.disowned import DisownedVersions
from register_api.verify.checks.history import History
from register_api.verify.checks.recorder import NotApplicable, Recorder, naming
from register_api.verify.fetcher import Fetcher
from register_api.verify.options import Options
from register_api.verify.state import Remembered

Progress = Callable[[int, int, str], None]
"""Told the steps done, the steps known so far, and what comes next."""

T = TypeVar("T")


class _Unfounded(Exception):
    """What a step rests on did not hold; the text is the number of that check."""


class Held(Generic[T]):
    """What a check vouches for, for as long as nothing is found against it."""

    def __init__(self, record: Recorder, check: str, value: list[T]) -> None:
        """Take the value in a list of one, or an empty list where the check was not passed."""
        self._record = record
        self._check = check
        self._value = value

    def require(self) -> None:
        """End the step that rests on this check, if it does not hold."""
        if not self._record.holds(self._check):
            raise _Unfounded(self._check)

    @property
    def value(self) -> T:
        """The value, for a step that rests on it."""
        self.require()
        if not self._value:
            raise _Unfounded(self._check)
        return self._value[0]

    def get(self) -> T | None:
        """Return the value, or ``None`` where the check does not hold."""
        return self._value[0] if self._value and self._record.holds(self._check) else None


class Run:
    """One run over one tree.

    Attributes:
        fetcher: Gives the files.
        options: What was asked for.
        now: The present instant, UTC; ``None`` where freshness is stated and not judged.
        remembered: State of an earlier run.
        record: Collects what was found.
        history: What the versions read in full say.
        disowned: Versions that no key stands for any more.
        unvouched: Paths of files that are served and that nothing vouches for.
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
        """Begin with nothing found."""
        self.fetcher = fetcher
        self.options = options
        self.now = now
        self.remembered = remembered
        self.record = Recorder(checks)
        self.history = History(remembered)
        self.disowned = DisownedVersions(remembered, options.acknowledge)
        self.unvouched: list[str] = []
        self._titles = {check.id: check.title for check in checks}
        self._kept: dict[str, bytes] = {}
        self._seen: dict[str, set[tuple[str, int]]] = {}
        self._progress = progress
        self._done = 0
        self._total = len(checks)

    def get(self, path: str) -> bytes:
        """Return a file within the bound of its kind."""
        with naming(path):
            data = self.fetcher.get(path, max_bytes(path))
        self._seen.setdefault(path, set()).add((digest(data), len(data)))
        return data

    def seen(self, path: str) -> set[tuple[str, int]]:
        """Return digest and size of a file, of each answer of this run; it is fetched if none came."""
        if path not in self._seen:
            self.get(path)
        return self._seen[path]

    def once(self, path: str) -> bytes:
        """Return a file that several steps look at, such as a tile of the log: it is fetched once."""
        if path not in self._kept:
            self._kept[path] = self.get(path)
        return self._kept[path]

    def vouch(
        self,
        check: str,
        make: Callable[[], tuple[T, str]],
        *ground: Held[Any],
        whole: bool = False,
        also: Iterable[str] = (),
    ) -> Held[T]:
        """Make a check that vouches for something."""
        value: list[T] = []

        def kept() -> str:
            found, sentence = make()
            value.append(found)
            return sentence

        self._step(check, kept, ground, (check, *also), whole=whole)
        return Held(self.record, check, value)

    def check(
        self,
        check: str,
        make: Callable[[], str],
        *ground: Held[Any],
        whole: bool = False,
        also: Iterable[str] = (),
    ) -> Held[None]:
        """Make a check that returns a sentence, or raises what it finds; else as ``vouch``."""
        return self.vouch(check, lambda: (None, make()), *ground, whole=whole, also=also)

    def leave_out(self, checks: Iterable[str], reason: str) -> None:
        """Say why checks are not made."""
        for check in checks:
            self.record.skip(check, reason)

    def _step(
        self,
        check: str,
        make: Callable[[], str],
        ground: tuple[Held[Any], ...],
        checks: tuple[str, ...],
        *,
        whole: bool,
    ) -> None:
        self.advance(self._titles[check])
        self._total -= len(checks) - 1
        if whole and self.options.newest_alone:
            quick = self.options.quick
            self.leave_out(checks, "a quick run leaves it out" if quick else "no history was asked for")
            return
        with self.record.recording(check):
            try:
                for held in ground:
                    held.require()
                self.record.passed(check, make())
            except NotApplicable as reason:
                for one in checks:
                    self.record.not_applicable(one, str(reason))
            except _Unfounded as missing:
                self.leave_out(checks, f"it rests on {missing}, which did not hold")

    @property
    def instant(self) -> dt.datetime:
        """The present instant, in a run that judges freshness."""
        if self.now is None:
            raise ValueError("a run at no instant")
        return self.now

    def expect(self, steps: int) -> None:
        """Say that so many more steps will come."""
        self._total += steps

    def advance(self, what: str) -> None:
        """Tell whoever watches that a step begins."""
        if self._progress is not None:
            self._progress(self._done, self._total, what)
        self._done += 1
