"""Third-party evidence on the log: witnesses, customers, time-stamping authorities (V09, V27, V28, V32)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tuf.api.metadata import Metadata, Timestamp

from register_api.core.canonical import decode
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.key_list import log_key
from register_api.core.log.checkpoint import Cosignature, verify_cosignatures
from register_api.core.log.note import parse_verifier_key
from register_api.core.log.policy import NONE, printable_name
from register_api.core.model import Register
from register_api.errors import ClockBehind, Document, Forked, RolledBack, Unwitnessed, VerificationError
from register_api.verify.checks.check_table import NotApplicable, naming
from register_api.verify.checks.log import TWO_HISTORIES, Log
from register_api.verify.checks.round import Round
from register_api.verify.fetcher import NotServed
from register_api.verify.options import Options
from register_api.verify.state import Remembered
from register_api.verify.tuf_metadata import CLOCK_TOLERANCE, check_signed_at


def check_others(run: Round) -> str:
    """Compare the log with the checkpoints of other customers (V27)."""
    others = run.options.others
    if not others:
        raise NotApplicable("no other customer's checkpoint was given")
    for name, data in others:
        with run.record.recording("V27", name):
            check_same_history(run.log, data)
    return f"{len(others)} compared"


def check_same_history(log: Log, data: bytes) -> None:
    """Check that another customer's checkpoint belongs to the log served here."""
    other = log.open(data)
    if other.size > log.size:
        raise RolledBack(f"another customer has seen {other.size} entries, {log.size} are served here")
    if other.size < log.size:
        log.check_root()
    if log.root_at(other.size) != other.root:
        raise Forked(
            f"another customer's log of size {other.size} is not the beginning of the log of size {log.size}",
            hint=TWO_HISTORIES,
            documents=[log.document, Document.of_checkpoint(other.size, other.root, data)],
        )


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, the last that ``datetime`` supports."""

MAX_ASKED = 8
"""How many of the newest versions are tried in search of a timestamp."""


def check_witnesses(run: Round) -> str:
    """Check that enough of the customer's witnesses have cosigned the checkpoint (V09)."""
    options, log, policy = run.options, run.log, run.options.policy
    if policy is None:
        if not options.cosignatures:
            raise NotApplicable("no witnesses were required")
        found = verify_cosignatures(log.data, [parse_verifier_key(text) for text in options.witnesses])
        if len(found) < options.cosignatures:
            raise Unwitnessed(f"{len(found)} valid cosignatures, {options.cosignatures} required")
        return _in_words(found)
    policy.check_log(log_key(log.keys, log.size))
    found = verify_cosignatures(log.data, policy.keys)
    seen = {cosignature.public for cosignature in found}
    if not policy.is_met(seen):
        names = ", ".join(f"{printable_name(one.name)} ({one.key.name})" for one in policy.missing(seen))
        raise Unwitnessed(
            f"the quorum {printable_name(policy.quorum)} of the policy is not met; missing: {names}"
            + (f"; there: {_in_words(found)}" if found else "")
        )
    if policy.quorum == NONE and not found:
        raise NotApplicable("the policy asks for no witnesses")
    return _in_words(found)


def _in_words(found: Iterable[Cosignature]) -> str:
    signed = ((one.witness, _signed_when(one)) for one in found)
    return ", ".join(f"{who} at {format_instant(at) if at else 'no known time'}" for who, at in signed)


def _signed_when(one: Cosignature) -> dt.datetime | None:
    """Return when a witness signed; ``None`` if it gave no time or one out of range."""
    return _EPOCH + dt.timedelta(seconds=one.at) if 0 < one.at <= _LAST_SECOND else None


def _newest_sizes(log: Log) -> Sequence[int]:
    """Return the log sizes to try for a timestamp, newest first."""
    return range(log.size, max(log.size - MAX_ASKED, 0), -1)


def check_time_stamp(run: Round) -> str:
    """Check the newest timestamp over the log, or the one in a package (V28).

    Certificates are validated as of the time of the stamp, not now. A timestamp in a package is read even if
    no authority is accepted.
    """
    anchors, log = run.options.stamped_by, run.log
    if not (anchors or run.version):
        raise NotApplicable("no authority's certificates were given (--stamped-by)")
    # X.509 and RFC 3161 are a tenth of the import time, and most customers do not ask for a timestamp.
    from register_api.core.log.time_stamp import (  # noqa: PLC0415
        CLOCK_TOLERANCE,
        check_plausible,
        open_time_stamp,
    )

    size, data = _first_stamp(run, (run.version, log.size) if run.version else _newest_sizes(log))
    checkpoint, published_at = _stamped_version(run, log, size)
    path = tree.TIME_STAMP.path(size)
    with naming(path):
        stamp = open_time_stamp(data, checkpoint, anchors or None)
        check_plausible(stamp, published_at)
        if run.now is not None and stamp.at - run.now > CLOCK_TOLERANCE:
            raise ClockBehind(
                f"stamped at {format_instant(stamp.at)}, which is in the future by this machine's clock"
            )
    if not anchors:
        raise NotApplicable(f"{path}: over the right bytes, but its issuer was not checked (--stamped-by)")
    run.stamp = size, stamp
    sentence = (
        f"{stamp.authority} saw the log of size {size} at {format_instant(stamp.at)}, so version {size}"
        f" and all before it existed; it says itself that it was published at"
        f" {format_instant(published_at)}"
    )
    return sentence + f"; not stamped: {log.size - size} after it" * (size < log.size)


