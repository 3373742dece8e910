"""What was found in a package, as data and in words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from register_api.verify.report.report import CheckResult, LogHead, StampSeen
from register_api.verify.report.text import (
    checks_in_words,
    instant_in_words,
    plain,
    root_in_words,
    stamp_in_words,
    verdict_in_words,
)
from register_api.verify.state import RootOrigin

if TYPE_CHECKING:
    from collections.abc import Iterator


class EvidenceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer may rely on after one package was verified.

    Attributes:
        file: Name of the file.
        file_sha256: Digest of its bytes, hex.
        checked_at: Instant of the check, UTC; nothing is judged by it.
        exit_code: 0, or the code of the worst finding.
        word: ``verified``, or the kind of the worst finding.
        register: The register's name, once it is vouched for; so are the following.
        version: Number of the version.
        sha256: Digest of its bytes, hex.
        published_at: When it was published, as the publisher says, UTC.
        recorded: Whether it was published live, or taken over from an older record.
        vouched_until: Until when the metadata in the package vouched for the keys, UTC.
        root: The root that trust began from.
        root_version: Version of the newest root in the package.
        log: Size and root hash of the log when the version was published.
        newest_log: The same of the newest checkpoint in the package.
        time_stamp: An accepted authority's time stamp on one of these two, once checked.
        changes: What the version announced, one sentence a change.
        checks: One result for each check there is, in order.
        not_checked: What nobody should take from this report, in sentences.
    """

    format: Literal["sub-processor-register-evidence-report/1"] = "sub-processor-register-evidence-report/1"
    file: str
    file_sha256: str
    checked_at: dt.datetime
    exit_code: int
    word: str
    register: str | None = None
    version: int | None = None
    sha256: str | None = None
    published_at: dt.datetime | None = None
    recorded: str | None = None
    vouched_until: dt.datetime | None = None
    root: RootOrigin | None = None
    root_version: int | None = None
    log: LogHead | None = None
    newest_log: LogHead | None = None
    time_stamp: StampSeen | None = None
    changes: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...]
    not_checked: tuple[str, ...]


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
