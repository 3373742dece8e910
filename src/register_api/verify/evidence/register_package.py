"""What a package of evidence of one version shows: its checks, made from its files alone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Container, Iterator, Mapping
from importlib.resources import files

from register_api.core import strict_base64
from register_api.core.canonical import digest
from register_api.core.changes import Change
from register_api.core.format import tree
from register_api.core.format.tree import TIME_STAMP
from register_api.core.key_list import good_key
from register_api.core.language.changes import Sentences
from register_api.core.language.language import ENGLISH
from register_api.errors import Forged, Malformed
from register_api.verify.checks.check_table import PACKAGE_CHECKS, NotApplicable
from register_api.verify.checks.round import Round, Version
from register_api.verify.checks.run import Progress, Step, make_checks
from register_api.verify.checks.steps import check_package
from register_api.verify.evidence.archive import README, notice_bound
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.outcome import make_report
from register_api.verify.report import LogHead, PackageSeen, Report
from register_api.verify.report_text import instant_in_words, plain

_FORM = files(__package__).joinpath("forms", "1.txt")
_BLANK = re.compile("@([A-Z0-9_]+)@")
_MAX_CHANGES = 200


def make_readme(files: Container[str], found: Round) -> bytes:
    """Return README.txt for a package of which everything else has been found to hold."""
    sizes = (found.version, found.log.size)
    stamped = next((size for size in sizes if TIME_STAMP.path(size) in files), None)
    return _readme(found, stamped)


def check_readme(files: Mapping[str, bytes], found: Round) -> str:
    """Compare README.txt with what the package shows (E03)."""
    data = files.get(README)
    if data is None:
        raise NotApplicable("there is none")
    title = _FORM.read_bytes().partition(b"\n")[0]
    if data.partition(b"\n")[0] != title:
        raise Malformed(f"README.txt does not begin with {title.decode()!r}, the one form known here")
    # A stamp may have been added to a package that was made without one, and has its README still.
    if data not in (make_readme(files, found), _readme(found, None)):
        raise Forged("README.txt does not say what the package shows: do not rely on it")
    return "word for word"


def _readme(found: Round, stamped: int | None) -> bytes:
    shown, log, trusted = found.found, found.log, found.targets.trusted
    if shown is None:
        raise NotApplicable("the version's files do not hold")
    register, keys, version = shown.register, found.keys.document, found.version
    facts = {
        "PUBLISHER": plain(register.publisher.legal_name or register.publisher.name),
        "REGISTER": plain(register.register),
        "VERSION": str(version),
        "PUBLISHED": instant_in_words(register.published_at),
        "RECORDED": register.recorded,
        "CHANGES": "\n".join(_changes(shown)),
        "SHA256": digest(shown.data),
        "LOG": _log(version, log.root_at(version)),
        "NEWEST_LOG": _log(log.size, log.head.root),
        "STAMP": "none" if stamped is None else TIME_STAMP.path(stamped),
        "VOUCHED_UNTIL": instant_in_words(trusted.fresh_until),
        "DOCUMENT_KEY": good_key(keys, "document", None, version).kid,
        "LOG_KEY": good_key(keys, "log", None, version).kid,
        "TARGETS": str(trusted.versions["targets"]),
    }
    # Filled in one go: what a publisher wrote is never looked at for blanks.
    return _BLANK.sub(lambda blank: facts[blank[1]], _FORM.read_text("utf-8")).encode()


def _changes(shown: Version) -> Iterator[str]:
    """Yield the lines of each change, facts alone; none begins as a command does, by four spaces."""
    if shown.diff is None:
        raise NotApplicable("the diff does not hold")
    changes = shown.diff.changes
    names = {vendor.id: vendor.name for vendor in shown.register.subprocessors}
    for change in changes[:_MAX_CHANGES]:
        yield from _change(change, names)
    if len(changes) > _MAX_CHANGES:
        yield f"- and {len(changes) - _MAX_CHANGES} more, in diff.json"
    if not changes:
        yield "- nothing that customers are told"


def _change(change: Change, names: dict[str, str]) -> Iterator[str]:
    notice, who = change.notice, names.get(change.subprocessor or "", change.subprocessor or "the register")
    use = f", {change.engagement}" if change.engagement else ""
    paths = f" ({', '.join(field.path for field in change.fields)})" if change.kind == "changed" else ""
    yield "- " + plain(f"{who}{use}: {change.type}{paths}")
    if notice.announced_on is not None and notice.effective_on is not None:
        yield f"  announced on {notice.announced_on}, effective {notice.effective_on}"
    if notice.required and notice.promised_days is not None:
        given = "no effective date" if notice.days is None else f"{notice.days} days given"
        kept = "kept" if notice.met else "NOT kept"
        yield f"  notice promised: {notice.promised_days} {notice.day_count} days; {given}: {kept}"


def _log(size: int, root: bytes) -> str:
    return f"size {size}, root {strict_base64.encode(root)}"


_VERSION = re.compile(r"v1/versions/([1-9][0-9]{0,15})/.*")


def examine_files(
    files: Mapping[str, bytes], options: Options, progress: Progress | None = None
) -> tuple[Round, set[str]]:
    """Make every check of the files of a package."""
    tree_in_package = MemoryFetcher(files)
    found = examine(tree_in_package, _version(files), options, progress)
    make_checks(found, [Step("E03", lambda run: check_readme(files, run), "E02")])
    return found, set(files) - {*tree_in_package.asked, README}


def examine(
    tree_in_package: MemoryFetcher, version: int, options: Options, progress: Progress | None = None
) -> Round:
    """Make every check of the files of a package but that of its README.txt."""
    run = Round(tree_in_package, options, None, None, progress, PACKAGE_CHECKS)
    run.record.passed("E01", f"{len(tree_in_package.files)} files of version {version}")
    return check_package(run, version)


def report_package(
    name: str, sha256: str, found: Round, now: dt.datetime, unread: Collection[str] = ()
) -> Report:
    """Return the report of a package that was examined."""
    log = Round.log.of(found) if found.record.holds("V15") else None
    version = Round.found.of(found) if found.newest else None
    package = PackageSeen(
        sha256=sha256,
        recorded=version.register.recorded if version else None,
        log=LogHead.of(found.version, log.root_at(found.version)) if log else None,
        changes=tuple(_sentences(found)) if version else (),
    )
    return make_report(name, found, now, package=package, limits=tuple(_limits(found, unread)))


def _sentences(found: Round) -> Iterator[str]:
    """Say each change in this program's own words: those that lie in the package are the publisher's."""
    version = Round.found.of(found)
    if version is None or version.diff is None or not found.record.holds("V18"):
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


def _limits(found: Round, unread: Collection[str]) -> Iterator[str]:
    if Round.stamp.of(found) is None:
        yield "Whether the publisher's clock was right: the date is its own word."
    yield "What came later: newer versions, and keys that were found to be compromised since."
    yield from (f"{path}: it lies in the package, and no check looks at it." for path in sorted(unread))