def _earlier_stamp(run: Round, log: Log) -> Iterator[SeenNewest]:
    """Yield the newest valid timestamp of an earlier version, if there is one."""
    from register_api.core.log.time_stamp import open_time_stamp  # noqa: PLC0415 as above

    asked = run.options.stamped_by and not run.options.newest_alone
    for size in _newest_sizes(log)[1:] if asked else ():
        with contextlib.suppress(VerificationError):
            data = run.get(tree.TIME_STAMP.path(size))
            checkpoint, _ = _stamped_version(run, log, size)
            stamp = open_time_stamp(data, checkpoint, run.options.stamped_by)
            proof = Document.of("time-stamp", data, ".tsr"), Document.of("stamped", checkpoint, ".checkpoint")
            yield SeenNewest(size, stamp.at, f"the time stamp of {stamp.authority}", proof)
            return


def _first_stamp(run: Round, sizes: Sequence[int]) -> tuple[int, bytes]:
    for size in sizes:
        try:
            return size, run.get(tree.TIME_STAMP.path(size))
        except NotServed:
            continue
    if not run.options.stamped_by:
        raise NotApplicable("no trusted timestamp")
    asked = sorted(sizes)
    many = len(asked) > 1
    which = f"none of versions {asked[0]} to {asked[-1]} is" if many else f"version {asked[0]} is not"
    raise Unwitnessed(
        f"{which} stamped",
        hint="a new version is stamped at the next refresh; else ask the publisher for time stamps",
    )


def _stamped_version(run: Round, log: Log, version: int) -> tuple[bytes, dt.datetime]:
    """Return the checkpoint in a version's proof, and the version's stated publication instant."""
    path = tree.VERSION_ENTRY.path(version)
    entry = run.get_once(path)
    if version < log.size:
        log.check_root()
    with naming(tree.VERSION_PROOF.path(version)):
        proof, _ = log.proof(version, entry)
    with naming(path):
        return proof.checkpoint, log.entry(version, entry).published_at


class SeenNewest(NamedTuple):
    """Evidence that a version (the log's size) was the newest at an instant, and who attests it."""

    size: int
    at: dt.datetime
    who: str
    documents: tuple[Document, ...]


def check_dates(run: Round) -> str:
    """Check that no version is dated before an instant at which the previous one was still the newest (V32).

    Witnesses and the TUF timestamp attest only the newest version. The customer's own clock is not used: a
    cache, or a host that withholds a new version while the timestamp is valid, would incriminate an honest
    publisher.
    """
    seen = sorted(_seen(run, run.log), key=lambda one: (one.size, one.at))
    latest = {one.size: one for one in seen if one.size < run.log.size}
    for one in latest.values():
        _check_next(run, run.log, one)
    if not latest:
        raise NotApplicable("nothing that is remembered or stamped shows an earlier version as the newest")
    sentences = (f"version {one.size} was the newest at {format_instant(one.at)}" for one in latest.values())
    return "; ".join(sentences)


def _check_next(run: Round, log: Log, seen: SeenNewest) -> None:
    """Check the stated date of the version that follows ``seen``; V19 checks that dates increase."""
    version = seen.size + 1
    path = tree.VERSION_ENTRY.path(version)
    data = run.get_once(path)
    with naming(path):
        log.check_holds(version, data)
        published = log.entry(version, data).published_at
    if seen.at - published <= CLOCK_TOLERANCE:
        return
    register = decode(log.logged_file(version, tree.VERSION_REGISTER.path(version)), Register)
    if register.recorded == "imported":
        return  # an imported version is openly older than its log entry
    raise Forked(
        f"version {version} says that it was published at {format_instant(published)}, but {seen.who} shows"
        f" version {seen.size} as the newest at {format_instant(seen.at)}: it is backdated",
        hint="all of it is signed: keep it, and ask the publisher since when the version has been public",
        documents=(*seen.documents, Document.of("entry", data), log.document),
    )


def _seen(run: Round, log: Log) -> Iterator[SeenNewest]:
    known = run.remembered
    if known is not None:
        # The timestamp covers the checkpoint through snapshot and targets.
        at, chain = latest_timestamp(known)
        documents = tuple(Document.of(role, data) for role, data in chain.items())
        yield SeenNewest(known.size, at, "the timestamp that was remembered", documents)
        yield from _by_witnesses(known.checkpoint, known.size, run.options)
    for _, data in run.options.others:
        yield from _by_witnesses(data, log.open(data).size, run.options)
    yield from _earlier_stamp(run, log)


def latest_timestamp(known: Remembered) -> tuple[dt.datetime, dict[str, bytes]]:
    """Return when the latest timestamp of the remembered version was signed, and the metadata by role."""
    chain = known.shown or {role: getattr(known, role) for role in ("timestamp", "snapshot", "targets")}
    return check_signed_at(Metadata[Timestamp].from_bytes(chain["timestamp"]).signed), chain


def _by_witnesses(data: bytes, size: int, options: Options) -> Iterator[SeenNewest]:
    """Yield the dated cosignatures of the customer's witnesses on an earlier checkpoint."""
    keys = options.policy.keys if options.policy else [parse_verifier_key(one) for one in options.witnesses]
    for one in verify_cosignatures(data, keys):
        if (at := _signed_when(one)) is not None:
            document = Document.of("checkpoint", data, ".checkpoint")
            yield SeenNewest(size, at, f"the cosignature of {one.witness}", (document,))
