"""The table of checks (number, title, standard), and the recorder of their results.

If several checks fail, the exit code is that of the worst kind (``WORST_FIRST``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from register_api import errors
from register_api.errors import Document, VerificationError
from register_api.verify.report import CheckResult
from register_api.verify.report_text import plain


class Check(msgspec.Struct, frozen=True):
    """A check, with its permanent number (e.g. ``V01``); its title states what is true if it passes."""

    id: str
    title: str
    standard: str


CHECKS: tuple[Check, ...] = (
    Check("V01", "Trust begins from a known root", "TUF 1.0 section 5.2"),
    Check("V02", "The chain of trust is signed, in order and fresh", "TUF 1.0 sections 5.3 to 5.6"),
    Check("V03", "The list of keys is authenticated and consistent", "RFC 7517, RFC 7638"),
    Check("V04", "The newest register is authenticated and canonical", "TUF 1.0 section 5.7, RFC 8785"),
    Check("V05", "The newest register is signed by a key valid for it", "RFC 8032, RFC 7515 appendix F"),
    Check("V06", "It is the register that the saved state names", "the remembered state"),
    Check("V07", "This machine's clock is not behind the signed times", "the instants that were signed"),
    Check("V08", "The log's checkpoint is signed and covers the newest version", "C2SP tlog-checkpoint"),
    Check("V09", "Witnesses have seen the same log", "C2SP tlog-cosignature"),
    Check("V10", "The log extends the remembered one", "RFC 6962 section 2.1.2, C2SP tlog-tiles"),
    Check("V11", "The log includes the newest version", "RFC 6962 section 2.1.1, C2SP tlog-tiles"),
    Check("V12", "The list of versions is signed and reproduces the log's root", "RFC 6962 section 2.1"),
    Check("V13", "Every version's entry is in the log", "RFC 6962 section 2.1.1"),
    Check("V14", "The log's entry bundles and older tiles hold the same entries", "C2SP tlog-tiles"),
    Check("V15", "Every version's inclusion proof is valid by itself", "C2SP tlog-proof"),
    Check("V16", "Every version's files match its log entry", "FIPS 180-4 (SHA-256)"),
    Check("V17", "Every version's files are signed by a key valid for it", "RFC 8032, RFC 7515 appendix F"),
    Check("V18", "Every diff turns the previous version into its own", "RFC 6902, RFC 8785"),
    Check("V19", "Versions follow each other without gaps", "docs/format/register.md"),
    Check("V20", "The feed is authenticated and carries its XML signature", "XML Signature 1.1"),
    Check("V21", "Feeds and files signed like them have valid signatures", "RFC 8032, RFC 7515 appendix F"),
    Check("V22", "All feeds report the same versions, all of which exist", "RFC 4287, JSON Feed 1.1"),
    Check("V23", "The feed's archive pages are signed and name their versions", "RFC 5005 section 4"),
    Check("V24", "Every key's PEM file matches the list of keys", "RFC 7468"),
    Check("V25", "Authenticated files are identical at both their paths", "TUF 1.0 section 5.7"),
    Check("V26", "The discovery document names this register and its root", "docs/format/discovery.md"),
    Check(
        "V27", "The log agrees with what other customers have seen", "RFC 6962 section 2.1.2, C2SP tlog-tiles"
    ),
    Check("V28", "An independent authority time-stamped the log's checkpoint", "RFC 3161, RFC 5816"),
    Check("V29", "Upcoming events follow from the register", "docs/format/diff.md, What lies ahead"),
    Check("V30", "The list of keys retracts nothing", "docs/format/trust.md, The list of keys"),
    Check("V31", "Everything the publisher derived follows from the registers", "docs/format/judging.md"),
    Check("V32", "No version is backdated", "docs/format/trust.md"),
    Check("V33", "No previously valid version is disowned", "docs/format/trust.md, The list of keys"),
    Check("V34", "Every head file matches its authenticated digest", "docs/format/trust.md, Head files"),
)

_PROVES_A_VERSION = {f"V{number:02}" for number in (1, 2, 3, 8, 9, 13, *range(15, 20), 24, 25, 28, 30, 31)}
"""All checks except those of the newest publication or of the saved state."""

PACKAGE_CHECKS: tuple[Check, ...] = (
    *(check for check in CHECKS if check.id in _PROVES_A_VERSION),
    Check("E01", "The file is an unambiguous ZIP within limits, of one version", "docs/format/evidence.md"),
    Check("E02", "The trust metadata was valid after the version was published", "TUF 1.0 section 5"),
    Check("E03", "README.txt states what the package shows", "docs/format/evidence.md"),
)
"""The checks of an evidence package, which proves one version."""

_PROOF = "docs/proof-of-notice.md"

NOTICE_CHECKS: tuple[Check, ...] = (
    Check("N01", "The file is an unambiguous ZIP within limits, of one version", _PROOF),
    Check("N02", "README.txt is the text of this format", _PROOF),
    Check("N03", "Every record is canonical and of this version", "RFC 8785"),
    Check("N04", "Every record is included under the root of its seal", "RFC 6962 section 2.1.1"),
    Check("N05", "An independent authority time-stamped every seal", "RFC 3161, RFC 5816"),
    Check("N06", "Addresses and replies match the records", "RFC 2104"),
    Check("N07", "Every message matches its record", "FIPS 180-4 (SHA-256)"),
    Check("N08", "The version is the one that the register's own evidence proves", "docs/format/evidence.md"),
)
"""The checks of a proof of notice."""

WORST_FIRST: tuple[type[VerificationError], ...] = (
    errors.Forked,
    errors.Forged,
    errors.UntrustedKey,
    errors.RolledBack,
    errors.Malformed,
    errors.Inconsistent,
    errors.Unwitnessed,
    errors.ClockBehind,
    errors.Stale,
    errors.Unreachable,
)
"""Kinds of finding, worst first: a second history, a forged file, an untrusted key, an old file; then what
does not prove intent; last what may resolve by itself."""


def worst(found: list[VerificationError]) -> VerificationError:
    """Return the worst finding; the first among equals."""
    kinds = (*WORST_FIRST, VerificationError)
    return min(found, key=lambda error: next(at for at, kind in enumerate(kinds) if isinstance(error, kind)))


MAX_MESSAGES = 5
"""Findings of one check that are quoted; beyond that, only their number is given."""

MAX_KEPT = 1000
"""Findings of one check that are kept."""

MAX_MESSAGE = 1000
"""Characters of a finding's message, which may quote the publisher's text."""


class NotApplicable(Exception):
    """The check has nothing to check; the message is the reason."""


class Recorder:
    """Results of one run by check number; ``titles`` has the checks' titles."""

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self._checks = checks
        self.titles = {check.id: check.title for check in checks}
        self._errors: dict[str, list[VerificationError]] = {}
        self._succeeded: dict[str, str] = {}
        self._skipped: dict[str, str] = {}
        self._nothing_to_check: set[str] = set()

    def recording(self, check: str, path: str = "") -> RecordedBlock:
        """Record a VerificationError raised in the block as a finding, prefixed with ``path``."""
        return RecordedBlock(self, check, path)

    def fail(self, check: str, error: VerificationError) -> None:
        """Add a finding."""
        found = self._errors.setdefault(check, [])
        if len(found) < MAX_KEPT:
            error.message, error.hint = plain(error.message, MAX_MESSAGE), plain(error.hint, MAX_MESSAGE)
            found.append(error)

    def succeed(self, check: str, sentence: str) -> None:
        """Record that a check was made; it still fails if it has findings."""
        self._succeeded[check] = sentence

    def skip(self, checks: Iterable[str], reason: str, *, applicable: bool = True) -> None:
        """Record why checks were skipped; those that depend on an inapplicable check can still run."""
        self._skipped |= dict.fromkeys(checks, reason)
        if not applicable:
            self._nothing_to_check.update(checks)

    def passed(self, check: str) -> bool:
        """Tell whether a check passed or was not applicable."""
        return check not in self._errors and (check in self._succeeded or check in self._nothing_to_check)

    def failed(self, check: str) -> bool:
        """Tell whether a check has findings."""
        return check in self._errors

    def errors(self) -> list[VerificationError]:
        """Return all findings, in order of the checks."""
        return [error for check in self._checks for error in self._errors.get(check.id, [])]

    def contradicting(self) -> tuple[Document, ...]:
        """Return the documents of all findings that prove a forked history."""
        forks = (error for error in self.errors() if isinstance(error, errors.Forked))
        return tuple(document for error in forks for document in error.documents)

    def results(self) -> tuple[CheckResult, ...]:
        """Return the result of every check, in order."""
        return tuple(map(self._result, self._checks))

    def _result(self, check: Check) -> CheckResult:
        fields = msgspec.structs.asdict(check)
        if found := self._errors.get(check.id):
            bad = worst(found)
            others = list(dict.fromkeys(error.message for error in found if error is not bad))
            messages = [bad.message, *others[: MAX_MESSAGES - 1]]
            rest = len(others) + 1 - len(messages)
            return CheckResult(
                **fields,
                result="failed",
                sentence="; ".join(messages) + (f"; and {rest} more" if rest > 0 else ""),
                hint=bad.hint,
                code=bad.exit_code,
                word=bad.word,
            )
        if check.id in self._succeeded and check.id not in self._skipped:
            return CheckResult(**fields, result="ok", sentence=self._succeeded[check.id])
        why = self._skipped.get(check.id, "a check that it depends on did not pass")
        return CheckResult(**fields, result="skipped", sentence=why)


@dataclass(frozen=True)
class RecordedBlock:
    """A context manager that records a VerificationError as a finding and suppresses it."""

    record: Recorder
    check: str
    path: str

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, VerificationError):
            self.record.fail(self.check, error.of_file(self.path))
        return isinstance(error, VerificationError)


@contextlib.contextmanager
def naming(path: str) -> Iterator[None]:
    """Prefix the message of a VerificationError with a path, unless it already names one."""
    try:
        yield
    except VerificationError as error:
        named = error.of_file(path)
        if named is error:
            raise
        raise named from error
