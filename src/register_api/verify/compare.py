"""Do these checkpoints belong to one history: by size and root, and where sizes differ by the tiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint as it was handed in: where from, and the signed note."""

    name: str
    data: bytes


def compare_checkpoints(
    given: Sequence[Given], keys: Sequence[NoteKey], log: Log | None, folder: Path | None
) -> LogComparison:
    """Compare checkpoints.

    Args:
        given: The checkpoints.
        keys: Verifier keys of the log; they count before those of the served register.
        log: The log of a served register that holds.
        folder: Where checkpoints that contradict each other are kept; ``None``: nowhere.

    Raises:
        UsageError: The folder cannot be written.
    """
    comparing = _Comparing(keys, log)
    comparing.run(given)
    errors, undecided, signed = comparing.errors, comparing.undecided, bool(keys) or log is not None
    bad = worst(errors) if errors else None
    unsigned = "who signed these checkpoints: give the log's key with --key, or the register with --base"
    return LogComparison(
        exit_code=bad.exit_code if bad else UsageError.exit_code if undecided else 0,
        word=bad.word if bad else "not decided" if undecided else "one history",
        checkpoints=tuple(
            Seen(
                name=one.name,
                origin=read.origin,
                size=read.size,
                root_hash=strict_base64.encode(read.root),
                signed=signed,
            )
            for one, read in comparing.read
        ),
        findings=tuple(
            LogFinding(code=error.exit_code, word=error.word, sentence=error.message) for error in errors
        ),
        undecided=tuple(undecided),
        not_checked=(unsigned,) if comparing.read and not signed else (),
        evidence=_keep(folder, comparing.contradicting) if folder and comparing.contradicting else (),
    )


def _keep(folder: Path, contradicting: Mapping[bytes, Checkpoint]) -> tuple[str, ...]:
    with state.held(folder):
        return tuple(
            str(state.keep_evidence(folder, Document.of_checkpoint(log.size, log.root, data)))
            for data, log in contradicting.items()
        )


class _Comparing:
    """One comparison: reads, judges, and keeps what contradicts each other.

    Attributes:
        read: The checkpoints that could be read.
        contradicting: Those of them that contradict another, by their bytes.
    """

    def __init__(self, keys: Sequence[NoteKey], log: Log | None) -> None:
        self.errors: list[VerificationError] = []
        self.read: list[tuple[Given, Checkpoint]] = []
        self.undecided: list[str] = []
        self.contradicting: dict[bytes, Checkpoint] = {}
        self._keys = keys
        self._log = log

    def run(self, given: Sequence[Given]) -> None:
        """Compare checkpoints; findings are collected."""
        for one in given:
            try:
                self.read.append((one, self._open(one.data)))
            except VerificationError as error:
                self.errors.append(_named(error, one.name))
        if len({log.origin.partition("#")[0] for _, log in self.read}) > 1:
            self.errors.append(Inconsistent("these are checkpoints of different logs"))
            return
        self._compare_sizes()
        self._compare_with_served()

    def _open(self, data: bytes) -> Checkpoint:
        log = parse_checkpoint(parse_note(data).text)
        if self._keys:
            return open_checkpoint(data, log.origin, self._keys)
        return log if self._log is None else self._log.open(data)

    def _compare_sizes(self) -> None:
        """Compare checkpoints of one size with each other: one size has one root."""
        first: dict[int, tuple[Given, Checkpoint]] = {}
        for one, log in self.read:
            other, other_log = first.setdefault(log.size, (one, log))
            if other_log.root != log.root:
                self.contradicting |= {other.data: other_log, one.data: log}
                self.errors.append(Forked(f"{other.name} and {one.name}: two roots for the size {log.size}"))

    def _compare_with_served(self) -> None:
        """Compare checkpoints of several sizes through the tiles that are served."""
        if self._log is None:
            sizes = sorted({log.size for _, log in self.read})
            if len(sizes) > 1:
                told = ", ".join(map(str, sizes))
                self.undecided.append(f"whether the logs of sizes {told} continue each other takes --base")
            return
        for one, log in self.read:
            try:
                check_same_history(self._log, one.data)
            except VerificationError as error:
                self.errors.append(_named(error, one.name))
                if isinstance(error, Forked):
                    self.contradicting |= {one.data: log, self._log.data: self._log.head}


def _named(error: VerificationError, name: str) -> VerificationError:
    return type(error)(f"{name}: {error.message}", hint=error.hint)


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
