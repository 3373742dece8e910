"""The report on a package that proves who was told of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from register_api.verify.checks.check_table import NOTICE_CHECKS, worst
from register_api.verify.checks.run import Run
from register_api.verify.evidence.notice_checks import (
    NoticePackage,
    check_messages,
    check_openings,
    check_paths,
    check_readme,
    check_register,
    check_stamps,
    read_package,
    read_records,
)
from register_api.verify.evidence.register_package import report_package
from register_api.verify.fetch.fetcher import MemoryFetcher
from register_api.verify.report.report import FactProven, NoticeSeen, PackageSeen, Report

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from register_api.core.delivery import DeliveryRecord, Opening, ProvenRecord
    from register_api.core.log.time_stamp import TimeStamp
    from register_api.verify.checks.round import PackageRound
    from register_api.verify.options import Options


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
