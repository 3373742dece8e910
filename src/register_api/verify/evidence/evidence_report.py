"""What was found in a package, as data and in words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

from register_api.verify.report.report import LogHead, RunReport
from register_api.verify.report.text import (
    checks_in_words,
    instant_in_words,
    plain,
    root_in_words,
    stamp_in_words,
    verdict_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class EvidenceReport(RunReport, frozen=True, kw_only=True):
    """What a customer may rely on after one package was verified; no freshness is judged.

    Attributes:
        file: Name of the file.
        file_sha256: Digest of its bytes, hex.
        published_at: When the version was published, as the publisher says, UTC.
        recorded: Whether it was published live, or taken over from an older record.
        vouched_until: Until when the metadata in the package vouched for the keys, UTC.
        newest_log: Size and root hash of the newest checkpoint in the package; ``log`` is the one
            when the version was published, and a time stamp is on either.
        changes: What the version announced, one sentence a change.
    """

    format: Literal["sub-processor-register-evidence-report/1"] = "sub-processor-register-evidence-report/1"
    file: str
    file_sha256: str
    published_at: dt.datetime | None = None
    recorded: str | None = None
    vouched_until: dt.datetime | None = None
    newest_log: LogHead | None = None
    changes: tuple[str, ...] = ()


def render_text(report: EvidenceReport) -> str:
    """Return the report for a person."""
    parts = [*_head(report), "", *checks_in_words(report.checks), "", *_not_checked(report), ""]
    return "\n".join([*parts, verdict_in_words(report.checks, report.word, report.exit_code)]) + "\n"


def _head(report: EvidenceReport) -> Iterator[str]:
    yield f"{report.file}, checked on {instant_in_words(report.checked_at)} without network"
    yield f"              SHA-256 {report.file_sha256}"
    if report.register is not None:
        yield f"Register:    {report.register}"
        past = ", as taken over from an older record" if report.recorded == "imported" else ""
        yield f"Version:     {report.version}, published at {instant_in_words(report.published_at)}{past}"
        yield f"              SHA-256 {report.sha256}"
    for sentence in report.changes:
        yield f"  announced: {plain(sentence)}"
    if report.vouched_until is not None:
        past = " (in the past, which is no fault of evidence)" * (report.vouched_until <= report.checked_at)
        yield f"Vouched for: until {instant_in_words(report.vouched_until)}{past}"
    if report.root is not None:
        yield f"Trust root:  {root_in_words(report.root)}"
        yield f"              SHA-256 {report.root.sha256}"
    for name, log in (("Log then:    ", report.log), ("Log, newest: ", report.newest_log)):
        if log is not None:
            yield f"{name}size {log.size}, root {log.root_hash}"
    yield from stamp_in_words(report.time_stamp)


def _not_checked(report: EvidenceReport) -> Iterator[str]:
    yield "What this does not say:"
    for sentence in report.not_checked:
        yield f"  - {sentence}"
