"""The report on a package that proves who was told of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.verify.checks.check_table import NOTICE_CHECKS, worst
from register_api.verify.checks.run import Run
from register_api.verify.evidence.register_package import report_package
from register_api.verify.fetcher import MemoryFetcher
from register_api.verify.report import FactProven, NoticeSeen, PackageSeen, Report

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from register_api.core.delivery import DeliveryRecord, Opening, ProvenRecord
    from register_api.core.log.time_stamp import TimeStamp
    from register_api.verify.checks.round import PackageRound
    from register_api.verify.options import Options
from importlib.resources import files as resources
from typing import TYPE_CHECKING, NamedTuple

from register_api.core.canonical import decode, digest
from register_api.core.delivery import DeliveryRecord, NoticeEvidence, Opening, Seal, reply_mac
from register_api.core.instant import format_instant
from register_api.core.language.language import count
from register_api.core.log.merkle import leaf_hash, verify_inclusion
from register_api.errors import Forged, Inconsistent, Malformed, Unwitnessed
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.evidence import archive as paths
from register_api.verify.evidence.archive import README, read_archive
from register_api.verify.evidence.register_package import examine_files
from register_api.verify.report_text import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.log.time_stamp import TimeStamp
    from register_api.verify.checks.round import PackageRound
    from register_api.verify.checks.run import Run

NOTICE_README = resources(__package__).joinpath("forms", "notice-1.txt").read_bytes()
"""README.txt of such a package, always the same: it says how to check one by hand."""


class Sealed(NamedTuple):
    """A seal, and its bytes, which are stamped."""

    seal: Seal
    data: bytes


class NoticePackage(NamedTuple):
    """What a package holds.

    Attributes:
        records: The bytes of each record.
        seals: The seals, by root.
        files: All of its files.
    """

    notice: NoticeEvidence
    records: tuple[bytes, ...]
    seals: dict[str, Sealed]
    files: Mapping[str, bytes]


def read_package(files: Mapping[str, bytes]) -> tuple[NoticePackage, str]:
    """Take the files apart; each has to be one that ``notice.json`` needs (N01)."""
    with naming(paths.NOTICE):
        notice = decode(files[paths.NOTICE], NoticeEvidence)
        if len(notice.records) > paths.MAX_RECORDS:
            raise Malformed(f"more than {paths.MAX_RECORDS} records")
    records = [paths.record_path(number) for number in range(1, len(notice.records) + 1)]
    seals = {record.root: paths.seal_path(record.root) for record in notice.records}
    if missing := {*records, *seals.values()} - set(files):
        raise Malformed(f"the package lacks {min(missing)}")
    known = {paths.NOTICE, paths.REGISTER, README, *records, *seals.values()}
    known |= {paths.stamp_path(root) for root in seals}
    strange = [path for path in files if path not in known and not path.startswith(paths.MESSAGES)]
    if strange:
        raise Malformed(f"{min(strange)} is not a file of a proof of notice")
    package = NoticePackage(
        notice,
        tuple(files[path] for path in records),
        {root: _read_seal(files[path], path) for root, path in seals.items()},
        files,
    )
    return package, f"{count(len(records), 'record')} of version {notice.version}"


def _read_seal(data: bytes, path: str) -> Sealed:
    with naming(path):
        seal = decode(data, Seal)
        if seal.size.bit_count() != 1:
            raise Malformed(f"a tree of {seal.size} leaves, which is not a power of two")
        return Sealed(seal, data)


def check_readme(files: Mapping[str, bytes]) -> str:
    """Compare README.txt with the text of this form (N02)."""
    if README not in files:
        raise NotApplicable("there is none")
    if files[README] != NOTICE_README:
        raise Forged("README.txt is another text than the one of such packages: do not rely on it")
    return "word for word"


def read_records(package: NoticePackage) -> tuple[tuple[DeliveryRecord, ...], str]:
    """Read the records; each is of the register and version that the package names (N03)."""
    found = []
    for number, (data, proven) in enumerate(zip(package.records, package.notice.records, strict=True), 1):
        with naming(paths.record_path(number)):
            record = decode(data, DeliveryRecord)
            seal = package.seals[proven.root].seal
            if {record.register, seal.register} != {package.notice.register}:
                raise Inconsistent("of another register than the package")
            if record.sha256_of(package.notice.version) is None:
                raise Inconsistent("not of the version that the package is about")
            if record.at > seal.sealed_at:
                raise Inconsistent("of a later instant than its seal")
            found.append(record)
    if len({record.id for record in found}) != len(found):
        raise Inconsistent("a record appears twice in the package")
    return tuple(found), f"of {package.notice.register}, version {package.notice.version}"


def check_paths(package: NoticePackage, records: tuple[DeliveryRecord, ...]) -> str:
    """Walk up from each record to the root of its seal (N04)."""
    for number, (data, proven) in enumerate(zip(package.records, package.notice.records, strict=True), 1):
        seal = package.seals[proven.root].seal
        with naming(paths.record_path(number)):
            if seal.root != proven.root:
                raise Forged("its seal names another root")
            path = [bytes.fromhex(neighbour) for neighbour in proven.path]
            verify_inclusion(leaf_hash(data), proven.index, seal.size, path, bytes.fromhex(seal.root))
    return f"{count(len(records), 'record')} below {count(len(package.seals), 'root')}"


def check_stamps(run: Run, package: NoticePackage) -> tuple[dict[str, TimeStamp], str]:
    """Check the timestamp on each seal, as of its own time (N05)."""
    from register_api.core.log.time_stamp import (  # noqa: PLC0415 - takes long to load
        CLOCK_TOLERANCE,
        open_time_stamp,
    )

    anchors = run.options.stamped_by or None
    stamps: dict[str, TimeStamp] = {}
    for root, sealed in package.seals.items():
        path = paths.stamp_path(root)
        if path not in package.files:
            continue
        with naming(path):
            stamps[root] = open_time_stamp(package.files[path], sealed.data, anchors)
            if sealed.seal.sealed_at - stamps[root].at > CLOCK_TOLERANCE:
                raise Inconsistent("stamped before the seal says to have been made")
    if not anchors:
        raise NotApplicable(
            "no seal is stamped"
            if not stamps
            else "of the right bytes, but by whom was not checked (--stamped-by)"
        )
    if bare := package.seals.keys() - stamps.keys():
        raise Unwitnessed(
            f"{count(len(bare), 'seal')} of {len(package.seals)} not stamped",
            hint="ask the publisher for a package that was made after the time authority had answered",
        )
    return stamps, "; ".join(f"{stamp.authority} at {format_instant(stamp.at)}" for stamp in stamps.values())


def check_openings(
    package: NoticePackage, records: tuple[DeliveryRecord, ...]
) -> tuple[dict[str, Opening], str]:
    """Compute what stands for addresses and replies again (N06)."""
    openings = {opening.recipient: opening for opening in package.notice.openings}
    if openings.keys() - {record.recipient for record in records}:
        raise Forged(f"{paths.NOTICE}: an address that no record stands for")
    for number, (record, proven) in enumerate(zip(records, package.notice.records, strict=True), 1):
        if proven.reply is None:
            continue
        opening = openings.get(record.recipient or "")
        if opening is None or record.reply != reply_mac(bytes.fromhex(opening.key), proven.reply):
            raise Forged(f"{paths.NOTICE}: another reply than record {number} stands for")
    if not openings:
        raise NotApplicable("no address can be shown: its key is not in the package, or was deleted")
    return openings, ", ".join(plain(opening.address) for opening in openings.values())


def check_messages(package: NoticePackage, records: tuple[DeliveryRecord, ...]) -> str:
    """Compare messages with the digests that were recorded, by which they are called (N07)."""
    recorded = {
        paths.message_path(record.body_sha256, record.channel): record.body_sha256 for record in records
    }
    found = [path for path in package.files if path.startswith(paths.MESSAGES)]
    for path in found:
        if path not in recorded or digest(package.files[path]) != recorded[path]:
            raise Forged(f"{path}: not a message that was recorded")
    if not found:
        raise NotApplicable("no message is in the package")
    return count(len(found), "message")


def check_register(
    run: Run, package: NoticePackage, records: tuple[DeliveryRecord, ...]
) -> tuple[PackageRound, str]:
    """Check the register's own evidence, and that it is of the version that was told (N08)."""
    notice, data = package.notice, package.files.get(paths.REGISTER)
    if data is None:
        raise NotApplicable(f"there is no {paths.REGISTER}")
    with naming(paths.REGISTER):
        files = read_archive(data)
        stamped = any(path.endswith(".tsr") for path in files)
        options = run.options if stamped else msgspec.structs.replace(run.options, stamped_by=())
        found, _ = examine_files(files, options)
        if errors := found.run.record.errors():
            raise worst(errors)
        if found.newest is None:
            raise Malformed("no version that holds")
        register = found.newest.document
        if (register.register, register.version) != (notice.register, notice.version):
            raise Inconsistent("of another register or version than the package")
        if {record.sha256_of(notice.version) for record in records} != {found.newest.sha256}:
            raise Inconsistent("the version is not the one that was told of: another SHA-256")
    return found, f"SHA-256 {found.newest.sha256}"


