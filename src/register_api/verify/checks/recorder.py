"""Collects what each check found, so that one failure does not hide the others."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from register_api.errors import Document, Forked, VerificationError
from register_api.verify.checks.check_table import Check, worst
from register_api.verify.report import CheckResult

MAX_MESSAGES = 5
"""So many findings of one check are told in words; of more only the number."""

MAX_KEPT = 1000
"""So many findings of one check are kept at all."""


class NotApplicable(Exception):
    """There is nothing to check here; the text says why."""


class Recorder:
    """Results of one run, by the check's number.

    Attributes:
        titles: Title of each check of this run, by its number.
    """

    def __init__(self, checks: tuple[Check, ...]) -> None:
        """Begin with nothing checked."""
        self._checks = checks
        self.titles = {check.id: check.title for check in checks}
        self._errors: dict[str, list[VerificationError]] = {}
        self._passed: dict[str, str] = {}
        self._skipped: dict[str, str] = {}
        self._nothing_to_check: set[str] = set()

    def recording(self, check: str, path: str = "") -> RecordedBlock:
        """Turn an error raised within into a finding of a check; a path is put before its message."""
        return RecordedBlock(self, check, path)

    def fail(self, check: str, error: VerificationError) -> None:
        """Add a finding."""
        errors = self._errors.setdefault(check, [])
        if len(errors) < MAX_KEPT:
            errors.append(error)

    def passed(self, check: str, sentence: str) -> None:
        """Say that a check has been made; findings against it still count."""
        self._passed[check] = sentence

    def skip(self, checks: Iterable[str], reason: str) -> None:
        """Say why checks were not made."""
        self._skipped |= dict.fromkeys(checks, reason)

    def not_applicable(self, checks: Iterable[str], reason: str) -> None:
        """Say that there is nothing to check, so that nothing stands against what builds on it."""
        self._nothing_to_check.update(checks)
        self.skip(checks, reason)

    def holds(self, check: str) -> bool:
        """Tell whether nothing was found by a check that was made, or that had nothing to look at."""
        return check not in self._errors and (check in self._passed or check in self._nothing_to_check)

    def failed(self, check: str) -> bool:
        """Tell whether something was found."""
        return check in self._errors

    def errors(self) -> list[VerificationError]:
        """Return every finding, in order of the checks."""
        return [error for check in self._checks for error in self._errors.get(check.id, [])]

    def contradicting(self) -> tuple[Document, ...]:
        """Return what proves that histories were forked, of all findings."""
        forks = (error for error in self.errors() if isinstance(error, Forked))
        return tuple(document for error in forks for document in error.documents)

    def results(self) -> tuple[CheckResult, ...]:
        """Return one result for each check there is, in order."""
        return tuple(map(self._result, self._checks))

    def _result(self, check: Check) -> CheckResult:
        reason = self._skipped.get(check.id, "what it rests on did not hold")
        result = CheckResult(
            id=check.id, title=check.title, standard=check.standard, result="skipped", sentence=reason
        )
        if errors := self._errors.get(check.id):
            bad = worst(errors)
            return msgspec.structs.replace(
                result,
                result="failed",
                sentence=_sentence(bad, errors),
                hint=bad.hint,
                code=bad.exit_code,
                word=bad.word,
            )
        if check.id in self._passed and check.id not in self._skipped:
            return msgspec.structs.replace(result, result="ok", sentence=self._passed[check.id])
        return result


@dataclass(frozen=True)
class RecordedBlock:
    """A block whose finding is recorded, with a path before its message; what stands behind it goes on."""

    record: Recorder
    check: str
    path: str

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        """Record a finding; anything else is not for us."""
        if isinstance(error, VerificationError):
            self.record.fail(self.check, error.of_file(self.path))
        return isinstance(error, VerificationError)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Put a path before the message of an error that does not name it yet."""
    try:
        yield
    except VerificationError as error:
        named = error.of_file(path)
        if named is error:
            raise
        raise named from error


def _sentence(bad: VerificationError, errors: list[VerificationError]) -> str:
    """Tell the worst finding first, then some of the others."""
    others = list(dict.fromkeys(error.message for error in errors if error is not bad))
    told = [bad.message, *others[: MAX_MESSAGES - 1]]
    rest = len(others) + 1 - len(told)
    return "; ".join(told) + (f"; and {rest} more" if rest > 0 else "")
