"""Makes a package: a version is verified as it is served, and what its checks read is gathered.

A package is what the checks of one version read, so that the same checks can be made again from it alone.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.errors import Malformed, UsageError
from register_api.verify.checks.check_table import PACKAGE_CHECKS, Recorder
from register_api.verify.checks.round import Round
from register_api.verify.checks.run import Progress
from register_api.verify.checks.steps import check_package
from register_api.verify.engine import look
from register_api.verify.evidence.archive import MAX_PACKAGE_BYTES, NOTICE, README, make_archive, read_archive
from register_api.verify.evidence.notice import verify_notice
from register_api.verify.evidence.register_package import examine, examine_files, make_readme, report_package
from register_api.verify.fetcher import Fetcher, KeepingFetcher, MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.outcome import make_report
from register_api.verify.report import PackageSeen, Report


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of making a package.

    Attributes:
        report: On the package, or on what is served where that did not hold.
        data: Bytes of the package; ``None`` unless both hold.
    """

    report: Report
    data: bytes | None = None


def make_evidence(
    base: str,
    fetcher: Fetcher,
    version: int,
    options: Options,
    now: dt.datetime,
    progress: Progress | None = None,
) -> Made:
    """Verify a version where it is served, and gather what proves it.

    Args:
        base: Name of the place, for the report.
        fetcher: Gives the tree.
        version: Number of the version.
        options: The root to begin from, and time authorities; history is looked at for this version alone.
        now: The present instant, UTC.
        progress: Called with steps done, steps there are, and what comes next.

    Raises:
        UsageError: There is no such version yet, or the given root cannot be read.
    """
    wishes = msgspec.structs.replace(options, history="none", state=None)
    found = look(fetcher, wishes, now, None, progress)
    log = Round.log.of(found)
    if log is not None and version > log.size:
        raise UsageError(f"there is no version {version}: the newest is {log.size}")
    served = make_report(base, found, now)
    if served.exit_code:
        return Made(report=served)
    kept = KeepingFetcher(fetcher)
    proven = check_package(Round(kept, wishes, None, None, progress, PACKAGE_CHECKS), version)
    if proven.record.errors():
        return Made(report=make_report(base, proven, now))
    # A customer's own root may be a later one; whoever reads the package may have only the first.
    for number in range(1, proven.start.origin.version + 1):
        kept.get(tree.ROOT.path(number), tree.ROOT.max_bytes)
    return _pack(kept.files, version, wishes, now)


def _pack(files: dict[str, bytes], version: int, wishes: Options, now: dt.datetime) -> Made:
    """Verify the package as its reader will, before there is a file; with README.txt at last."""
    found = examine(MemoryFetcher(files), version, wishes)
    report = report_package("the package", "", found, now)
    shown = Round.found.of(found)
    if report.exit_code or shown is None:
        return Made(report=report)
    data = make_archive({**files, README: make_readme(files, found)}, shown.register.published_at)
    return Made(report=report_package("the package", digest(data), found, now), data=data)


def verify_offline(
    path: Path, options: Options, now: dt.datetime, progress: Progress | None = None
) -> Report:
    """Verify a package: the evidence of a version, or the proof of who was told of it.

    Args:
        path: The ZIP file.
        options: Root, witnesses and time authorities; the rest does not count here.
        now: The present instant, UTC, only to be stated: evidence is judged as of its own time.
        progress: Called with steps done, steps there are, and what comes next.

    Raises:
        UsageError: The file or the given root cannot be read.
    """
    data = _read_file(path)
    try:
        files = read_archive(data)
        if NOTICE in files:
            return verify_notice(path.name, digest(data), files, options, now)
        found, unread = examine_files(files, options, progress)
    except Malformed as error:
        return _unreadable(path.name, digest(data), error, now)
    return report_package(path.name, digest(data), found, now, unread=unread)


def _unreadable(name: str, sha256: str, error: Malformed, now: dt.datetime) -> Report:
    record = Recorder(PACKAGE_CHECKS)
    record.fail("E01", error)
    return Report(
        base=name,
        checked_at=now,
        exit_code=error.exit_code,
        word=error.word,
        package=PackageSeen(sha256=sha256),
        checks=record.results(),
        not_checked=("Anything at all: the file could not be read as a package of evidence.",),
    )


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than is allowed, so that what is too large is seen to be.
            return file.read(MAX_PACKAGE_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
