"""Comparison of checkpoints: equal sizes must have equal roots; different sizes are checked by the tiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

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


class ComparedCheckpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint, the file or address it came from, and whether its signature was verified."""

    name: str
    origin: str
    size: int
    root_hash: str
    signed: bool


class LogFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A problem found in a comparison, with its exit code and kind (``word``)."""

    code: int
    word: str
    sentence: str


class LogComparison(msgspec.Struct, frozen=True, kw_only=True):
    """The result of comparing checkpoints.

    Attributes:
        exit_code: 0, the code of the worst finding, or 2 if something is undecided.
        word: ``one history``, ``not decided``, or the kind of the worst finding.
        checkpoints: The readable checkpoints, in the order given.
        undecided: What these checkpoints alone cannot decide, in sentences.
        not_checked: What this report does not establish, in sentences.
        evidence: Files with checkpoints that contradict each other.
    """

    format: Literal["sub-processor-register-comparison/1"] = "sub-processor-register-comparison/1"
    exit_code: int
    word: str
    checkpoints: tuple[ComparedCheckpoint, ...]
    findings: tuple[LogFinding, ...] = ()
    undecided: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


class NamedCheckpoint(NamedTuple):
    """A signed note to compare, with the file or address it came from."""

    name: str
    data: bytes


def compare_checkpoints(
    given: Sequence[NamedCheckpoint], keys: Sequence[NoteKey], log: Log | None, folder: Path | None
) -> LogComparison:
    """Compare checkpoints.

    Args:
        given: The checkpoints.
        keys: Verifier keys of the log; they take precedence over those of the served register.
        log: The log of a served and verified register.
        folder: Where to save checkpoints that contradict each other; ``None``: they are not saved.

    Raises:
        UsageError: The folder cannot be written.
    """
    read: list[tuple[NamedCheckpoint, Checkpoint]] = []
    errors: list[VerificationError] = []
    contradicting: dict[bytes, Checkpoint] = {}
    for one in given:
        try:
            read.append((one, _open(one.data, keys, log)))
        except VerificationError as error:
            errors.append(_named(error, one.name))
    one_log = len({checkpoint.origin.partition("#")[0] for _, checkpoint in read}) <= 1
    if not one_log:
        errors.append(Inconsistent("these are checkpoints of different logs"))
    for found, both in _contradictions(read, log) if one_log else ():
        errors.append(found)
        contradicting |= both
    sizes = sorted({checkpoint.size for _, checkpoint in read})
    listed = ", ".join(map(str, sizes))
    undecided = f"whether the logs of sizes {listed} continue each other takes --base"
    is_undecided = one_log and log is None and len(sizes) > 1
    signed, bad = bool(keys) or log is not None, worst(errors) if errors else None
    unsigned = "who signed these checkpoints: give the log's key with --key, or the register with --base"
    return LogComparison(
        exit_code=bad.exit_code if bad else UsageError.exit_code if is_undecided else 0,
        word=bad.word if bad else "not decided" if is_undecided else "one history",
        checkpoints=tuple(
            ComparedCheckpoint(
                name=one.name,
                origin=checkpoint.origin,
                size=checkpoint.size,
                root_hash=strict_base64.encode(checkpoint.root),
                signed=signed,
            )
            for one, checkpoint in read
        ),
        findings=tuple(
            LogFinding(code=error.exit_code, word=error.word, sentence=error.message) for error in errors
        ),
        undecided=(undecided,) if is_undecided else (),
        not_checked=(unsigned,) if read and not signed else (),
        evidence=_keep(folder, contradicting) if folder and contradicting else (),
    )


def _open(data: bytes, keys: Sequence[NoteKey], log: Log | None) -> Checkpoint:
    checkpoint = parse_checkpoint(parse_note(data).text)
    if keys:
        return open_checkpoint(data, checkpoint.origin, keys)
    return checkpoint if log is None else log.open(data)


def _contradictions(
    read: Sequence[tuple[NamedCheckpoint, Checkpoint]], log: Log | None
) -> Iterator[tuple[VerificationError, dict[bytes, Checkpoint]]]:
    """Yield each error, with the checkpoints that contradict each other."""
    first: dict[int, tuple[NamedCheckpoint, Checkpoint]] = {}
    for one, checkpoint in read:
        other, known = first.setdefault(checkpoint.size, (one, checkpoint))
        if known.root != checkpoint.root:
            two = Forked(f"{other.name} and {one.name}: two roots for the size {checkpoint.size}")
            yield two, {other.data: known, one.data: checkpoint}
    for one, checkpoint in read:
        if log is not None:
            try:
                check_same_history(log, one.data)
            except VerificationError as error:
                both = {one.data: checkpoint, log.data: log.head} if isinstance(error, Forked) else {}
                yield _named(error, one.name), both


def _named(error: VerificationError, name: str) -> VerificationError:
    return type(error)(f"{name}: {error.message}", hint=error.hint)


def _keep(folder: Path, contradicting: dict[bytes, Checkpoint]) -> tuple[str, ...]:
    with state.locked(folder):
        return tuple(
            str(state.keep_evidence(folder, Document.of_checkpoint(log.size, log.root, data)))
            for data, log in contradicting.items()
        )


def render_text(report: LogComparison) -> str:
    """Return the comparison as text."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: LogComparison) -> Iterator[str]:
    for seen in report.checkpoints:
        signed = "signed" if seen.signed else "SIGNATURE NOT CHECKED"
        yield f"{seen.name}: {plain(seen.origin)}, size {seen.size}, root {seen.root_hash}, {signed}"
    yield from (f"{finding.word}: {finding.sentence}" for finding in report.findings)
    yield from (f"not decided: {sentence}" for sentence in report.undecided)
    yield from (f"not checked: {sentence}" for sentence in report.not_checked)
    yield from (f"Evidence saved: {path}" for path in report.evidence)
    yield "One history." if report.word == "one history" else f"{report.word}, exit code {report.exit_code}"