def verify_notice(
    name: str, sha256: str, files: Mapping[str, bytes], options: Options, now: dt.datetime
) -> Report:
    """Verify a package that proves notice.

    Args:
        name: Name of the file.
        sha256: Digest of its bytes, hex.
        files: Its members by path.
        options: As for evidence: the root, and time authorities.
        now: The present instant, UTC, only to be stated.

    Raises:
        UsageError: The given root cannot be read.
    """
    run = Run(MemoryFetcher(files), options, None, checks=NOTICE_CHECKS)
    package = run.vouch("N01", lambda: read_package(files))
    run.check("N02", lambda: check_readme(files))
    records = run.vouch("N03", lambda: read_records(package.value))
    run.check("N04", lambda: check_paths(package.value, records.value))
    stamps = run.vouch("N05", lambda: check_stamps(run, package.value))
    addresses = run.vouch("N06", lambda: check_openings(package.value, records.value))
    run.check("N07", lambda: check_messages(package.value, records.value))
    register = run.vouch("N08", lambda: check_register(run, package.value, records.value))
    errors = run.record.errors()
    found = register.get()
    report = report_package(name, sha256, found, now) if found else _alone(name, sha256, now)
    bad = worst(errors) if errors else None
    told = None
    if run.record.holds("N04"):
        told = _told(package.value, records.value, addresses.get() or {}, stamps.get() or {})
    return msgspec.structs.replace(
        report,
        exit_code=bad.exit_code if bad else 0,
        word=bad.word if bad else "verified",
        told=told,
        checks=(*run.record.results(), *report.checks),
        not_checked=(*report.not_checked, *_limits(package.get(), stamps.get(), found)),
    )


