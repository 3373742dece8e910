"""The checks of a package that proves notice, one function a check (N01 to N08)."""

from __future__ import annotations

from importlib.resources import files as resources
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from register_api.core.canonical import decode, digest
from register_api.core.delivery import DeliveryRecord, NoticeEvidence, Opening, Seal, reply_mac
from register_api.core.instant import format_instant
from register_api.core.language.prose import count
from register_api.core.log.merkle import leaf_hash, verify_inclusion
from register_api.errors import Forged, Inconsistent, Malformed, Unwitnessed
from register_api.verify.checks.check_table import worst
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.evidence import notice_files as paths
from register_api.verify.evidence.archive import README, read_archive
from register_api.verify.evidence.register_package import examine_files
from register_api.verify.report.text import plain

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
        raise Malformed(f"{min(strange)} is no file of a proof of notice")
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
        raise Inconsistent("a record that stands twice in the package")
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
