"""No version is dated back to before an instant at which the log is known to have been without it (V32)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec
from tuf.api.metadata import Metadata, Timestamp

from register_api.core.canonical import Encoded, decode, digest
from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.log.checkpoint import verify_cosignatures
from register_api.core.log.note import parse_verifier_key
from register_api.core.model import Register
from register_api.errors import Document, Forged, Forked
from register_api.verify.checks.log import Log
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.checks.run import Run
from register_api.verify.checks.time_stamp import earlier_stamp
from register_api.verify.checks.witnesses import signed_when
from register_api.verify.options import Options
from register_api.verify.state import Remembered
from register_api.verify.trust.metadata import CLOCK_TOLERANCE, check_signed_at


class SeenNewest(msgspec.Struct, frozen=True, kw_only=True):
    """A version that was the newest at an instant, as something signed shows.

    Attributes:
        size: The version, which is the log's size.
        at: The instant, UTC.
        who: Who or what says so.
        documents: What shows it.
    """

    size: int
    at: dt.datetime
    who: str
    documents: tuple[Document, ...]


def check_dates(run: Run, log: Log, newest: Encoded[Register]) -> str:
    """Compare when each version after one that was the newest says it was published with that instant.

    A publisher has only its newest checkpoint signed by others, and a timestamp names the newest alone.
    The customer's own clock is not counted: a cache, or a host that withholds a new version for as long
    as a timestamp is good, would make a liar of an honest publisher.
    """
    seen = sorted(_seen(run, log), key=lambda one: (one.size, one.at))
    latest = {one.size: one for one in seen if one.size < log.size}
    for one in latest.values():
        _check_next(run, log, newest, one)
    if not latest:
        raise NotApplicable("nothing that is remembered or stamped shows an earlier version as the newest")
    said = (f"version {one.size} was the newest at {format_instant(one.at)}" for one in latest.values())
    return "; ".join(said)


def _check_next(run: Run, log: Log, newest: Encoded[Register], seen: SeenNewest) -> None:
    """Check the version after one that was the newest; that dates never go back is V19."""
    if run.options.newest_alone and seen.at - newest.document.published_at <= CLOCK_TOLERANCE:
        return  # a poll stays cheap: the versions between are left to the next run that reads them
    version = seen.size + 1
    path = tree.VERSION_ENTRY.path(version)
    data = run.once(path)
    with naming(path):
        log.check_holds(version, data)
        published = log.entry(version, data).published_at
    if seen.at - published <= CLOCK_TOLERANCE or _imported(run, log, version):
        return
    raise Forked(
        f"version {version} says that it was published at {format_instant(published)}, but {seen.who} shows"
        f" version {seen.size} as the newest at {format_instant(seen.at)}: it is dated back",
        hint="all of it is signed: keep it, and ask the publisher since when the version has been public",
        documents=(*seen.documents, Document.of("entry", data), log.document),
    )


def _imported(run: Run, log: Log, version: int) -> bool:
    """Tell whether a version says openly that it was taken over from elsewhere and is older than its log."""
    path = tree.VERSION_REGISTER.path(version)
    data = run.get(path)
    with naming(path):
        if digest(data) != log.logged_digests(version)[path]:
            raise Forged("the digest that the log's entry names does not fit the bytes received")
        return decode(data, Register).recorded == "imported"


def _seen(run: Run, log: Log) -> Iterator[SeenNewest]:
    known = run.remembered
    if known is not None:
        yield _by_timestamp(known)
        yield from _by_witnesses(known.checkpoint, known.size, run.options)
    for _, data in run.options.others:
        yield from _by_witnesses(data, log.open(data).size, run.options)
    if (found := earlier_stamp(run, log)) is not None:
        size, stamp, documents = found
        yield SeenNewest(
            size=size, at=stamp.at, who=f"the time stamp of {stamp.authority}", documents=documents
        )


def _by_timestamp(known: Remembered) -> SeenNewest:
    """Return what the remembered timestamp shows; by way of snapshot and targets it names the checkpoint."""
    signed = Metadata[Timestamp].from_bytes(known.timestamp).signed
    chain = ("timestamp", "snapshot", "targets")
    return SeenNewest(
        size=known.size,
        at=check_signed_at(signed),
        who="the timestamp that was remembered",
        documents=tuple(Document.of(role, getattr(known, role)) for role in chain),
    )


def _by_witnesses(data: bytes, size: int, options: Options) -> Iterator[SeenNewest]:
    """Yield what the customer's witnesses say on an earlier checkpoint; a time that is not said is 0."""
    keys = options.policy.keys if options.policy else [parse_verifier_key(one) for one in options.witnesses]
    for one in verify_cosignatures(data, keys):
        if (at := signed_when(one)) is not None:
            document = Document.of("checkpoint", data, ".checkpoint")
            yield SeenNewest(size=size, at=at, who=f"the cosignature of {one.witness}", documents=(document,))
