"""Offline verification of packages: evidence of a version, or proof of notice (N01 to N08)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from register_api.core.canonical import Encoded, decode, digest
from register_api.core.delivery import DeliveryRecord, NoticeEvidence, Opening, ProvenRecord, Seal, reply_mac
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.log.merkle import leaf_hash, verify_inclusion
from register_api.errors import Forged, Inconsistent, Malformed, Unwitnessed
from register_api.files.durable import read_bounded
from register_api.verify.checks.check_table import (
    NOTICE_CHECKS,
    PACKAGE_CHECKS,
    NotApplicable,
    Recorder,
    naming,
    worst,
)
from register_api.verify.checks.round import Round
from register_api.verify.checks.run import Progress, Run, Step, VerifiedValue, make_checks
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import MAX_PACKAGE_BYTES, README, read_archive
from register_api.verify.evidence.package import examine_files, report_package
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.options import Options
from register_api.verify.report import PackageSeen, ProvenFact, ProvenNotice, Report
from register_api.verify.report_text import plain

if TYPE_CHECKING:
    from register_api.core.log.time_stamp import TimeStamp

NOTICE_README = resources(__package__).joinpath("forms", "notice-1.txt").read_bytes()
"""README.txt of a proof of notice, a fixed text on how to check one by hand."""


def verify_offline(
    path: Path, options: Options, now: dt.datetime, progress: Progress | None = None
) -> Report:
    """Verify a package: evidence of a version, or proof of notice.

    Args:
        path: The ZIP file.
        options: Root, witnesses and time-stamping authorities; other options are ignored.
        now: Current time, UTC, for the report only: evidence is judged as of its own time.
        progress: Called with the steps done, the steps known so far, and the name of the next step.

    Raises:
        UsageError: The file or the root file cannot be read.
    """
    data = read_bounded(path, MAX_PACKAGE_BYTES)
    sha256 = digest(data)
    try:
        files = read_archive(data)
        if paths.NOTICE in files:
            return verify_notice(path.name, sha256, files, options, now)
        found, unread = examine_files(files, options, progress)
    except Malformed as error:
        record = Recorder(PACKAGE_CHECKS)
        record.fail("E01", error)
        return Report(
            base=path.name,
            checked_at=now,
            exit_code=error.exit_code,
            word=error.word,
            package=PackageSeen(sha256=sha256),
            checks=record.results(),
            not_checked=("Anything at all: the file could not be read as a package of evidence.",),
        )
    return report_package(path.name, sha256, found, now, unread=unread)


class NoticePackage(NamedTuple):
    """The index of a proof of notice, and its seals by root."""

    notice: NoticeEvidence
    seals: dict[str, Encoded[Seal]]

    def records(self) -> Iterator[tuple[str, ProvenRecord, Seal]]:
        """Yield each record's path in the package, its inclusion proof, and the seal of its root."""
        for number, proven in enumerate(self.notice.records, 1):
            yield paths.record_path(number), proven, self.seals[proven.root].document


class NoticeRun(Run):
    """A run over a proof of notice; timestamps are by root, openings by recipient."""

    files: Mapping[str, bytes] = {}
    package = VerifiedValue[NoticePackage]("N01")
    records = VerifiedValue[tuple[DeliveryRecord, ...]]("N03")
    stamps: VerifiedValue[dict[str, TimeStamp]] = VerifiedValue("N05")
    openings = VerifiedValue[dict[str, Opening]]("N06")
    register = VerifiedValue[Round]("N08")


def _read_package(run: NoticeRun) -> str:
    """Read ``notice.json`` and the seals; refuse files that it does not need (N01)."""
    files = run.files
    with naming(paths.NOTICE):
        notice = decode(files[paths.NOTICE], NoticeEvidence)
        if len(notice.records) > paths.MAX_RECORDS:
            raise Malformed(f"more than {paths.MAX_RECORDS} records")
    records = [paths.record_path(number) for number in range(1, len(notice.records) + 1)]
    seals = {record.root: paths.seal_path(record.root) for record in notice.records}
    if missing := {*records, *seals.values()} - set(files):
        raise Malformed(f"the package lacks {min(missing)}")
    known = {paths.NOTICE, paths.REGISTER, README, *records, *seals.values(), *map(paths.stamp_path, seals)}
    strange = [path for path in files if path not in known and not path.startswith(paths.MESSAGES)]
    if strange:
        raise Malformed(f"{min(strange)} is not a file of a proof of notice")
    sealed = {}
    for root, path in seals.items():
        with naming(path):
            sealed[root] = seal = Encoded(decode(files[path], Seal), files[path])
            if seal.document.size.bit_count() != 1:
                raise Malformed(f"a tree of {seal.document.size} leaves, which is not a power of two")
    run.package = NoticePackage(notice, sealed)
    return f"{count(len(records), 'record')} of version {notice.version}"


