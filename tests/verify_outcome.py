"""Results of a verification report, in a form that tests compare in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from register_api.verify.report import Report


def failed(report: Report) -> dict[str, int | None]:
    """Return the exit code of each check that failed."""
    return {check.id: check.code for check in report.checks if check.result == "failed"}


def sentence_of(report: Report, check: str) -> str:
    """Return the sentence of a check."""
    return next(one.sentence for one in report.checks if one.id == check)


def result(report: Report, check: str) -> str:
    """Return whether a check passed, failed or was not made."""
    return next(one.result for one in report.checks if one.id == check)
