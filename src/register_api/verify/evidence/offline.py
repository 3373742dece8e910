"""``register-api verify --offline FILE``: a package verified without network or clock."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from register_api.core.canonical import digest
from register_api.errors import Malformed, UsageError
from register_api.verify.checks.check_table import PACKAGE_CHECKS
from register_api.verify.checks.recorder import Recorder
from register_api.verify.checks.run import Progress
from register_api.verify.evidence.archive import MAX_PACKAGE_BYTES, read_archive
from register_api.verify.evidence.notice import verify_notice
from register_api.verify.evidence.notice_files import NOTICE
from register_api.verify.evidence.register_package import examine_files, report_package
from register_api.verify.options import Options
from register_api.verify.report.report import PackageSeen, Report


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
