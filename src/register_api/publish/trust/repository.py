"""Key distribution and freshness for customers: a TUF repository of five targets (docs/format/trust.md).

``publish`` needs the targets and online keys, ``refresh`` only the online key, so that a machine that cannot
publish can renew freshness on a timer.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import msgspec
from tuf.api.metadata import MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME, target_copy
from register_api.core.instant import (
    LONGEST,
    USUAL,
    check_fresh_for,
    format_instant,
    parse_instant,
    warning_before,
)
from register_api.core.trust_root import check_against_root
from register_api.errors import StoreDamaged, StoreError
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read, expiry, metadata_path, sign

LIFETIME = dt.timedelta(days=400)
"""Validity of targets and snapshot."""

SIGNED_AT = "signed_at"
"""Field in the signed part of a timestamp: when it was signed. TUF allows additional fields."""


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """When the newest metadata of one role expires."""

    role: str
    version: int
    expires: dt.datetime
    warned_from: dt.datetime


WARNED_BEFORE = dt.timedelta(days=60)
"""How long before the expiry of root, targets or snapshot warnings begin."""


def publish(
    read: Read,
    keyring: Keyring,
    targets: Mapping[str, bytes],
    now: dt.datetime,
    fresh_for: dt.timedelta | None = None,
    *,
    clock_is_right: bool = False,
) -> dict[str, bytes]:
    """Return the signed metadata and target copies of a new publication, by path."""
    if targets.keys() != TARGETS_BY_NAME.keys():
        raise ValueError(f"the targets are {sorted(TARGETS_BY_NAME)}, not {sorted(targets)}")
    root = trust_metadata.newest_root(read)
    _check_not_expired(root, now)
    check_against_root(root.to_dict(), canonical.decode(targets["keys.json"], KeyList))
    online = _Online(root, keyring, now, fresh_for, clock_is_right)
    timestamp, snapshot, before = trust_metadata.newest(read) or (None, None, None)
    listed = Targets(
        before.version + 1 if before else 1,
        expires=expiry(now, LIFETIME),
        targets={name: TargetFile.from_data(name, data, ["sha256"]) for name, data in targets.items()},
    )
    path, signed = metadata_path(Targets.type, listed.version), sign(listed, keyring.targets, root)
    copies = {target_copy(name, canonical.digest(data)): data for name, data in targets.items()}
    return {
        **copies,
        path: signed,
        **online.snapshot(timestamp, snapshot.version + 1 if snapshot else 1, _describe(listed, signed)),
    }


def refresh(
    read: Read,
    keyring: Keyring,
    now: dt.datetime,
    fresh_for: dt.timedelta | None = None,
    *,
    clock_is_right: bool = False,
) -> dict[str, bytes]:
    """Return a renewed timestamp, and a renewed snapshot when less than half of its validity is left."""
    root = trust_metadata.newest_root(read)
    timestamp, snapshot, targets = _published(read, root)
    _check_not_expired(root, now)
    _check_not_expired(targets, now)
    online = _Online(root, keyring, now, fresh_for, clock_is_right)
    if expiry(now, LIFETIME / 2) > snapshot.expires:
        return online.snapshot(timestamp, snapshot.version + 1, snapshot.meta["targets.json"])
    return online.timestamp(timestamp, timestamp.snapshot_meta)


def vouched(read: Read, name: str) -> bytes:
    """Return a target as last signed; the public checkpoint may have gained signature lines since."""
    _, _, listed = _published(read)
    try:
        return read(target_copy(name, listed.targets[name].hashes["sha256"]))
    except KeyError as error:
        raise StoreDamaged(f"the target {name} is not listed, or its copy is missing") from error


def expiries(read: Read) -> tuple[Expiry, ...]:
    """Return when root and, once something was published, targets, snapshot and timestamp expire."""
    newest: list[Signed] = [trust_metadata.newest_root(read)]
    newest += reversed(trust_metadata.newest(read) or ())
    return tuple(
        Expiry(
            role=each.type,
            version=each.version,
            expires=each.expires,
            warned_from=each.expires
            - (warning_before(lasts(each)) if isinstance(each, Timestamp) else WARNED_BEFORE),
        )
        for each in newest
    )


def lasts(timestamp: Timestamp | None) -> dt.timedelta:
    """Return the validity of a timestamp, counted from signing; the usual one if there is none."""
    if timestamp is None:
        return USUAL
    try:
        return timestamp.expires - parse_instant(str(timestamp.unrecognized_fields.get(SIGNED_AT)))
    except ValueError as error:
        raise StoreDamaged("trust/timestamp.json does not say when it was signed") from error


def _check_not_expired(signed: Signed, now: dt.datetime) -> None:
    """Refuse a clock according to which metadata in force has expired."""
    if signed.expires <= expiry(now, dt.timedelta()):
        renewing = "new-root" if signed.type == Root.type else "renew"
        raise StoreError(
            f"this machine's clock says {format_instant(now)}, and the {signed.type} metadata is good until"
            f" {format_instant(signed.expires)}: nothing signed now would be believed",
            hint=f"set the clock; if it is right: register-api keys {renewing}",
        )


class _Online(msgspec.Struct, frozen=True):
    """Signs snapshot and timestamp with the online key."""

    root: Root
    keyring: Keyring
    now: dt.datetime
    fresh_for: dt.timedelta | None
    clock_is_right: bool

    def snapshot(self, old: Timestamp | None, version: int, targets: MetaFile) -> dict[str, bytes]:
        meta = {"targets.json": targets}
        snapshot = Snapshot(version, expires=expiry(self.now, LIFETIME), meta=meta)
        signed = sign(snapshot, self.keyring.online, self.root)
        made = self.timestamp(old, _describe(snapshot, signed))
        return {metadata_path(Snapshot.type, version): signed, **made}

    def timestamp(self, old: Timestamp | None, snapshot: MetaFile) -> dict[str, bytes]:
        signed_at = format_instant(self.now)
        before = old.unrecognized_fields.get(SIGNED_AT) if old else None
        if before is not None and signed_at < before and not self.clock_is_right:
            raise StoreError(
                f"this machine's clock says {signed_at}, but the timestamp in force was signed at {before}",
                hint="set the clock; if that timestamp was signed by a clock that was ahead:"
                " register-api publish --clock-is-right, or refresh --clock-is-right",
            )
        fresh_for = lasts(old) if self.fresh_for is None else self.fresh_for
        check_fresh_for(fresh_for)
        timestamp = Timestamp(
            old.version + 1 if old else 1,
            expires=expiry(self.now, fresh_for),
            snapshot_meta=snapshot,
            unrecognized_fields={SIGNED_AT: signed_at},
        )
        return {tree.TIMESTAMP.path(): sign(timestamp, self.keyring.online, self.root)}


def _describe(signed: Signed, data: bytes) -> MetaFile:
    return MetaFile.from_data(signed.version, data, ["sha256"])


def _published(read: Read, root: Root | None = None) -> tuple[Timestamp, Snapshot, Targets]:
    found = trust_metadata.newest(read, root)
    if found is None:
        raise StoreError("nothing was published yet", hint="register-api publish")
    return found


PublishedAt: TypeAlias = Callable[[str], dt.datetime | None]
"""Returns when the bytes at a path in the tree were published, UTC; ``None`` if there is no such file."""

KEPT = LONGEST
"""How long metadata and copies are kept after their successors were published."""

MAX_AT_ONCE = 100
"""Maximum versions of a role removed by one publication; a backlog is removed in steps."""


def expired_metadata(read: Read, published_at: PublishedAt, now: dt.datetime) -> tuple[str, ...]:
    """Return the files below ``trust/`` to remove: no root, nor what the newest timestamp leads to."""
    if (found := trust_metadata.newest(read)) is None:
        return ()
    _, snapshot, listed = found
    snapshots = _expired_versions(Snapshot.type, snapshot.version, published_at, now)
    targets = _expired_versions(Targets.type, listed.version, published_at, now)
    gone = [metadata_path(Snapshot.type, version) for version in snapshots]
    gone += [metadata_path(Targets.type, version) for version in targets]
    if not targets:
        return tuple(gone)
    try:
        # Later targets may name an earlier copy again, so read what they name.
        named = _copies(read, range(targets[-1] + 1, listed.version + 1))
        return (*gone, *sorted(_copies(read, targets) - named))
    except StoreDamaged:
        # An unreadable old file must not block a new version: remove nothing.
        return ()


def _expired_versions(role: str, newest: int, published_at: PublishedAt, now: dt.datetime) -> list[int]:
    instants = [published_at(metadata_path(role, version)) for version in range(1, newest + 1)]
    followed = enumerate(itertools.pairwise(instants), start=1)
    old = [version for version, (own, next_) in followed if own and next_ and next_ < now - KEPT]
    return old[:MAX_AT_ONCE]


def _copies(read: Read, versions: Iterable[int]) -> set[str]:
    found = set()
    for version in versions:
        path = metadata_path(Targets.type, version)
        try:
            listed = trust_metadata.parse(read(path), Targets).signed.targets
        except KeyError as error:
            raise StoreDamaged(f"{path} is missing") from error
        found |= {target_copy(name, target.hashes["sha256"]) for name, target in listed.items()}
    return found
