"""Key changes without a new version: metadata is signed again, in one transaction like every publication."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from register_api.core.canonical import digest
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.publish.building import Publishing, building, nothing_published
from register_api.publish.discovery import discovery_document, security_txt
from register_api.publish.examine import Examined
from register_api.publish.head_files import digests_of, head_files
from register_api.publish.signing.key_list import pem_files, revised
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.next_key import promote_next_keys
from register_api.publish.signing.signatures import signatures
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.store.reader import Snapshot, open_snapshot


@contextlib.contextmanager
def key_change(store: Path, keyring: Keyring) -> Iterator[Publishing]:
    """Hold the store for a change of keys, and finish what an interrupted one left half done."""
    if open_snapshot(store) is None:
        raise nothing_published(store)
    with building(store, keyring.folder) as work:
        snapshot, _ = work.required()
        promote_next_keys(keyring.reopen(), snapshot.read)
        yield work


def resign_metadata(
    work: Publishing,
    keyring: Keyring,
    now: dt.datetime,
    *,
    root: Mapping[str, bytes] | None = None,
    keys: KeyList | None = None,
) -> Snapshot:
    """Sign targets, snapshot and timestamp again over the same version, as one transaction."""
    snapshot, found = work.required()
    root = root or {}
    changed = {tree.KEYS.path(): revised(found.keys.data, keys)} if keys else {}
    heads = _heads(found, root, snapshot.read, now) if root or not keys else {}
    if heads:
        changed[tree.HEADS.path()] = head_files(found.heads, heads, (), found.newest.document)

    def read(path: str) -> bytes:
        new = root.get(path) or changed.get(path)
        return new if new is not None else snapshot.read(path)

    targets = {
        name: changed.get(kind.path()) or trust_repository.vouched(snapshot.read, name)
        for name, kind in TARGETS_BY_NAME.items()
    }
    trust = trust_repository.publish(read, keyring, targets, now)
    pems = {tree.PUBLIC_KEY.path(kid): pem for kid, pem in pem_files(keys).items()} if keys else {}
    return work.commit(
        {**changed, **signatures(changed, keyring), **heads, **pems, **root, **trust},
        now=now,
        retired=trust_repository.outlived(snapshot.read, snapshot.published_at, now),
    )


def _heads(
    found: Examined, root: Mapping[str, bytes], stored: trust_metadata.Read, now: dt.datetime
) -> dict[str, bytes]:
    """Make the head files that say something else by now: which root there is, how long a contact is good."""
    newest = found.newest.document
    base_url = found.head.base_url or newest.url
    roots = trust_metadata.roots(lambda path: root[path] if path in root else stored(path))
    made = {
        tree.DISCOVERY: discovery_document(newest, roots, base_url),
        tree.SECURITY_TXT: security_txt(newest.publisher, now, base_url),
    }
    signed = digests_of(found.heads)
    return {
        kind.path(): data
        for kind, data in made.items()
        if data is not None and signed.get(kind.path()) != digest(data)
    }