def _alone(name: str, sha256: str, now: dt.datetime) -> Report:
    """Return the report of a package without the register's own evidence, before its checks are in it."""
    return Report(
        base=name,
        checked_at=now,
        exit_code=0,
        word="verified",
        package=PackageSeen(sha256=sha256),
        checks=(),
        not_checked=(),
    )


def _told(
    package: NoticePackage,
    records: tuple[DeliveryRecord, ...],
    openings: Mapping[str, Opening],
    stamps: Mapping[str, TimeStamp],
) -> NoticeSeen:
    """Return what the records say, with the addresses that can be shown and the stamps that are accepted."""
    facts = (
        _fact(
            record,
            proven,
            openings.get(record.recipient or ""),
            package.seals[proven.root].seal.sealed_at,
            stamps.get(proven.root),
        )
        for record, proven in zip(records, package.notice.records, strict=True)
    )
    return NoticeSeen(register=package.notice.register, version=package.notice.version, facts=tuple(facts))


def _fact(
    record: DeliveryRecord,
    proven: ProvenRecord,
    opening: Opening | None,
    sealed_at: dt.datetime,
    stamp: TimeStamp | None,
) -> FactProven:
    return FactProven(
        at=record.at,
        what=record.what,
        channel=record.channel,
        kind=record.kind,
        customer=record.customer,
        address=opening.address if opening else None,
        message_id=record.message_id,
        body_sha256=record.body_sha256,
        reply=proven.reply if opening else None,
        sealed_at=sealed_at,
        stamped_at=stamp.at if stamp else None,
    )


def _limits(
    package: NoticePackage | None, stamps: Mapping[str, TimeStamp] | None, register: PackageRound | None
) -> Iterator[str]:
    """Yield what nobody should take from a proof of notice."""
    yield "Whether anyone has read it, and whether the mail server said so: the record is the sender's own."
    yield "What happened later, and to others: the package has the records of whom it was made for."
    if not stamps:
        yield "When it was recorded: without a timestamp of an accepted authority that is the sender's word."
    if register is None and package is not None:
        version = package.notice.version
        yield f"What version {version} says: `register-api evidence BASE --version {version}` proves that."
