"""Whose keys were these, judged as of the time of the evidence: TUF 1.0 without a clock.

The TUF client asks whether metadata is good *today*. Evidence asks whether it was good when it was
kept: every signature is checked, and until when it vouched is stated, not judged by today's clock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from tuf.api.exceptions import BadVersionNumberError
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from register_api.core.canonical import digest
from register_api.core.format import tree
from register_api.core.keys.trust_roles import check_root_roles
from register_api.errors import Malformed, UntrustedKey, VerificationError
from register_api.verify.trust.bridge import LastRead, explain
from register_api.verify.trust.chain import UNEXPECTED, Trusted
from register_api.verify.trust.form import check_form
from register_api.verify.trust.start import read_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tuf.api.metadata import MetaFile

    from register_api.verify.trust.start import Start

    Get = Callable[[str], bytes]

EVIDENCE_TARGETS = (tree.KEYS, tree.CHECKPOINT)
"""Targets that evidence rests on; the other two are of the newest version."""

_ROOT = re.compile(tree.ROOT.named_pattern)
_NO_CLOCK = dt.datetime.min.replace(tzinfo=dt.UTC)


def root_versions(paths: Iterable[str]) -> list[int]:
    """Return the versions of the roots among some paths, in order."""
    return sorted(int(found[1]) for path in paths if (found := _ROOT.fullmatch(path)))


def read_roots(get: Get, paths: Iterable[str]) -> dict[int, bytes]:
    """Return all roots of a package, oldest first."""
    versions = root_versions(paths)
    if versions != list(range(1, len(versions) + 1)) or not versions:
        raise Malformed("the roots in the package are not numbered from 1 without gaps")
    return {version: get(_root_path(version)) for version in versions}


def check_roots(roots: Mapping[int, bytes], start: Start) -> Root:
    """Check the chain of roots; return the newest."""
    if roots.get(start.origin.version) != start.root:
        raise UntrustedKey(
            f"the root that was given, version {start.origin.version}, is not in the package's chain",
            hint="give the first root, or its SHA-256, as the contract names it",
        )
    before: Root | None = None
    for version, data in roots.items():
        root = _check_root(version, data, before)
        before = root
    return root


def _check_root(version: int, data: bytes, before: Root | None) -> Root:
    path = _root_path(version)
    with _explaining(path, data, before):
        metadata = Metadata[Root].from_bytes(data)
        root = read_root(data)
        if root.version != version:
            raise Malformed(f"{path} holds version {root.version}", path=path)
        check_form(path, data)
        check_root_roles(root.to_dict())
        if not root.consistent_snapshot:
            raise Malformed(f"{path} does not ask for consistent snapshots", path=path)
        for signer in (root,) if before is None else (before, root):
            signer.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
    return root


def follow(get: Get, roots: Mapping[int, bytes], root: Root) -> Trusted:
    """Check timestamp, snapshot and targets by the newest root, each as the one before names it.

    Raises:
        VerificationError: The subclass that fits, as for the TUF client.
    """
    metadata = {"root": roots[root.version]}
    timestamp = _signed(get, tree.TIMESTAMP.path(), root, Timestamp, metadata)
    meta = timestamp.snapshot_meta
    snapshot = _signed(get, tree.SNAPSHOT.path(meta.version), root, Snapshot, metadata, meta)
    listed = snapshot.meta.get("targets.json")
    if listed is None:
        raise Malformed("the snapshot does not name the targets metadata")
    targets = _signed(get, tree.TARGETS.path(listed.version), root, Targets, metadata, listed)
    if targets.delegations is not None:
        raise Malformed("the targets metadata delegates to others, which this format has not")
    parts = {"root": root, "timestamp": timestamp, "snapshot": snapshot, "targets": targets}
    return Trusted(
        roots={version: digest(data) for version, data in roots.items()},
        metadata=metadata,
        expires={role: part.expires for role, part in parts.items()},
        root=root.to_dict(),
        targets={kind.target_name: _target(targets, kind.target_name) for kind in EVIDENCE_TARGETS},
    )


def _signed(
    get: Get, path: str, root: Root, kind: type[Any], found: dict[str, bytes], meta: MetaFile | None = None
) -> Any:
    """Return the signed part of a metadata file; its bytes join what was found."""
    data = get(path)
    with _explaining(path, data, root):
        if meta is not None:
            meta.verify_length_and_hashes(data)
        check_form(path, data)
        metadata = Metadata[Any].from_bytes(data)
        if not isinstance(metadata.signed, kind):
            raise Malformed(f"{path} is metadata of another role", path=path)
        root.verify_delegate(kind.type, metadata.signed_bytes, metadata.signatures)
        if meta is not None and metadata.signed.version != meta.version:
            raise BadVersionNumberError(path)
    found[kind.type] = data
    return metadata.signed


def _target(targets: Targets, name: str) -> Any:
    target = targets.targets.get(name)
    if target is None or "sha256" not in target.hashes:
        raise Malformed(f"the targets metadata does not list {name} with a SHA-256")
    return target


@contextlib.contextmanager
def _explaining(path: str, data: bytes, root: Root | None) -> Iterator[None]:
    """Turn whatever the TUF library raises into a finding."""
    last = LastRead()
    last.path, last.data = path, data
    try:
        yield
    except (VerificationError, *UNEXPECTED) as error:
        raise explain(error, last, root, _NO_CLOCK) from error


def _root_path(version: int) -> str:
    return tree.ROOT.path(version)
