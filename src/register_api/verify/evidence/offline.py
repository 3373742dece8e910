"""``register-api verify --offline FILE``: a package of evidence verified without network or clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.errors import Malformed, UsageError
from register_api.verify.checks.check_table import worst, worst_code
from register_api.verify.checks.recorder import NotApplicable, Recorder
from register_api.verify.evidence import checks, time_stamp
from register_api.verify.evidence.archive import MAX_PACKAGE_BYTES, read_archive
from register_api.verify.evidence.check_table import CHECKS
from register_api.verify.evidence.contents import Contents, only_version
from register_api.verify.evidence.evidence_report import EvidenceReport
from register_api.verify.evidence.readme import check_readme
from register_api.verify.report.report import LogHead, StampSeen

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from register_api.core.log.checkpoint import Checkpoint
    from register_api.verify.checks.session import Options, Progress

_Check = Callable[[Contents], str]

STEPS: tuple[tuple[str, tuple[str, ...], _Check], ...] = (
    ("E02", ("E01",), checks.begin),
    ("E03", ("E02",), checks.follow_roots),
    ("E04", ("E03",), checks.follow_trust),
    ("E05", ("E04",), checks.check_key_list),
    ("E06", ("E05",), checks.check_register),
    ("E07", ("E06",), checks.check_register_signatures),
    ("E08", ("E06",), checks.check_diff),
    ("E09", ("E06",), checks.check_entry),
    ("E10", ("E06",), checks.check_proof),
    ("E11", ("E10",), checks.check_head),
    ("E12", ("E06",), checks.check_times),
    ("E13", ("E05",), checks.check_key_files),
    ("E14", ("E11",), checks.check_witnesses),
    ("E15", ("E07", "E08", "E09", "E11", "E12"), check_readme),
    ("E16", ("E11",), time_stamp.check_time_stamp),
)
"""Number of a check, what it rests on, and what makes it."""


def verify_offline(
    path: Path, options: Options, now: dt.datetime, progress: Progress | None = None
) -> EvidenceReport:
    """Verify a package of evidence.

    Args:
        path: The ZIP file.
        options: Root, witnesses and time authorities; the rest does not count here.
        now: The present instant, UTC, only to be stated: evidence is judged as of its own time.
        progress: Called with steps done, steps there are, and what comes next.

    Raises:
        UsageError: The file or the given root cannot be read.
    """
    data = _read_file(path)
    sha256 = digest(data)
    try:
        files = read_archive(data)
        version = only_version(files)
    except Malformed as error:
        return _unreadable(path.name, sha256, error, now)
    contents = Contents(files, options)
    contents.version = version
    contents.record.passed("E01", f"{len(files)} files of version {version}")
    examine(contents, progress)
    return make_report(path.name, sha256, contents, now)


def examine(contents: Contents, progress: Progress | None = None) -> None:
    """Make every check whose ground holds; findings go to the package's recorder."""
    record, titles = contents.record, {check.id: check.title for check in CHECKS}
    for number, (check, needs, run) in enumerate(STEPS):
        if progress is not None:
            progress(number, len(STEPS), titles[check])
        if missing := [need for need in needs if not record.holds(need)]:
            record.skip(check, f"it rests on {' and '.join(missing)}, which did not hold")
            continue
        with record.recording(check):
            try:
                record.passed(check, run(contents))
            except NotApplicable as reason:
                record.not_applicable(check, str(reason))


def make_report(name: str, sha256: str, contents: Contents, now: dt.datetime) -> EvidenceReport:
    """Return the report of a package that was examined."""
    record = contents.record
    results, errors = record.results(), record.errors()
    register = contents.register if record.holds("E06") and record.holds("E07") else None
    return EvidenceReport(
        file=name,
        file_sha256=sha256,
        checked_at=now,
        exit_code=worst_code([result.code for result in results if result.code is not None]),
        word=worst(errors).word if errors else "verified",
        register=register.register if register else None,
        version=register.version if register else None,
        sha256=digest(contents.register_data) if register else None,
        published_at=register.published_at if register else None,
        recorded=register.recorded if register else None,
        vouched_until=contents.trusted.fresh_until if record.holds("E04") else None,
        root=contents.origin,
        root_version=contents.roots[-1].signed.version if record.holds("E03") else None,
        log=_head(contents.log) if record.holds("E10") else None,
        newest_log=_head(contents.head) if record.holds("E11") else None,
        time_stamp=_stamp(contents) if record.holds("E16") else None,
        changes=tuple(_sentences(contents)) if register and record.holds("E08") else (),
        checks=results,
        not_checked=tuple(_not_checked(contents)),
    )


def _sentences(contents: Contents) -> Iterator[str]:
    """Say each change in this program's own words: those that lie in the package are the publisher's."""
    # Days are told as of the instant in UTC: a package may name a time zone that this machine lacks.
    day = contents.register.published_at.date()
    sentences = Sentences(ENGLISH, contents.register, day)
    return map(sentences.summary, contents.diff.changes)


def _unreadable(name: str, sha256: str, error: Malformed, now: dt.datetime) -> EvidenceReport:
    record = Recorder(CHECKS)
    record.fail("E01", error)
    return EvidenceReport(
        file=name,
        file_sha256=sha256,
        checked_at=now,
        exit_code=error.exit_code,
        word=error.word,
        checks=record.results(),
        not_checked=("Anything at all: the file could not be read as a package of evidence.",),
    )


def _head(log: Checkpoint) -> LogHead:
    return LogHead(size=log.size, root_hash=strict_base64.encode(log.root))


def _stamp(contents: Contents) -> StampSeen | None:
    return StampSeen.of(*contents.time_stamp) if contents.time_stamp else None


def _not_checked(contents: Contents) -> Iterator[str]:
    yield "Whether what the register says is true or complete: only that the publisher said it."
    if contents.time_stamp is None or not contents.record.holds("E16"):
        yield "Whether the publisher's clock was right: the date is its own word."
    if contents.origin is not None and contents.origin.first_use:
        yield (
            "Whether the trust root is the publisher's own: it was taken on trust from the package itself. "
            "Compare its SHA-256 with your contract, or give it with --root-sha256."
        )
    yield "What came later: newer versions, and keys that were found to be compromised since."
    yield from (f"{path}: it lies in the package, and no check looks at it." for path in contents.unread())


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that what is too large is seen to be.
            return file.read(MAX_PACKAGE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
