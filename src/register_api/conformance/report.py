"""The report: what was asked, what came, and which rule that breaks; as a document and in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from register_api.conformance.script import Host

Profile = Literal["service", "static"]
Result = Literal["ok", "failed", "lacking", "skipped"]

_SHOWN = 3
_MARKS = {"ok": "ok", "failed": "FAILED", "lacking": "lacking", "skipped": "not checked"}
_HOSTS = {"service": "the service", "static": "a host of files"}
_WIDTH = 13
_UNDER = " " * _WIDTH


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was not as it should be.

    Attributes:
        asked: The request, on one line.
        came: Status of the answer, or why there was none.
        complaint: What is wrong with it.
    """

    asked: str
    came: str
    complaint: str


class ConformanceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found.

    Attributes:
        id: As in the script; so are title, standard and host.
        result: Held; failed; lacking, which a host of files may be; or not made.
        sentence: How many answers were looked at, or why it was not made.
        findings: What was not as it should be, in the order it was asked.
    """

    id: str
    title: str
    standard: str
    host: Host
    result: Result
    sentence: str
    findings: tuple[Failure, ...] = ()


class ConformanceReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one run found.

    Attributes:
        base: Address that was checked.
        checked_at: Instant of the check, UTC.
        profile: What the host was taken for.
        detected: Whether that was found out, and not said by the caller.
        version: Number of the newest version that is served.
        requests: How many requests were made.
        complete: Whether every check that was asked for was made; time and requests are bounded.
        exit_code: 0; 1 when a check failed; 10 when none did, but not all were made.
        checks: One result for each check there is, in order.
    """

    format: Literal["sub-processor-register-conformance/1"] = "sub-processor-register-conformance/1"
    base: str
    checked_at: dt.datetime
    profile: Profile
    detected: bool
    version: int
    requests: int
    complete: bool
    exit_code: int
    checks: tuple[ConformanceResult, ...]


def render_text(report: ConformanceReport) -> str:
    """Return the report for a person."""
    lines = [*_head(report), "", *(line for check in report.checks for line in _check(check)), ""]
    return "\n".join((*lines, *_verdict(report))) + "\n"


def _head(report: ConformanceReport) -> Iterator[str]:
    how = "as it seems; --profile says otherwise" if report.detected else "as was said"
    yield f"{report.base}, checked on {report.checked_at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    yield f"Host:        {_HOSTS[report.profile]} ({how})"
    yield f"Version:     {report.version}"
    yield f"Requests:    {report.requests}"


def _check(check: ConformanceResult) -> Iterator[str]:
    start = f"{_MARKS[check.result]:{_WIDTH}}{check.id}  {check.title}"
    if check.result in ("ok", "skipped"):
        yield f"{start}: {check.sentence}"
        return
    yield start
    yield f"{_UNDER}{check.standard}; {check.sentence}"
    for finding in check.findings[:_SHOWN]:
        yield f"{_UNDER}- {finding.asked}"
        yield f"{_UNDER}  {finding.came}: {finding.complaint}"
    if len(check.findings) > _SHOWN:
        yield f"{_UNDER}- and {len(check.findings) - _SHOWN} more (--json lists them)"


def _verdict(report: ConformanceReport) -> Iterator[str]:
    count = {name: sum(1 for check in report.checks if check.result == name) for name in _MARKS}
    if count["lacking"]:
        yield "Lacking is what a host of files may leave out: nothing that is proven depends on it."
        yield "`register-api export` generates the host's configuration."
    told = f"{count['ok']} checks held, {count['lacking']} lacking, {count['skipped']} not made"
    if count["failed"]:
        yield f"NOT CONFORMING (exit code {report.exit_code}): {count['failed']} checks failed, {told}."
    elif not report.complete:
        yield f"NOT DECIDED (exit code {report.exit_code}): time or requests were used up; {told}."
    else:
        yield f"Conforming as {_HOSTS[report.profile]}: {told}."
