"""What may leave ``trust/``: metadata and copies of targets that nobody can still be led to.

A customer, or a cache on the way, may hold a timestamp that is not the newest. It names a snapshot,
that the targets metadata, and that the copies; all of them stay for 31 days after the newest timestamp
stopped naming them, and then no timestamp that does is good any more (docs/format/trust.md, TUF). The instant
at which it did is that of the successor, which was published together with the timestamp that names it.

Versions leave in order, so what is left of a role is one range, and its beginning is found by halving.
"""

from __future__ import annotations

import bisect
import datetime as dt
import itertools
from collections.abc import Callable
from typing import TypeAlias

from tuf.api.metadata import Snapshot, Targets

from register_api.core.format.paths import target_copy
from register_api.core.freshness import LONGEST
from register_api.errors import StoreDamaged
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read, metadata_path

PublishedAt: TypeAlias = Callable[[str], dt.datetime | None]
"""From a path in the tree to the instant, UTC, at which its bytes were published; ``None``: no such file."""

KEPT = LONGEST
"""How long metadata and copies stay after their successors were published."""

MOST_AT_ONCE = 100
"""Versions of a role that leave with one publication; a store that never retired any gets there in steps."""


def outlived(read: Read, published_at: PublishedAt, now: dt.datetime) -> tuple[str, ...]:
    """Return the files below ``trust/`` that may leave the tree.

    A root never may: a customer follows them one by one from the first. Nor may what the newest timestamp
    names, however old it is.
    """
    timestamp = trust_metadata.timestamp(read)
    if timestamp is None:
        return ()
    snapshot = trust_metadata.snapshot(read, timestamp)
    newest = snapshot.meta["targets.json"].version
    snapshots = _outlived_versions(Snapshot.type, snapshot.version, published_at, now)
    targets = _outlived_versions(Targets.type, newest, published_at, now)
    gone = [
        *(metadata_path(Snapshot.type, version) for version in snapshots),
        *(metadata_path(Targets.type, version) for version in targets),
    ]
    if not targets:
        return tuple(gone)
    try:
        # What is still named is looked up, not concluded: bytes may have come back after other bytes.
        named = _copies(read, range(targets[-1] + 1, newest + 1))
        return (*gone, *sorted(_copies(read, targets) - named))
    except StoreDamaged:
        # An old file that cannot be read must not keep a new version from being published: all stays.
        return ()


def _outlived_versions(role: str, newest: int, published_at: PublishedAt, now: dt.datetime) -> range:
    """Return the versions of a role whose successors have been there long enough, the oldest ones."""
    versions = range(1, newest)
    oldest = bisect.bisect_left(
        versions, 1, key=lambda version: int(published_at(metadata_path(role, version)) is not None)
    )
    kept = itertools.islice(versions[oldest:], MOST_AT_ONCE)
    old = itertools.takewhile(
        lambda version: _is_before(published_at(metadata_path(role, version + 1)), now - KEPT), kept
    )
    return versions[oldest : oldest + sum(1 for _ in old)]


def _is_before(instant: dt.datetime | None, limit: dt.datetime) -> bool:
    return instant is not None and instant < limit


def _copies(read: Read, versions: range) -> set[str]:
    """Return the copies that versions of the targets metadata name."""
    listed = (
        trust_metadata.parse(trust_metadata.required(read, metadata_path(Targets.type, version)), Targets)
        for version in versions
    )
    return {
        target_copy(name, target.hashes["sha256"])
        for metadata in listed
        for name, target in metadata.signed.targets.items()
    }
