"""An independent authority's time stamp on the log's checkpoint (V28)."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.errors import ClockBehind, Document, Unwitnessed, VerificationError
from register_api.verify.checks.recorder import NotApplicable, naming
from register_api.verify.fetcher import NotServed

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from register_api.core.log.time_stamp import TimeStamp
    from register_api.verify.checks.log import Log
    from register_api.verify.checks.run import Run

MOST_ASKED = 8
"""For so many of the newest versions a stamp is asked for, until there is one."""


def newest_sizes(log: Log) -> range:
    """Return the sizes of which a stamp is asked for: the newest versions, the newest first."""
    return range(log.size, max(log.size - MOST_ASKED, 0), -1)


def check_time_stamp(
    run: Run, log: Log, sizes: Sequence[int], *, unasked: bool = False
) -> tuple[tuple[int, TimeStamp], str]:
    """Check the first time stamp there is, of the log at some sizes (V28).

    It is judged as of its own time: that certificates have expired since is no finding.
    """
    anchors = run.options.stamped_by
    if not (anchors or unasked):
        raise NotApplicable("no authority's certificates were given (--stamped-by)")
    # X.509 and RFC 3161 take a tenth of the time of importing all of this; most customers ask for no stamp.
    from register_api.core.log.time_stamp import (  # noqa: PLC0415
        CLOCK_TOLERANCE,
        check_plausible,
        open_time_stamp,
    )

    size, data = _first_stamp(run, sizes)
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
        raise NotApplicable(f"{path}: of the right bytes, but by whom was not checked (--stamped-by)")
    return (size, stamp), _in_words(size, stamp, published_at, newest=log.size)


def earlier_stamp(run: Run, log: Log) -> tuple[int, TimeStamp, tuple[Document, ...]] | None:
    """Return the newest good stamp of an earlier version, with what it is on; V28 judges the newest one."""
    from register_api.core.log.time_stamp import open_time_stamp  # noqa: PLC0415 as above

    asked = run.options.stamped_by and not run.options.newest_alone
    for size in newest_sizes(log)[1:] if asked else ():
        with contextlib.suppress(VerificationError):
            data = run.get(tree.TIME_STAMP.path(size))
            checkpoint, _ = _stamped_version(run, log, size)
            stamp = open_time_stamp(data, checkpoint, run.options.stamped_by)
            stamped = Document.of("stamped", checkpoint, ".checkpoint")
            return size, stamp, (Document.of("time-stamp", data, ".tsr"), stamped)
    return None


def _in_words(size: int, stamp: TimeStamp, published_at: dt.datetime, *, newest: int) -> str:
    """Return what a time stamp on a log of some size shows, beside what the publisher says."""
    return (
        f"{stamp.authority} saw the log of size {size} at {format_instant(stamp.at)}, so version {size}"
        f" and all before it existed; it says itself that it was published at"
        f" {format_instant(published_at)}"
    ) + f"; not stamped: {newest - size} after it" * (size < newest)


def _first_stamp(run: Run, sizes: Sequence[int]) -> tuple[int, bytes]:
    for size in sizes:
        try:
            return size, run.get(tree.TIME_STAMP.path(size))
        except NotServed:
            continue
    if not run.options.stamped_by:
        raise NotApplicable("there is no trusted timestamp")
    asked = sorted(sizes)
    many = len(asked) > 1
    which = f"none of versions {asked[0]} to {asked[-1]} is" if many else f"version {asked[0]} is not"
    raise Unwitnessed(
        f"{which} stamped",
        hint="a new version is stamped at the next refresh; else ask the publisher for time stamps",
    )


def _stamped_version(run: Run, log: Log, version: int) -> tuple[bytes, dt.datetime]:
    """Return the checkpoint in a version's proof, and when that version says it was published."""
    path = tree.VERSION_ENTRY.path(version)
    entry = run.once(path)
    if version < log.size:
        log.check_root()
    with naming(tree.VERSION_PROOF.path(version)):
        proof, _ = log.proof(version, entry)
    with naming(path):
        return proof.checkpoint, log.entry(version, entry).published_at
