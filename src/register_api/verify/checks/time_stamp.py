"""An independent authority's time stamp on the log's checkpoint (V28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.keys.key_list import log_key
from register_api.core.log.tlog_proof import parse_proof, verify_proof
from register_api.errors import ClockBehind, Document, Forked, Inconsistent, Unwitnessed
from register_api.verify.checks.log import check_root, read_entry, root_at
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.fetch.fetcher import NotServed

if TYPE_CHECKING:
    import datetime as dt

    from register_api.core.log.time_stamp import TimeStamp
    from register_api.verify.checks.session import Session

MOST_ASKED = 8
"""For so many of the newest versions a stamp is asked for, until there is one."""


def check_time_stamp(session: Session) -> str:
    """Check the newest time stamp there is, of the newest version or one shortly before it (V28)."""
    anchors = session.options.stamped_by
    if not anchors:
        raise NotApplicable("no authority's certificates were given (--stamped-by)")
    # X.509 and RFC 3161 take a tenth of the time of importing all of this; most customers ask for no stamp.
    from register_api.core.log.time_stamp import (  # noqa: PLC0415
        CLOCK_TOLERANCE,
        check_plausible,
        open_time_stamp,
    )

    size, data = _newest_stamp(session)
    checkpoint, published_at = _stamped_version(session, size)
    with naming(tree.TIME_STAMP.path(size)):
        stamp = open_time_stamp(data, checkpoint, anchors)
        check_plausible(stamp, published_at)
        if stamp.at - session.now > CLOCK_TOLERANCE:
            raise ClockBehind(
                f"stamped at {format_instant(stamp.at)}, which lies in the future by this machine's clock"
            )
    session.time_stamp = (size, stamp)
    later = f"; not stamped: {session.checkpoint.size - size} after it" * (size < session.checkpoint.size)
    return stamp_in_words(size, stamp, size, published_at) + later


def stamp_in_words(size: int, stamp: TimeStamp, version: int, published_at: dt.datetime) -> str:
    """Return what a time stamp on a log of some size shows of a version, beside what the publisher says."""
    return (
        f"{stamp.authority} saw the log of size {size} at {format_instant(stamp.at)}, so version {version}"
        f" and all before it existed; it says itself that it was published at"
        f" {format_instant(published_at)}"
    )


def _newest_stamp(session: Session) -> tuple[int, bytes]:
    """Return the newest stamped size with the stamp's bytes, asking for a few versions at most."""
    newest = session.checkpoint.size
    oldest = max(newest - MOST_ASKED, 0) + 1
    for size in range(newest, oldest - 1, -1):
        try:
            return size, session.get(tree.TIME_STAMP.path(size))
        except NotServed:
            continue
    which = f"none of versions {oldest} to {newest} is" if oldest < newest else f"version {newest} is not"
    raise Unwitnessed(
        f"{which} stamped",
        hint="a new version is stamped at the next refresh; else ask the publisher for time stamps",
    )


def _stamped_version(session: Session, version: int) -> tuple[bytes, dt.datetime]:
    """Return the checkpoint in a version's proof, and when that version says it was published."""
    proof_path, entry_path = tree.VERSION_PROOF.path(version), tree.VERSION_ENTRY.path(version)
    proof, entry = parse_proof(session.read_log(proof_path)), session.read_log(entry_path)
    with naming(proof_path):
        old = verify_proof(entry, proof, session.register.register, [log_key(session.keys, version)])
        if (proof.index, old.size) != (version - 1, version):
            raise Inconsistent(f"a proof of entry {proof.index} at size {old.size}")
    if version < session.checkpoint.size:
        check_root(session)
    if root_at(session, version) != old.root:
        head = session.checkpoint
        raise Forked(
            f"the stamped checkpoint of size {version} has another root than the log had there",
            documents=[
                Document.of_checkpoint(head.size, head.root, session.checkpoint_data),
                Document.of_checkpoint(old.size, old.root, proof.checkpoint),
            ],
        )
    with naming(entry_path):
        return proof.checkpoint, read_entry(session, version, entry).published_at
