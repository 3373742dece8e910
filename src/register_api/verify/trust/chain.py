"""Is it theirs, is it the newest, are the keys still good: TUF 1.0 by the ``tuf`` library's client.

The client reads through our bounded fetcher and works in a temporary folder; what it trusts in the
end is handed back as bytes. It lets some things pass that this format refuses: those are checked here.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, Root, TargetFile
from tuf.ngclient import Updater, UpdaterConfig

from register_api.core.canonical import digest, is_digest
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME, target_copy
from register_api.core.instant import format_instant
from register_api.core.keys.trust_roles import check_root_roles
from register_api.core.log.note import has_further_lines
from register_api.errors import Forked, Malformed, Stale, UntrustedKey, VerificationError
from register_api.verify.fetch.fetcher import MAX_ROOT_ROTATIONS
from register_api.verify.trust.bridge import Bridge, explain
from register_api.verify.trust.form import check_form
from register_api.verify.trust.start import Start, check_expected, read_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from register_api.core.format.kind import FileKind
    from register_api.verify.fetch.fetcher import Fetcher

_ROLES = ("root", "timestamp", "snapshot", "targets")
UNEXPECTED = (
    RepositoryError,
    DownloadError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What the client raises on metadata of any form, its own and what escapes it."""

_CONFIG = UpdaterConfig(
    max_root_rotations=MAX_ROOT_ROTATIONS,
    root_max_length=tree.ROOT.max_bytes,
    timestamp_max_length=tree.TIMESTAMP.max_bytes,
    snapshot_max_length=tree.SNAPSHOT.max_bytes,
    targets_max_length=tree.TARGETS.max_bytes,
)


class Trusted(msgspec.Struct, frozen=True, kw_only=True):
    """What TUF vouches for.

    Attributes:
        roots: Version to SHA-256 (hex) of every root from the first one trusted to the newest.
        metadata: Bytes of the newest root, timestamp, snapshot and targets by role.
        expires: Until when each of them is good, UTC.
        root: The newest root as plain objects: what the library acts on.
        targets: Description of each target by name.
    """

    roots: dict[int, str]
    metadata: dict[str, bytes]
    expires: dict[str, dt.datetime]
    root: dict[str, Any]
    targets: dict[str, TargetFile]

    @property
    def fresh_until(self) -> dt.datetime:
        """Return when the first of the roles expires."""
        return min(self.expires.values())

    @property
    def targets_version(self) -> int:
        """Return the number of the newest targets metadata."""
        return int(Metadata.from_bytes(self.metadata["targets"]).signed.version)

    def copy_path(self, kind: FileKind) -> str:
        """Return the path of a target's copy, named by its digest."""
        name = kind.target_name
        return target_copy(name, self.targets[name].hashes["sha256"])

    def vouched_part(self, kind: FileKind, data: bytes) -> bytes | None:
        """Return the target in what is served at its public path, or ``None`` if it is not there.

        That is the whole file. Below the checkpoint alone further signature lines may stand, which
        witnesses gave after it was vouched for (docs/format.md, The log).
        """
        if self.is_target(kind, data):
            return data
        first = data[: self.targets[kind.target_name].length]
        if kind is tree.CHECKPOINT and self.is_target(kind, first) and has_further_lines(data, first):
            return first
        return None

    def is_target(self, kind: FileKind, data: bytes) -> bool:
        """Tell whether bytes are those of a target."""
        try:
            self.targets[kind.target_name].verify_length_and_hashes(data)
        except RepositoryError:
            return False
        return True


def follow(fetcher: Fetcher, start: Start, now: dt.datetime) -> Trusted:
    """Run the TUF client from a trusted root to the newest targets.

    Args:
        fetcher: Gives the metadata.
        start: What to begin with.
        now: The present instant, UTC; expiry is judged by this and by the machine's clock.

    Raises:
        VerificationError: The subclass that fits: see ``trust.bridge``.
    """
    bridge = Bridge(fetcher)
    with tempfile.TemporaryDirectory(prefix="register-api-") as name:
        folder = Path(name)
        for role, data in start.metadata.items():
            (folder / f"{role}.json").write_bytes(data)
        try:
            updater = Updater(name, tree.TRUST_FOLDER, fetcher=bridge, config=_CONFIG, bootstrap=start.root)
            updater.refresh()
            targets = {target: _target(updater, target) for target in TARGETS_BY_NAME}
        except (VerificationError, *UNEXPECTED) as error:
            _check_roots(folder)
            raise explain(error, bridge.last, _newest_root(folder), now) from error
        trusted = _collect(folder, targets)
    _check(start, trusted, now)
    _check_one_timestamp(trusted, bridge.timestamp)
    return trusted


def _target(updater: Updater, name: str) -> TargetFile:
    target = updater.get_targetinfo(name)
    if target is None:
        raise Malformed(f"the targets metadata does not list {name}")
    if not is_digest(target.hashes.get("sha256", "")):
        raise Malformed(f"the targets metadata gives no SHA-256 of {name} in 64 lower-case hex digits")
    return target


def _root_files(folder: Path) -> Mapping[int, bytes]:
    """Return the roots that the client took, oldest first."""
    paths = (folder / "root_history").glob("*.root.json")
    found = {int(path.name.split(".")[0]): path.read_bytes() for path in paths}
    return dict(sorted(found.items()))


def _newest_root(folder: Path) -> Root | None:
    files = _root_files(folder)
    return read_root(files[max(files)]) if files else None


def _check_roots(folder: Path) -> None:
    """Check what each root that the client took says of its keys; what fails below it may come from that."""
    for data in _root_files(folder).values():
        check_root_roles(read_root(data).to_dict())


def _collect(folder: Path, targets: dict[str, TargetFile]) -> Trusted:
    _check_roots(folder)
    roots = _root_files(folder)
    metadata = {role: (folder / f"{role}.json").read_bytes() for role in _ROLES}
    for role in ("snapshot", "targets"):  # the others were looked at when they arrived
        check_form(f"the {role} metadata", metadata[role])
    signed: dict[str, Any] = {role: Metadata.from_bytes(data).signed for role, data in metadata.items()}
    root = read_root(metadata["root"])
    if not root.consistent_snapshot:
        raise Malformed("the trust root does not ask for consistent snapshots")
    if signed["targets"].delegations is not None:
        raise Malformed("the targets metadata delegates to others, which this format has not")
    return Trusted(
        roots={version: digest(data) for version, data in roots.items()},
        metadata=metadata,
        expires={role: part.expires for role, part in signed.items()},
        root=root.to_dict(),
        targets=targets,
    )


def _check(start: Start, trusted: Trusted, now: dt.datetime) -> None:
    """Check what the client does not: remembered roots, their number, expiry by the instant handed in."""
    check_expected(start, trusted.roots)
    if len(trusted.roots) > MAX_ROOT_ROTATIONS:
        raise Malformed(f"more than {MAX_ROOT_ROTATIONS - 1} new roots: there may be newer ones")
    for role, expires in trusted.expires.items():
        if expires <= now:
            kind = UntrustedKey if role == Root.type else Stale
            raise kind(f"the {role} metadata has expired on {format_instant(expires)}")


def _check_one_timestamp(trusted: Trusted, received: bytes) -> None:
    """Check that the timestamp received is the trusted one.

    The client passes over another one of the same version, once it has checked its signature.
    """
    signed = Metadata.from_bytes(received).signed
    if signed != Metadata.from_bytes(trusted.metadata["timestamp"]).signed:
        raise Forked(f"two different timestamps of the same version {signed.version}, both signed")
