"""Makes a package: a version is verified as it is served, and what its checks read is gathered.

A package is what the checks of one version read, so that the same checks can be made again from it alone.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.errors import UsageError
from register_api.verify.checks.check_table import PACKAGE_CHECKS
from register_api.verify.checks.round import check_package
from register_api.verify.checks.run import Progress, Run
from register_api.verify.engine import look
from register_api.verify.evidence.archive import README
from register_api.verify.evidence.package import make_archive
from register_api.verify.evidence.readme import make_readme
from register_api.verify.evidence.register_package import examine, report_package
from register_api.verify.fetch.fetcher import Fetcher, KeepingFetcher, MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report.outcome import limits_of_an_address, make_report
from register_api.verify.report.report import Report


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What came of making a package.

    Attributes:
        served: The report on what is served.
        package: The report on the package; ``None`` when what is served did not hold.
        data: Bytes of the package; ``None`` unless both hold.
    """

    served: Report
    package: Report | None = None
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
    log = found.log.get()
    if log is not None and version > log.size:
        raise UsageError(f"there is no version {version}: the newest is {log.size}")
    served = make_report(base, found, now, limits=tuple(limits_of_an_address(found.run)))
    if served.exit_code:
        return Made(served=served)
    kept = KeepingFetcher(fetcher)
    proven = check_package(Run(kept, wishes, None, None, progress, PACKAGE_CHECKS), version)
    if proven.run.record.errors():
        return Made(served=make_report(base, proven, now))
    # A customer's own root may be a later one; whoever reads the package may have only the first.
    for number in range(1, proven.start.value.origin.version + 1):
        kept.get(tree.ROOT.path(number), tree.ROOT.max_bytes)
    return _pack(served, kept.files, version, wishes, now)


def _pack(served: Report, files: dict[str, bytes], version: int, wishes: Options, now: dt.datetime) -> Made:
    """Verify the package as its reader will, before there is a file; with README.txt at last."""
    found = examine(MemoryFetcher(files), version, wishes)
    report = report_package("the package", "", found, now)
    shown = found.found.get()
    if report.exit_code or shown is None:
        return Made(served=served, package=report)
    data = make_archive({**files, README: make_readme(files, found)}, shown.register.published_at)
    return Made(served=served, package=report_package("the package", digest(data), found, now), data=data)
