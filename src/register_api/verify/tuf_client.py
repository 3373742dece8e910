"""The TUF 1.0 client workflow (sections 5.3 to 5.6).

The ``tuf`` library parses metadata and verifies signatures. The workflow is implemented here so that it works
for any instant, without a folder, and uses remembered metadata only if its digest matches.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from tuf.api.metadata import MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from register_api.core.canonical import digest, is_digest
from register_api.core.format import tree
from register_api.core.format.kind import FileKind
from register_api.core.format.paths import TARGETS_BY_NAME, target_copy
from register_api.core.instant import format_instant
from register_api.core.log.note import has_further_lines
from register_api.core.trust_root import check_root_roles
from register_api.errors import (
    Document,
    Forked,
    Malformed,
    RolledBack,
    Stale,
    Unreachable,
    UntrustedKey,
    VerificationError,
)
from register_api.verify.fetcher import MAX_ROOT_ROTATIONS, Fetcher, NotServed
from register_api.verify.tuf_metadata import (
    Part,
    SignedPart,
    Start,
    check_digest,
    check_signed_at,
    check_version,
    fits,
    read_part,
)


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata and targets verified by TUF.

    Attributes:
        roots: Version to SHA-256 (hex) of every root from the first trusted one to the newest.
        metadata: Bytes of the newest metadata by role; ``versions`` and ``expires`` are by role, too.
        root: The newest root as plain objects, as the library understood it.
    """

    roots: dict[int, str]
    metadata: dict[str, bytes]
    versions: dict[str, int]
    expires: dict[str, dt.datetime]
    signed_at: dt.datetime
    root: dict[str, Any]
    targets: dict[str, TargetFile]

    @property
    def fresh_for(self) -> dt.timedelta:
        """Return how long the timestamp is valid after signing."""
        return self.expires["timestamp"] - self.signed_at

    @property
    def fresh_until(self) -> dt.datetime:
        """Return when the first of the roles expires."""
        return min(self.expires.values())

    def copy_path(self, kind: FileKind) -> str:
        """Return the path of a target's copy, whose name contains its digest."""
        name = kind.target_name
        return target_copy(name, self.targets[name].hashes["sha256"])

    def target_part(self, kind: FileKind, data: bytes) -> bytes | None:
        """Return the target contained in the file at its public path, or ``None`` if the file differs.

        Only the checkpoint may have further lines: witnesses' signatures added later (docs/format/log.md).
        """
        if self.is_target(kind, data):
            return data
        first = data[: self.targets[kind.target_name].length]
        if kind is tree.CHECKPOINT and self.is_target(kind, first) and has_further_lines(data, first):
            return first
        return None

    def is_target(self, kind: FileKind, data: bytes) -> bool:
        """Tell whether bytes match a target's length and digest."""
        return fits(self.targets[kind.target_name], data)


def follow(fetcher: Fetcher, start: Start, now: dt.datetime | None) -> Trusted:
    """Follow the chain of trust from a root to the newest targets.

    Args:
        fetcher: Reads the metadata.
        start: Root and remembered metadata to start with.
        now: Current time, UTC; ``None``: expiry is not enforced.

    Raises:
        VerificationError: The fitting subclass.
    """
    roots = _follow_roots(fetcher, start)
    root = _fresh(roots[-1], now)
    below = _BelowRoot(fetcher, root.signed, start.metadata)
    timestamp = _fresh(below.timestamp(), now)
    snapshot = _fresh(below.named(tree.SNAPSHOT, Snapshot, timestamp.signed.snapshot_meta, timestamp), now)
    listed = snapshot.signed.meta.get("targets.json")
    if listed is None:
        raise Malformed("the snapshot does not name the targets metadata", path=snapshot.path)
    targets = _fresh(below.named(tree.TARGETS, Targets, listed, snapshot), now)
    if targets.signed.delegations is not None:
        raise Malformed("the targets metadata has delegations, which this format does not allow")
    listed_targets = {}
    for name in TARGETS_BY_NAME:
        target = targets.signed.targets.get(name)
        if target is None:
            raise Malformed(f"the targets metadata does not list {name}")
        if not is_digest(target.hashes.get("sha256", "")):
            raise Malformed(f"the targets metadata gives no SHA-256 of {name} in 64 lower-case hex digits")
        listed_targets[name] = target
    parts: tuple[Part[Any], ...] = (root, timestamp, snapshot, targets)
    return Trusted(
        roots={part.signed.version: digest(part.data) for part in roots},
        metadata={part.signed.type: part.data for part in parts},
        versions={part.signed.type: part.signed.version for part in parts},
        expires={part.signed.type: part.signed.expires for part in parts},
        signed_at=check_signed_at(timestamp.signed),
        root=root.signed.to_dict(),
        targets=listed_targets,
    )


