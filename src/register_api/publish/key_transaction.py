"""Key changes without a new version: metadata is re-signed in one transaction, like every publication."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from tuf.api.metadata import Root

from register_api.core.canonical import decode, digest
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.signature import ed25519_jwk, public_pem, thumbprint
from register_api.core.trust_root import ROLES
from register_api.errors import KeyStoreError
from register_api.files import durable
from register_api.publish.building import Publishing, building, required_snapshot
from register_api.publish.discovery import discovery_document, security_txt
from register_api.publish.examine import Examined
from register_api.publish.signing import key_file
from register_api.publish.signing.key_list import pem_file, pem_files, revised
from register_api.publish.signing.keyring import Keyring, signatures
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust.metadata import Read, overlaid
from register_api.publish.trust.root import root_kids
from register_api.publish.version_files import digests_of, head_files
from register_api.store.reader import Snapshot

NEXT = ".next.pem"


def promote_next_keys(keyring: Keyring, read: Read) -> tuple[Path, ...]:
    """Promote the next keys that the tree already names; return where the old ones were moved."""
    waiting = sorted(keyring.folder.glob(f"*{NEXT}"))
    if not waiting:
        return ()
    # Keys in force: those of the newest root, and those open in the key list.
    keys = decode(read(tree.KEYS.path()), KeyList)
    named = root_kids(trust_metadata.newest_root(read), *itertools.chain.from_iterable(ROLES.values()))
    named |= {each.kid for each in keys.keys if each.last_version is None}
    kept: list[Path] = []
    for path in waiting:
        role = path.name.removesuffix(NEXT)
        if keyring.following(role).kid in named:
            kept += _take_place(keyring, role)
    return tuple(kept)


def _take_place(keyring: Keyring, role: str) -> list[Path]:
    """Replace the key file of one role; each step can be repeated after a crash."""
    path, following = keyring.folder / f"{role}.pem", keyring.folder / f"{role}{NEXT}"
    kept: list[Path] = []
    with durable.failing_as(KeyStoreError, f"{following} cannot take the place of {path}"):
        if key_file.exists(path):
            try:
                name = keyring.signer(role).kid
            except KeyStoreError:  # it can no longer be opened
                name = digest(path.read_bytes())
            old = path.with_name(f"{role}-{name[:8]}.pem.old")
            if old.exists() and not old.samefile(path):
                raise KeyStoreError(f"{old} exists already; a private key is never written over")
            if not old.exists():
                os.link(path, old)
            kept.append(old)
        following.replace(path)
        durable.sync_folders({keyring.folder}, below=keyring.folder)
    return kept


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a key change: the visible publication, and the paths of old private keys."""

    snapshot: Snapshot
    kept: tuple[Path, ...] = ()


class KeyTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """A locked store and its keys, for one key change."""

    work: Publishing
    snapshot: Snapshot
    found: Examined
    keyring: Keyring
    now: dt.datetime

    def publish(self, *, root: Mapping[str, bytes] | None = None, keys: KeyList | None = None) -> Changed:
        """Re-sign targets, snapshot and timestamp over the same version, and promote next keys."""
        snapshot, found, now = self.snapshot, self.found, self.now
        root = root or {}
        changed = {tree.KEYS.path(): revised(found.keys.data, keys)} if keys else {}
        heads = self._heads(root) if root or not keys else {}
        if heads:
            changed[tree.HEADS.path()] = head_files(found.heads, heads, (), found.newest.document)

        targets = {
            name: changed.get(kind.path()) or trust_repository.vouched(snapshot.read, name)
            for name, kind in TARGETS_BY_NAME.items()
        }
        read = overlaid({**root, **changed}, snapshot.read)
        trust = trust_repository.publish(read, self.keyring, targets, now)
        pems = {tree.PUBLIC_KEY.path(kid): pem for kid, pem in pem_files(keys).items()} if keys else {}
        visible = self.work.commit(
            {**changed, **signatures(changed, self.keyring), **heads, **pems, **root, **trust},
            now=now,
            retired=trust_repository.expired_metadata(snapshot.read, snapshot.published_at, now),
        )
        return Changed(snapshot=visible, kept=promote_next_keys(self.keyring.reopen(), visible.read))

    def _heads(self, root: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return head files that have changed: discovery (newest root) and ``security.txt`` (expiry)."""
        newest = self.found.newest.document
        base_url = self.found.head.base_url or newest.url
        roots = trust_metadata.roots(overlaid(root, self.snapshot.read))
        made = {
            tree.DISCOVERY.path(): discovery_document(newest, roots, base_url),
            tree.SECURITY_TXT.path(): security_txt(newest.publisher, self.now, base_url),
        }
        signed = digests_of(self.found.heads)
        return {path: data for path, data in made.items() if data and signed.get(path) != digest(data)}


@contextlib.contextmanager
def key_change(store: Path, keys: Path, now: dt.datetime) -> Iterator[KeyTransaction]:
    """Lock the store for a key change, and finish an interrupted one."""
    required_snapshot(store)
    keyring = Keyring(keys)
    with building(store, keys) as work:
        snapshot, found = work.required()
        promote_next_keys(keyring.reopen(), snapshot.read)
        yield KeyTransaction(work=work, snapshot=snapshot, found=found, keyring=keyring, now=now)


def public_files(read: Read) -> dict[str, bytes]:
    """Return the files of the public ``keys/`` folder."""
    roots = trust_metadata.roots(read)
    keys = decode(read(tree.KEYS.path()), KeyList)
    files = {f"{number}.root.json": data for number, data in enumerate(roots, start=1)}
    root = trust_metadata.parse(roots[-1], Root).signed
    for role, names in ROLES.items():
        for keyid in root.roles[names[0]].keyids:
            jwk = ed25519_jwk(bytes.fromhex(root.keys[keyid].keyval["public"]))
            files[f"{role}-{thumbprint(jwk)}.pem"] = pem_file(public_pem(jwk))
    files |= {f"{record.use}-{record.kid}.pem": pem_file(record.pem) for record in keys.keys}
    return files


FIRST_ROOT = "1.root.json"


def default_folder(source: Path, private: Path) -> Path:
    """Return the default folder of public copies: ``keys/`` beside the source folder."""
    beside = source.absolute().parent / "keys"
    return private / "public" if beside == private.absolute() else beside


def write_public_copies(snapshot: Snapshot, folder: Path) -> bool:
    """Write PEM files and root metadata into a folder; return whether it is this register's.

    A folder that belongs to another set of keys is not changed.
    """
    files = public_files(snapshot.read)
    first = folder / FIRST_ROOT
    if first.exists() and first.read_bytes() != files[FIRST_ROOT]:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        if not path.exists() or path.read_bytes() != data:
            durable.replace(path, data)
    return True
