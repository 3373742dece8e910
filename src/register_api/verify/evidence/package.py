"""Evidence packages: all files that the checks of one version need, to verify it offline."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Container, Iterator, Mapping
from importlib.resources import files as resources

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.key_list import good_key
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.errors import Forged, Malformed, UsageError
from register_api.verify.checks.check_table import PACKAGE_CHECKS, NotApplicable
from register_api.verify.checks.round import Round, Version
from register_api.verify.checks.run import Progress, Step, make_checks
from register_api.verify.engine import check_package, check_with_retry
from register_api.verify.evidence.archive import README, make_archive, notice_bound
from register_api.verify.fetcher import Fetcher, KeepingFetcher, MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.outcome import make_report
from register_api.verify.report import LogHead, PackageSeen, Report
from register_api.verify.report_text import instant_in_words, plain

_FORM = resources(__package__).joinpath("forms", "1.txt")
_BLANK = re.compile("@([A-Z0-9_]+)@")
_VERSION = re.compile(r"v1/versions/([1-9][0-9]{0,15})/.*")
_MAX_CHANGES = 200


class EvidenceResult(msgspec.Struct, frozen=True, kw_only=True):
    """A report on the package, or on the served register if that failed; the package if both passed."""

    report: Report
    data: bytes | None = None


def make_evidence(
    base: str,
    fetcher: Fetcher,
    version: int,
    options: Options,
    now: dt.datetime,
    progress: Progress | None = None,
) -> EvidenceResult:
    """Verify a published version and package the files that prove it.

    Args:
        base: Address or name of the tree, for the report.
        fetcher: Reads the tree.
        version: Number of the version.
        options: Trust root and time-stamping authorities; ``history`` and ``state`` are ignored.
        now: Current time, UTC.
        progress: Called with the steps done, the steps known so far, and the name of the next step.

    Raises:
        UsageError: The version does not exist yet, or the root file cannot be read.
    """
    options = msgspec.structs.replace(options, history="none", state=None)
    found = check_with_retry(fetcher, options, now, None, progress)
    log = Round.log.of(found)
    if log is not None and version > log.size:
        raise UsageError(f"version {version} not found; the newest is {log.size}")
    served = make_report(base, found, now)
    if served.exit_code:
        return EvidenceResult(report=served)
    kept = KeepingFetcher(fetcher)
    proven = check_package(Round(kept, options, None, None, progress, PACKAGE_CHECKS), version)
    if proven.record.errors():
        return EvidenceResult(report=make_report(base, proven, now))
    # The options' root may be a later one, while readers of the package may have only the first.
    for number in range(1, proven.start.origin.version + 1):
        kept.get(tree.ROOT.path(number), tree.ROOT.max_bytes)
    # Verify the package as its reader will; README.txt is added last.
    found = _examine(MemoryFetcher(kept.files), version, options)
    report = report_package("the package", "", found, now)
    target = Round.found.of(found)
    if report.exit_code or target is None:
        return EvidenceResult(report=report)
    readme = make_readme(kept.files, found)
    data = make_archive({**kept.files, README: readme}, target.register.published_at)
    return EvidenceResult(report=report_package("the package", digest(data), found, now), data=data)


def _examine(
    tree_in_package: MemoryFetcher, version: int, options: Options, progress: Progress | None = None
) -> Round:
    run = Round(tree_in_package, options, None, None, progress, PACKAGE_CHECKS)
    run.record.succeed("E01", f"{len(tree_in_package.files)} files of version {version}")
    return check_package(run, version)


def examine_files(
    files: Mapping[str, bytes], options: Options, progress: Progress | None = None
) -> tuple[Round, set[str]]:
    """Check the files of a package; return the run and the files that no check has read."""
    tree_in_package = MemoryFetcher(files)
    found = _examine(tree_in_package, _version_of(files), options, progress)
    make_checks(found, [Step("E03", lambda run: _check_readme(files, run), "E02")])
    return found, set(files) - {*tree_in_package.asked, README}


def _version_of(files: Mapping[str, bytes]) -> int:
    """Return the version that a package proves: the only one with a diff.

    Files of other versions are allowed only for the previous version and for one with a timestamp.
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