def _fresh(part: Part[SignedPart], now: dt.datetime | None) -> Part[SignedPart]:
    if now is None or part.signed.expires > now:
        return part
    role, until = part.signed.type, format_instant(part.signed.expires)
    if role == Root.type:
        raise UntrustedKey(f"version {part.signed.version} of the trust root has expired on {until}")
    raise Stale(
        f"{part.path}: the {role} metadata has expired on {until}",
        hint="the publisher has stopped renewing it, or somebody keeps newer files from you",
        path=part.path,
    )


def _follow_roots(fetcher: Fetcher, start: Start) -> list[Part[Root]]:
    """Return the roots from the trusted one to the newest (TUF 1.0 section 5.3)."""
    first = start.origin.version
    roots = [_checked(read_part(tree.ROOT.path(first), start.root, Root, [None], as_kept=True), first)]
    for version in range(first + 1, first + MAX_ROOT_ROTATIONS):
        path = tree.ROOT.path(version)
        try:
            data = fetcher.get(path, tree.ROOT.max_bytes)
        except NotServed:
            break
        roots.append(_checked(read_part(path, data, Root, [roots[-1].signed, None]), version))
    else:
        raise Malformed(f"more than {MAX_ROOT_ROTATIONS - 1} new roots: there may be newer ones")
    digests = {part.signed.version: digest(part.data) for part in roots}
    for version, sha256 in start.expected_roots.items():
        if version >= first and digests.get(version) != sha256:
            raise UntrustedKey(f"the root that was given does not lead to the remembered version {version}")
    if not roots[-1].signed.consistent_snapshot:
        raise Malformed("the trust root does not ask for consistent snapshots")
    return roots


def _checked(part: Part[Root], version: int) -> Part[Root]:
    """Check version and roles of a root whose signatures have been verified."""
    check_version(part, version)
    check_root_roles(part.signed.to_dict())
    return part


@dataclass(frozen=True)
class _BelowRoot:
    """Reads timestamp, snapshot and targets and compares them with the remembered metadata."""

    _fetcher: Fetcher
    _root: Root
    _remembered: Mapping[str, bytes]

    def timestamp(self) -> Part[Timestamp]:
        """Return the served timestamp, or the remembered one if both are equal (section 5.4)."""
        path = tree.TIMESTAMP.path()
        served = read_part(path, self._get(tree.TIMESTAMP, path), Timestamp, [self._root])
        before = self._before(Timestamp)
        if before is None:
            return served
        new, old = served.signed, before.signed
        if new.version < old.version:
            raise RolledBack(f"{path} holds version {new.version}, {old.version} was seen before", path=path)
        if new.version == old.version and new != old:
            raise _fork(before, [served.data, before.data])
        if new.snapshot_meta.version < old.snapshot_meta.version:
            raise RolledBack(f"{path} names an older snapshot than the one seen before", path=path)
        return before if new.version == old.version else served

    def named(
        self, kind: FileKind, role: type[SignedPart], meta: MetaFile, above: Part[Any]
    ) -> Part[SignedPart]:
        """Return the metadata file named by the role above, by version and digest (sections 5.5 and 5.6)."""
        before, path = self._before(role), kind.path(meta.version)
        if before is not None and before.signed.version == meta.version:
            if fits(meta, before.data):
                return before
            proof = [before.data]
            with contextlib.suppress(VerificationError):
                proof.append(self._get(kind, path))
            error = _fork(before, proof)
            error.documents += (Document.of(above.signed.type, above.data),)
            raise error
        data = self._get(kind, path, meta.length)
        check_digest(path, data, meta, role, self._root)
        part = read_part(path, data, role, [self._root])
        check_version(part, meta.version)
        if before is None:
            return part
        if part.signed.version < before.signed.version:
            older = f"holds version {part.signed.version}, {before.signed.version} was seen before"
            raise RolledBack(f"{path} {older}", path=path)
        # A snapshot must name everything that the previous one named, and nothing older (section 5.5.5).
        meta_before, meta_now = (getattr(one.signed, "meta", {}) for one in (before, part))
        for name, old in meta_before.items():
            if name not in meta_now or meta_now[name].version < old.version:
                raise RolledBack(f"{path} names an older {name} than the one seen before", path=path)
        return part

    def _get(self, kind: FileKind, path: str, length: int | None = None) -> bytes:
        try:
            return self._fetcher.get(path, min(length or kind.max_bytes, kind.max_bytes))
        except NotServed as error:
            raise Unreachable(
                f"{path} is missing, though newer metadata or the format says it is there", path=path
            ) from error

    def _before(self, role: type[SignedPart]) -> Part[SignedPart] | None:
        """Return the remembered metadata of a role, if the newest root still trusts it (section 5.3.11)."""
        data = self._remembered.get(role.type)
        if data is None:
            return None
        try:
            return read_part(f"the remembered {role.type}", data, role, [self._root])
        except VerificationError:
            return None


def _fork(before: Part[Any], proof: list[bytes]) -> Forked:
    role, version = before.signed.type, before.signed.version
    return Forked(
        f"two different files of {role} metadata of version {version}, both signed",
        hint="all are signed: keep them, and ask the publisher which history holds",
        documents=[Document.of(role, data) for data in proof],
    )
