"""A trusted timestamp of the newest checkpoint, added once its version is visible."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path

import msgspec

from register_api.core.format import tree
from register_api.core.instant import format_instant
from register_api.core.log.proofs import parse_proof
from register_api.core.log.time_stamp import CLOCK_TOLERANCE, TimeStamp, check_plausible, open_time_stamp
from register_api.errors import Inconsistent, NotStamped
from register_api.publish.time_authority import TimeAuthority, ask
from register_api.store.reader import Snapshot, open_snapshot
from register_api.store.transaction import commit, locked, recover

_CLOCKS = "compare this machine's clock with the authority's"


class Stamped(msgspec.Struct, frozen=True, kw_only=True):
    """The newest version that has a timestamp, and the timestamp."""

    version: int
    stamp: TimeStamp


def stamp_newest(store: Path, authority: TimeAuthority, now: dt.datetime) -> Stamped | None:
    """Timestamp the newest checkpoint, once; the store is not locked while the authority is asked."""
    seen = open_snapshot(store)
    if seen is None or (path := tree.TIME_STAMP.path(seen.state.version)) in seen.manifest.files:
        return None
    began = time.monotonic()
    data, stamp = ask(authority, _stamped(seen, seen.state.version))
    now += dt.timedelta(seconds=time.monotonic() - began)
    # A timestamp is never replaced, so a wrong time would fail verification permanently.
    try:
        check_plausible(stamp, seen.state.published_at)
    except Inconsistent as error:
        raise NotStamped(f"{error.message}: {_CLOCKS}") from error
    if stamp.at - now > CLOCK_TOLERANCE:
        raise NotStamped(
            f"stamped at {format_instant(stamp.at)}, which this machine's clock has still to reach: {_CLOCKS}"
        )
    with locked(store):
        recover(store)
        snapshot = open_snapshot(store)
        if snapshot is None or path in snapshot.manifest.files:
            return None
        commit(store, {path: data}, snapshot.state, now=now, before=snapshot)
    return Stamped(version=seen.state.version, stamp=stamp)


def newest_stamped(snapshot: Snapshot) -> Stamped | None:
    """Return the newest version that has a timestamp, or ``None``."""
    for version in range(snapshot.state.version, 0, -1):
        if (path := tree.TIME_STAMP.path(version)) in snapshot.manifest.files:
            stamp = open_time_stamp(snapshot.read(path), _stamped(snapshot, version))
            return Stamped(version=version, stamp=stamp)
    return None


def _stamped(snapshot: Snapshot, version: int) -> bytes:
    """Return the timestamped bytes: the checkpoint in the version's proof."""
    return parse_proof(snapshot.read(tree.VERSION_PROOF.path(version))).checkpoint