def _check_readme(files: Mapping[str, bytes], found: Round) -> str:
    """Compare README.txt with what the package shows (E03)."""
    data = files.get(README)
    if data is None:
        raise NotApplicable("there is none")
    title = _FORM.read_bytes().partition(b"\n")[0]
    if data.partition(b"\n")[0] != title:
        raise Malformed(f"README.txt does not begin with {title.decode()!r}, the one form known here")
    # A timestamp may have been added to a package after its README was written.
    if data not in (make_readme(files, found), make_readme((), found)):
        raise Forged("README.txt does not say what the package shows: do not rely on it")
    return "word for word"


def make_readme(files: Container[str], found: Round) -> bytes:
    """Return README.txt for a package that passed all other checks."""
    target, log, trusted = found.found, found.log, found.targets.trusted
    if target is None:
        raise NotApplicable("the version's files are not valid")
    register, keys, version = target.register, found.keys.document, found.version
    stamps = (path for size in (version, log.size) if (path := tree.TIME_STAMP.path(size)) in files)
    facts = {
        "PUBLISHER": plain(register.publisher.legal_name or register.publisher.name),
        "REGISTER": plain(register.register),
        "VERSION": str(version),
        "PUBLISHED": instant_in_words(register.published_at),
        "RECORDED": register.recorded,
        "CHANGES": "\n".join(_changes(target)),
        "SHA256": digest(target.data),
        "LOG": f"size {version}, root {strict_base64.encode(log.root_at(version))}",
        "NEWEST_LOG": f"size {log.size}, root {strict_base64.encode(log.head.root)}",
        "STAMP": next(stamps, "none"),
        "VOUCHED_UNTIL": instant_in_words(trusted.fresh_until),
        "DOCUMENT_KEY": good_key(keys, "document", None, version).kid,
        "LOG_KEY": good_key(keys, "log", None, version).kid,
        "TARGETS": str(trusted.versions["targets"]),
    }
    # Filled in a single pass, so that placeholders in the publisher's text are not replaced.
    return _BLANK.sub(lambda blank: facts[blank[1]], _FORM.read_text("utf-8")).encode()


def _changes(version: Version) -> Iterator[str]:
    """Yield lines on each change; none starts with four spaces, as commands do in README.txt."""
    if version.diff is None:
        raise NotApplicable("the diff is not valid")
    changes = version.diff.changes
    names = {vendor.id: vendor.name for vendor in version.register.subprocessors}
    for change in changes[:_MAX_CHANGES]:
        notice, vendor = change.notice, change.subprocessor or "the register"
        use = f", {change.engagement}" if change.engagement else ""
        fields = f" ({', '.join(field.path for field in change.fields)})" if change.kind == "changed" else ""
        yield "- " + plain(f"{names.get(vendor, vendor)}{use}: {change.type}{fields}")
        if notice.announced_on is not None and notice.effective_on is not None:
            yield f"  announced on {notice.announced_on}, effective {notice.effective_on}"
        if notice.required and notice.promised_days is not None:
            given = "no effective date" if notice.days is None else f"{notice.days} days given"
            kept = "kept" if notice.met else "NOT kept"
            yield f"  notice promised: {notice.promised_days} {notice.day_count} days; {given}: {kept}"
    if len(changes) > _MAX_CHANGES:
        yield f"- and {len(changes) - _MAX_CHANGES} more, in diff.json"
    if not changes:
        yield "- nothing that customers are told"


def report_package(
    name: str, sha256: str, found: Round, now: dt.datetime, unread: Collection[str] = ()
) -> Report:
    """Return the report on an examined package."""
    log = Round.log.of(found) if found.record.passed("V15") else None
    version = Round.found.of(found) if found.newest else None
    changes: tuple[str, ...] = ()
    if version is not None and version.diff is not None and found.record.passed("V18"):
        # Worded by this program, since the text in the package is the publisher's; with the UTC date, since
        # this machine may lack the register's time zone.
        sentences = Sentences(ENGLISH, version.register, version.register.published_at.date())
        changes = tuple(map(sentences.summary, version.diff.changes))
    package = PackageSeen(
        sha256=sha256,
        recorded=version.register.recorded if version else None,
        log=LogHead.of(found.version, log.root_at(found.version)) if log else None,
        changes=changes,
    )
    limits = ["What came later: newer versions, and keys that were found to be compromised since."]
    limits += [f"{path}: it is in the package, but no check reads it." for path in sorted(unread)]
    if Round.stamp.of(found) is None:
        limits.insert(0, "Whether the publisher's clock was right: the date is its own word.")
    return make_report(name, found, now, package=package, limits=limits)
