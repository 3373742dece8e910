"""Key changes without a new version: metadata is signed again, in one transaction like every publication."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tuf.api.metadata import Root

from register_api.core import canonical
from register_api.core.canonical import digest
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.format.paths import TARGETS_BY_NAME
from register_api.core.signature import ed25519_jwk, public_pem, thumbprint
from register_api.core.trust_root import ROLES
from register_api.errors import KeyStoreError
from register_api.files import durable
from register_api.publish.building import Publishing, building, nothing_published
from register_api.publish.discovery import discovery_document, security_txt
from register_api.publish.examine import Examined
from register_api.publish.signing import key_file
from register_api.publish.signing.key_list import pem_file, pem_files, revised
from register_api.publish.signing.keyring import Keyring, signatures
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust import repository as trust_repository
from register_api.publish.trust.metadata import Read
from register_api.publish.trust.root import root_kids
from register_api.publish.version_files import digests_of, head_files
from register_api.store.reader import Snapshot, open_snapshot

NEXT = ".next.pem"


def promote_next_keys(keyring: Keyring, read: Read) -> tuple[Path, ...]:
    """Let each next key that the tree names already take its place."""
    waiting = sorted(keyring.folder.glob(f"*{NEXT}"))
    if not waiting:
        return ()
    # Every key in force: of the newest root, and open in the list of keys.
    keys = canonical.decode(read(tree.KEYS.path()), KeyList)
    named = root_kids(trust_metadata.newest_root(read), *itertools.chain.from_iterable(ROLES.values()))
    named |= {each.kid for each in keys.keys if each.last_version is None}
    kept: list[Path] = []
    for path in waiting:
        role = path.name.removesuffix(NEXT)
        if keyring.following(role).kid in named:
            kept += _take_place(keyring, role)
    return tuple(kept)


def _take_place(keyring: Keyring, role: str) -> list[Path]:
    """Move the files of one role; each step can be done again after a crash."""
    path, following = keyring.folder / f"{role}.pem", keyring.folder / f"{role}{NEXT}"
    kept: list[Path] = []
    try:
        if key_file.exists(path):
            kept.append(_keep(path, _name_of(keyring, role, path)))
        following.replace(path)
        durable.sync_folders({keyring.folder}, below=keyring.folder)
    except OSError as error:
        raise KeyStoreError(f"{following} cannot take the place of {path}: {error.strerror}") from error
    return kept


def _name_of(keyring: Keyring, role: str, path: Path) -> str:
    """Return an old key's thumbprint; of one that cannot be opened any more, its file's digest."""
    try:
        return keyring.signer(role).kid
    except KeyStoreError:
        return canonical.digest(path.read_bytes())


def _keep(path: Path, kid: str) -> Path:
    """Give an old key a name that says which one it is."""
    kept = path.with_name(f"{path.stem}-{kid[:8]}.pem.old")
    if kept.exists() and not kept.samefile(path):
        raise KeyStoreError(f"{kept} exists already; a private key is never written over")
    if not kept.exists():
        os.link(path, kept)
    return kept


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


def public_files(read: Read) -> dict[str, bytes]:
    """Return the files of the public ``keys/`` folder."""
    roots = trust_metadata.roots(read)
    keys = canonical.decode(read(tree.KEYS.path()), KeyList)
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
    """Return where public copies go if nothing else is said: ``keys/`` beside the source folder."""
    beside = source.absolute().parent / "keys"
    return private / "public" if beside == private.absolute() else beside


def write_public_copies(snapshot: Snapshot, folder: Path) -> bool:
    """Write PEM files and root metadata into a folder; return whether it is this register's.

    A folder that belongs to another set of keys is left as it is.
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