def _check_readme(run: NoticeRun) -> str:
    """Compare README.txt with its fixed text (N02)."""
    if README not in run.files:
        raise NotApplicable("there is none")
    if run.files[README] != NOTICE_README:
        raise Forged("README.txt differs from the fixed text of such packages: do not rely on it")
    return "word for word"


def _read_records(run: NoticeRun) -> str:
    """Read the records and check that each is of the package's register and version (N03)."""
    notice, found = run.package.notice, []
    for path, _, seal in run.package.records():
        with naming(path):
            record = decode(run.files[path], DeliveryRecord)
            if {record.register, seal.register} != {notice.register}:
                raise Inconsistent("of another register than the package")
            if record.sha256_of(notice.version) is None:
                raise Inconsistent("not of the version that the package is about")
            if record.at > seal.sealed_at:
                raise Inconsistent("of a later instant than its seal")
            found.append(record)
    if len({record.id for record in found}) != len(found):
        raise Inconsistent("a record appears twice in the package")
    run.records = tuple(found)
    return f"of {notice.register}, version {notice.version}"


def _check_paths(run: NoticeRun) -> str:
    """Verify each record's inclusion proof up to the root of its seal (N04)."""
    for path, proven, seal in run.package.records():
        with naming(path):
            if seal.root != proven.root:
                raise Forged("its seal names another root")
            leaf, above = leaf_hash(run.files[path]), [bytes.fromhex(one) for one in proven.path]
            verify_inclusion(leaf, proven.index, seal.size, above, bytes.fromhex(seal.root))
    return f"{count(len(run.records), 'record')} below {count(len(run.package.seals), 'root')}"


def _check_stamps(run: NoticeRun) -> str:
    """Check the timestamp on each seal, as of the time of the stamp (N05)."""
    from register_api.core.log.time_stamp import (  # noqa: PLC0415 - takes long to load
        CLOCK_TOLERANCE,
        open_time_stamp,
    )

    anchors, seals = run.options.stamped_by or None, run.package.seals
    stamps: dict[str, TimeStamp] = {}
    for root, sealed in seals.items():
        path = paths.stamp_path(root)
        if path not in run.files:
            continue
        with naming(path):
            stamps[root] = open_time_stamp(run.files[path], sealed.data, anchors)
            if sealed.document.sealed_at - stamps[root].at > CLOCK_TOLERANCE:
                raise Inconsistent("stamped before the time that its seal states")
    if not anchors:
        unknown = "over the right bytes, but its issuer was not checked (--stamped-by)"
        raise NotApplicable(unknown if stamps else "no seal is stamped")
    if bare := seals.keys() - stamps.keys():
        raise Unwitnessed(
            f"{count(len(bare), 'seal')} of {len(seals)} not stamped",
            hint="ask the publisher for a package that was made after the time authority had answered",
        )
    run.stamps = stamps
    return "; ".join(f"{stamp.authority} at {format_instant(stamp.at)}" for stamp in stamps.values())


def _check_openings(run: NoticeRun) -> str:
    """Recompute the MACs of revealed addresses and replies (N06)."""
    openings = {opening.recipient: opening for opening in run.package.notice.openings}
    if openings.keys() - {record.recipient for record in run.records}:
        raise Forged(f"{paths.NOTICE}: an address without a record")
    for number, (record, proven) in enumerate(zip(run.records, run.package.notice.records, strict=True), 1):
        reply, opening = proven.reply, openings.get(record.recipient or "")
        if reply is None:
            continue
        if opening is None or record.reply != reply_mac(bytes.fromhex(opening.key), reply):
            raise Forged(f"{paths.NOTICE}: not the reply in record {number}")
    if not openings:
        raise NotApplicable("no address can be shown: its key is not in the package, or was deleted")
    run.openings = openings
    return ", ".join(plain(opening.address) for opening in openings.values())


