"""What a package of evidence of one version shows: its checks, made from its files alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping

from register_api.core.format import tree
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.errors import Malformed
from register_api.verify.checks.check_table import PACKAGE_CHECKS
from register_api.verify.checks.round import PackageRound, check_package
from register_api.verify.checks.run import Progress, Run
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.notice_files import notice_bound
from register_api.verify.evidence.readme import check_readme
from register_api.verify.fetch.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report.outcome import make_report
from register_api.verify.report.report import LogHead, PackageSeen, Report

_VERSION = re.compile(r"v1/versions/([1-9][0-9]{0,15})/.*")


def examine_files(
    files: Mapping[str, bytes], options: Options, progress: Progress | None = None
) -> tuple[PackageRound, set[str]]:
    """Make every check of the files of a package."""
    tree_in_package = MemoryFetcher(files)
    found = examine(tree_in_package, _version(files), options, progress)
    found.run.check("E03", lambda: check_readme(files, found), found.times)
    return found, set(files) - {*tree_in_package.asked, README}


def examine(
    tree_in_package: MemoryFetcher, version: int, options: Options, progress: Progress | None = None
) -> PackageRound:
    """Make every check of the files of a package but that of its README.txt."""
    run = Run(tree_in_package, options, None, None, progress, PACKAGE_CHECKS)
    run.record.passed("E01", f"{len(tree_in_package.files)} files of version {version}")
    return check_package(run, version)


def report_package(
    name: str, sha256: str, found: PackageRound, now: dt.datetime, unread: Collection[str] = ()
) -> Report:
    """Return the report of a package that was examined."""
    log = found.log.get() if found.run.record.holds("V15") else None
    version = found.found.get() if found.newest else None
    package = PackageSeen(
        sha256=sha256,
        recorded=version.register.recorded if version else None,
        log=LogHead.of(found.version, log.root_at(found.version)) if log else None,
        changes=tuple(_sentences(found)) if version else (),
    )
    return make_report(name, found, now, package=package, limits=tuple(_limits(found, unread)))


def _sentences(found: PackageRound) -> Iterator[str]:
    """Say each change in this program's own words: those that lie in the package are the publisher's."""
    version = found.found.get()
    if version is None or version.diff is None or not found.run.record.holds("V18"):
        return
    # Days are told as of the instant in UTC: a package may name a time zone that this machine lacks.
    sentences = Sentences(ENGLISH, version.register, version.register.published_at.date())
    yield from map(sentences.summary, version.diff.changes)


def _version(files: Mapping[str, bytes]) -> int:
    """Return the version that a package is of: the one whose diff it has.

    Of another version there may only be what proves this one: the version before it, and one whose
    checkpoint is stamped.
    """
    if strange := [path for path in files if notice_bound(path) is not None]:
        raise Malformed(f"a package of a version, with {min(strange)} of a proof of notice")
    numbers = {int(match[1]) for path in files if (match := _VERSION.fullmatch(path))}
    found = [number for number in numbers if tree.VERSION_DIFF.path(number) in files]
    if len(found) != 1:
        raise Malformed(f"a package is of one version, this one has the diffs of {len(found)}")
    version = found[0]
    stamped = {number for number in numbers if tree.TIME_STAMP.path(number) in files}
    if strangers := numbers - {version, version - 1} - stamped:
        raise Malformed(f"a package of version {version}, with files of version {min(strangers)}")
    return version


def _limits(found: PackageRound, unread: Collection[str]) -> Iterator[str]:
    if found.stamp.get() is None:
        yield "Whether the publisher's clock was right: the date is its own word."
    yield "What came later: newer versions, and keys that were found to be compromised since."
    yield from (f"{path}: it lies in the package, and no check looks at it." for path in sorted(unread))
