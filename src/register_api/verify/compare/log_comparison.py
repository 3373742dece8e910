"""What comparing checkpoints found, as data and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from register_api.verify.report.text import plain


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
