"""Do these checkpoints belong to one history: by size and root, and where sizes differ by the tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from register_api.core import strict_base64
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from register_api.core.log.note import NoteKey, parse_note
from register_api.errors import Document, Forked, Inconsistent, UsageError, VerificationError
from register_api.verify import state
from register_api.verify.checks.check_table import worst
from register_api.verify.checks.log import Log
from register_api.verify.checks.witnesses import check_same_history
from register_api.verify.report_text import plain


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One checkpoint.

    Attributes:
        name: File or address that it came from.
        origin: Name of the log.
        size: Its size.
        root_hash: Its root hash, base64.
        signed: Whether its signature was checked and is good.
    """

    name: str
    origin: str
    size: int
    root_hash: str
    signed: bool


class LogFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What does not hold: exit code and word of its kind, and a sentence."""

    code: int
    word: str
    sentence: str


class LogComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What may be concluded from some checkpoints.

    Attributes:
        exit_code: 0, the code of the worst finding, or 2 when something was left undecided.
        word: ``one history``, ``not decided``, or the kind of the worst finding.
        checkpoints: Those that could be read, in the order they were given.
        findings: What does not hold.
        undecided: What these checkpoints alone do not tell, in sentences.
        not_checked: What nobody should take from this report.
        evidence: Files with checkpoints that contradict each other.
    """

    format: Literal["sub-processor-register-comparison/1"] = "sub-processor-register-comparison/1"
    exit_code: int
    word: str
    checkpoints: tuple[Seen, ...]
    findings: tuple[LogFinding, ...] = ()
    undecided: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


def render_text(report: LogComparison) -> str:
    """Return the report for a person."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: LogComparison) -> Iterator[str]:
    for seen in report.checkpoints:
        signed = "signed" if seen.signed else "SIGNATURE NOT CHECKED"
        yield f"{seen.name}: {plain(seen.origin)}, size {seen.size}, root {seen.root_hash}, {signed}"
    yield from (f"{finding.word}: {finding.sentence}" for finding in report.findings)
    yield from (f"not decided: {sentence}" for sentence in report.undecided)
    yield from (f"not checked: {sentence}" for sentence in report.not_checked)
    yield from (f"Kept as evidence: {path}" for path in report.evidence)
    yield {"one history": "One history."}.get(report.word, f"{report.word}, exit code {report.exit_code}")


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it was handed in: where from, and the signed note."""

    name: str
    data: bytes


class _Read(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint that was read, and whether its signature is known to be good."""

    given: Given
    log: Checkpoint
    signed: bool


class Comparing:
    """One comparison: reads, judges, and keeps what contradicts each other."""

    def __init__(self, keys: Sequence[NoteKey], log: Log | None) -> None:
        """Take what signatures are checked with.

        Args:
            keys: Verifier keys of the log; they count before those of the served register.
            log: The log of a served register that holds.
        """
        self._keys = keys
        self._log = log
        self._errors: list[VerificationError] = []
        self._read: list[_Read] = []
        self._undecided: list[str] = []
        self._contradicting: dict[bytes, Checkpoint] = {}

    def run(self, given: Sequence[Given]) -> None:
        """Compare checkpoints; findings are collected."""
        for one in given:
            try:
                self._read.append(self._open(one))
            except VerificationError as error:
                self._errors.append(_named(error, one.name))
        if len({one.log.origin.partition("#")[0] for one in self._read}) > 1:
            self._errors.append(Inconsistent("these are checkpoints of different logs"))
            return
        self._compare_sizes()
        self._compare_with_served()

    def _open(self, given: Given) -> _Read:
        log = parse_checkpoint(parse_note(given.data).text)
        if self._keys:
            return _Read(given=given, log=open_checkpoint(given.data, log.origin, self._keys), signed=True)
        if self._log is None:
            return _Read(given=given, log=log, signed=False)
        return _Read(given=given, log=self._log.open(given.data), signed=True)

    def _compare_sizes(self) -> None:
        """Compare checkpoints of one size with each other: one size has one root."""
        first: dict[int, _Read] = {}
        for one in self._read:
            other = first.setdefault(one.log.size, one)
            if other.log.root != one.log.root:
                self._contradicting |= {other.given.data: other.log, one.given.data: one.log}
                self._errors.append(
                    Forked(f"{other.given.name} and {one.given.name}: two roots for the size {one.log.size}")
                )

    def _compare_with_served(self) -> None:
        """Compare checkpoints of several sizes through the tiles that are served."""
        sizes = sorted({one.log.size for one in self._read})
        if self._log is None:
            if len(sizes) > 1:
                told = ", ".join(map(str, sizes))
                self._undecided.append(f"whether the logs of sizes {told} continue each other takes --base")
            return
        for one in self._read:
            try:
                check_same_history(self._log, one.given.data)
            except VerificationError as error:
                self._errors.append(_named(error, one.given.name))
                if isinstance(error, Forked):
                    self._contradicting[one.given.data] = one.log
                    self._contradicting[self._log.data] = self._log.head

    def report(self, folder: Path | None) -> LogComparison:
        """Return what was found; checkpoints that contradict each other are kept in a folder.

        Raises:
            UsageError: The folder cannot be written.
        """
        bad = worst(self._errors) if self._errors else None
        undecided = self._undecided and bad is None
        return LogComparison(
            exit_code=bad.exit_code if bad else UsageError.exit_code if undecided else 0,
            word=bad.word if bad else "not decided" if undecided else "one history",
            checkpoints=tuple(_seen(one) for one in self._read),
            findings=tuple(
                LogFinding(code=error.exit_code, word=error.word, sentence=error.message)
                for error in self._errors
            ),
            undecided=tuple(self._undecided),
            not_checked=self._not_checked(),
            evidence=self._keep(folder) if folder is not None else (),
        )

    def _not_checked(self) -> tuple[str, ...]:
        if all(one.signed for one in self._read):
            return ()
        return ("who signed these checkpoints: give the log's key with --key, or the register with --base",)

    def _keep(self, folder: Path) -> tuple[str, ...]:
        if not self._contradicting:
            return ()
        with state.held(folder):
            return tuple(
                str(state.keep_evidence(folder, Document.of_checkpoint(log.size, log.root, data)))
                for data, log in self._contradicting.items()
            )


def _seen(one: _Read) -> Seen:
    return Seen(
        name=one.given.name,
        origin=one.log.origin,
        size=one.log.size,
        root_hash=strict_base64.encode(one.log.root),
        signed=one.signed,
    )


def _named(error: VerificationError, name: str) -> VerificationError:
    return type(error)(f"{name}: {error.message}", hint=error.hint)
