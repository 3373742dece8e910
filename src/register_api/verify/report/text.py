"""The report in plain words."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from register_api.verify.report.document import Report
    from register_api.verify.state import RootOrigin

_MARKS = {"ok": "ok           ", "failed": "FAILED       ", "skipped": "not checked  "}


def render_text(report: Report) -> str:
    """Return the report for a person; it never says less than what the result rests on."""
    return (
        "\n".join([*_head(report), "", *_checks(report), "", *_not_checked(report), *_verdict(report)]) + "\n"
    )


def _head(report: Report) -> Iterator[str]:
    yield f"{report.base}, checked on {_instant(report.checked_at)}"
    if report.register is not None:
        yield f"Register:    {report.register}"
    if report.version is not None:
        yield f"Version:     {report.version}, the newest since {_instant(report.since)}"
        yield f"              SHA-256 {report.sha256}"
    if report.fresh_until is not None:
        yield f"Fresh until: {_instant(report.fresh_until)}, unless renewed before"
    if report.root is not None:
        yield f"Trust root:  {_root(report.root)}"
        yield f"              SHA-256 {report.root.sha256}"
    if report.root is not None and report.root_version not in (None, report.root.version):
        yield f"              followed to version {report.root_version}, SHA-256 {report.root_sha256}"
    if report.log is not None:
        yield f"Log:         size {report.log.size}, root {report.log.root_hash}"
        yield "             Compare this line with another customer's: one size has one root."
    if report.remembered is not None:
        yield f"Remembered:  a log of size {report.remembered}"


def _root(root: RootOrigin) -> str:
    trust = "at FIRST USE, TAKEN ON TRUST: compare its SHA-256 with your contract"
    said = {
        "file": f"version {root.version} from the file {root.source}",
        "digest": f"version {root.version}, fetched and equal to the SHA-256 that was given",
        "first use": f"version {root.version} {trust}",
        "remembered": f"version {root.version}, remembered from an earlier run",
    }[root.how]
    if root.how == "remembered" and root.first_use:
        return f"{said}, which began {trust}"
    return said


def _checks(report: Report) -> Iterator[str]:
    for check in report.checks:
        if check.result == "skipped":
            yield f"{_MARKS[check.result]}{check.id}  {check.title}: {check.sentence}"
            continue
        yield f"{_MARKS[check.result]}{check.id}  {check.title}"
        yield (
            f"             {check.word}: {check.sentence}" if check.word else f"             {check.sentence}"
        )
        if check.hint:
            yield f"             → {check.hint}"


def _not_checked(report: Report) -> Iterator[str]:
    """Yield the limits of the report, but for single checks, whose lines say it already."""
    yield "What this does not say:"
    checks = tuple(f"{check.id} " for check in report.checks)
    for sentence in report.not_checked:
        if not sentence.startswith(checks):
            yield f"  - {sentence}"
    yield ""


def _verdict(report: Report) -> Iterator[str]:
    failed = sum(1 for check in report.checks if check.result == "failed")
    held = sum(1 for check in report.checks if check.result == "ok")
    for path in report.evidence:
        yield f"Kept as evidence: {path}"
    if failed:
        kind = f"{report.word}, exit code {report.exit_code}"
        yield f"NOT VERIFIED ({kind}): {failed} of {failed + held} checks failed."
    else:
        left = len(report.checks) - held
        yield f"Verified: {held} checks held, {left} were not made; see above for what and why."


def _instant(instant: dt.datetime | None) -> str:
    return (
        "an unknown instant"
        if instant is None
        else instant.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    )
