"""TUF metadata as files: paths, serialisation, and the newest metadata of each role in a tree.

It is read from the publisher's own tree, so invalid metadata is ``StoreDamaged``, not an attack.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from tuf.api.exceptions import LengthOrHashMismatchError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from register_api.core.format import tree
from register_api.errors import KeyStoreError, StoreDamaged, StoreError
from register_api.publish.signing.signer import Ed25519Signer

Read: TypeAlias = Callable[[str], bytes]
"""Returns the bytes at a path in the tree; raises ``KeyError`` if there is no such file."""


def overlaid(files: Mapping[str, bytes], read: Read) -> Read:
    """Return a reader in which the given files override those of a tree."""
    return lambda path: files[path] if path in files else read(path)


T = TypeVar("T", Root, Timestamp, Snapshot, Targets)

_KINDS = {Root.type: tree.ROOT, Snapshot.type: tree.SNAPSHOT, Targets.type: tree.TARGETS}


def metadata_path(role: str, version: int) -> str:
    """Return the path of one version of root, targets or snapshot (TUF consistent snapshots)."""
    return _KINDS[role].path(version)


def expiry(now: dt.datetime, lifetime: dt.timedelta) -> dt.datetime:
    """Return the time, UTC, at which metadata signed now expires."""
    if now.tzinfo is None:
        raise ValueError("an instant without time zone")
    return now.astimezone(dt.UTC) + lifetime


def encode(metadata: Metadata[Any]) -> bytes:
    """Return signed metadata as compact ASCII JSON."""
    return metadata.to_bytes(JSONSerializer(compact=True))


def sign(signed: T, signer: Ed25519Signer, root: Root) -> bytes:
    """Sign a role's metadata, and check that clients that trust the root will accept it."""
    metadata = Metadata(signed)
    signer.sign_metadata(metadata)
    try:
        root.verify_delegate(signed.type, metadata.signed_bytes, metadata.signatures)
    except UnsignedMetadataError as error:
        raise KeyStoreError(
            f"version {root.version} of the trust root does not let the key {signer.kid} sign {signed.type}",
            hint="bring back the key that the root names, or rotate: the root has to name the new one first",
        ) from error
    return encode(metadata)


def roots(read: Read) -> tuple[bytes, ...]:
    """Return all versions of the root, oldest first; their numbers have no gaps."""
    found: list[bytes] = []
    for version in itertools.count(1):
        try:
            found.append(read(metadata_path(Root.type, version)))
        except KeyError:
            break
    if not found:
        raise StoreError("no trust root yet")
    return tuple(found)


def newest_root(read: Read) -> Root:
    """Return the current root."""
    return parse(roots(read)[-1], Root).signed


def timestamp(read: Read) -> Timestamp | None:
    """Return the newest timestamp, or ``None`` if nothing was published yet."""
    try:
        data = read(tree.TIMESTAMP.path())
    except KeyError:
        return None
    return parse(data, Timestamp).signed


def newest(read: Read, root: Root | None = None) -> tuple[Timestamp, Snapshot, Targets] | None:
    """Return the newest timestamp with its snapshot and targets, or ``None`` before the first."""
    named = timestamp(read)
    if named is None:
        return None
    snapshot = _named(read, Snapshot, named.snapshot_meta, root)
    if "targets.json" not in snapshot.meta:
        raise StoreDamaged(f"version {snapshot.version} of the snapshot names no targets")
    return named, snapshot, _named(read, Targets, snapshot.meta["targets.json"], root)


def parse(data: bytes, kind: type[T]) -> Metadata[T]:
    """Read metadata of one role."""
    try:
        metadata = Metadata[T].from_bytes(data)
    except DeserializationError as error:
        raise StoreDamaged(f"the {kind.type} metadata of the tree cannot be read") from error
    if not isinstance(metadata.signed, kind):
        raise StoreDamaged(f"the {kind.type} metadata of the tree is that of another role")
    return metadata


def _named(read: Read, kind: type[T], meta: MetaFile, root: Root | None) -> T:
    """Read the metadata that other metadata names by version, length and digest."""
    path = metadata_path(kind.type, meta.version)
    try:
        data = read(path)
        meta.verify_length_and_hashes(data)
        metadata = parse(data, kind)
        if root is not None:
            root.verify_delegate(kind.type, metadata.signed_bytes, metadata.signatures)
    except KeyError as error:
        raise StoreDamaged(f"{path} is named by newer metadata but missing") from error
    except LengthOrHashMismatchError as error:
        raise StoreDamaged(f"{path} is not the file that newer metadata names") from error
    except UnsignedMetadataError as error:
        raise StoreDamaged(
            f"{path} is not signed by the key that the trust root names", hint="publish again"
        ) from error
    return metadata.signed