def _check_messages(run: NoticeRun) -> str:
    """Compare messages with the recorded digests, which are their file names (N07)."""
    recorded = {paths.message_path(one.body_sha256, one.channel): one.body_sha256 for one in run.records}
    found = [path for path in run.files if path.startswith(paths.MESSAGES)]
    for path in found:
        if path not in recorded or digest(run.files[path]) != recorded[path]:
            raise Forged(f"{path}: not a message that was recorded")
    if not found:
        raise NotApplicable("no message is in the package")
    return count(len(found), "message")


def _check_register(run: NoticeRun) -> str:
    """Check the register's evidence package, and that it is of the version announced (N08)."""
    notice, data = run.package.notice, run.files.get(paths.REGISTER)
    if data is None:
        raise NotApplicable(f"there is no {paths.REGISTER}")
    with naming(paths.REGISTER):
        files = read_archive(data)
        stamped = any(path.endswith(".tsr") for path in files)
        options = run.options if stamped else msgspec.structs.replace(run.options, stamped_by=())
        found, _ = examine_files(files, options)
        if errors := found.record.errors():
            raise worst(errors)
        if found.newest is None:
            raise Malformed("no valid version")
        register = found.newest.document
        if (register.register, register.version) != (notice.register, notice.version):
            raise Inconsistent("of another register or version than the package")
        if {record.sha256_of(notice.version) for record in run.records} != {found.newest.sha256}:
            raise Inconsistent("not the version that recipients were notified of: another SHA-256")
    run.register = found
    return f"SHA-256 {found.newest.sha256}"


_STEPS: tuple[Step[NoticeRun], ...] = (
    Step("N01", _read_package),
    Step("N02", _check_readme),
    Step("N03", _read_records, "N01"),
    Step("N04", _check_paths, "N01 N03"),
    Step("N05", _check_stamps, "N01"),
    Step("N06", _check_openings, "N01 N03"),
    Step("N07", _check_messages, "N01 N03"),
    Step("N08", _check_register, "N01 N03"),
)


def verify_notice(
    name: str, sha256: str, files: Mapping[str, bytes], options: Options, now: dt.datetime
) -> Report:
    """Verify a proof of notice, given file name, digest (hex) and files; see ``verify_offline``."""
    run = NoticeRun(MemoryFetcher(files), options, None, checks=NOTICE_CHECKS)
    run.files = files
    make_checks(run, _STEPS)
    errors, found = run.record.errors(), NoticeRun.register.of(run)
    bare = Report(base=name, checked_at=now, package=PackageSeen(sha256=sha256))
    report = report_package(name, sha256, found, now) if found else bare
    bad = worst(errors) if errors else None
    return msgspec.structs.replace(
        report,
        exit_code=bad.exit_code if bad else 0,
        word=bad.word if bad else "verified",
        notified=_proven_notice(run) if run.record.passed("N04") else None,
        checks=(*run.record.results(), *report.checks),
        not_checked=(*report.not_checked, *_limits(run)),
    )


_OF_A_RECORD = ("at", "what", "channel", "kind", "customer", "message_id", "body_sha256")


def _proven_notice(run: NoticeRun) -> ProvenNotice:
    """Return the records with revealed addresses and accepted timestamps."""
    openings, stamps = NoticeRun.openings.of(run) or {}, NoticeRun.stamps.of(run) or {}
    notice, facts = run.package.notice, []
    for record, (_, proven, seal) in zip(run.records, run.package.records(), strict=True):
        opening, stamp = openings.get(record.recipient or ""), stamps.get(proven.root)
        fact = ProvenFact(
            **{name: getattr(record, name) for name in _OF_A_RECORD},
            address=opening.address if opening else None,
            reply=proven.reply if opening else None,
            sealed_at=seal.sealed_at,
            stamped_at=stamp.at if stamp else None,
        )
        facts.append(fact)
    return ProvenNotice(register=notice.register, version=notice.version, facts=tuple(facts))


def _limits(run: NoticeRun) -> Iterator[str]:
    """Yield sentences on what a proof of notice does not establish."""
    package = NoticeRun.package.of(run)
    yield "Whether anyone has read it, and whether the mail server said so: the record is the sender's own."
    yield "What happened later, and to others: the package has the records of whom it was made for."
    if not NoticeRun.stamps.of(run):
        yield "When it was recorded: without a timestamp of an accepted authority that is the sender's word."
    if NoticeRun.register.of(run) is None and package is not None:
        version = package.notice.version
        yield f"What version {version} says: `register-api evidence BASE --version {version}` proves that."
