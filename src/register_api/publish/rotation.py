"""New keys for document, log and feed: rotated in good order, or ended because of a thief or a loss.

Both change ``keys.json`` alone, vouched for by new targets metadata: the key beside the newest
version stays good for it, and the new one signs from the next version on (docs/keys.md).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import get_args

import msgspec
from tuf.api.metadata import Root

from register_api.core.canonical import decode
from register_api.core.documents import Ended, EndReason, KeyList, KeyRecord, KeyUse
from register_api.core.format import tree
from register_api.core.log.note import parse_verifier_key
from register_api.core.text import quoted
from register_api.errors import KeyStoreError, UsageError
from register_api.publish.building import Publishing, nothing_published
from register_api.publish.key_transaction import key_change, promote_next_keys, resign_metadata
from register_api.publish.signing.key_list import key_record, open_record, record_of, rotated, shortened
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.root import (
    RootChange,
    check_chain,
    check_known,
    next_root,
    read_known,
    root_kids,
    sign_root,
    write_known,
)
from register_api.store.reader import Snapshot, open_snapshot

USES: tuple[KeyUse, ...] = get_args(KeyUse)
"""The roles whose keys stand in ``keys.json``."""


class KeyChange(msgspec.Struct, frozen=True, kw_only=True):
    """Where keys change, and why."""

    store: Path
    keys: Path
    now: dt.datetime
    reason: EndReason = "rotated"
    text: str | None = None

    def ended(self) -> Ended:
        """Return what the list of keys says of the old key."""
        return Ended(at=self.now, reason=self.reason, text=self.text)


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a change of keys.

    Attributes:
        snapshot: The visible publication.
        kept: Where old private keys lie now.
    """

    snapshot: Snapshot
    kept: tuple[Path, ...] = ()


def rotate_key(change: KeyChange, use: KeyUse) -> Changed:
    """Let a new key follow from the next version on.

    The old private key is not needed, so this is also the way out when it is lost.
    """
    keyring = Keyring.open(change.keys, create=False)
    with key_change(change.store, keyring) as work:
        _, found = work.required()
        keys = found.keys.document
        successor = _successor(keyring, keys, use)
        changed = rotated(keys, successor, found.head.size, change.ended())
        return _publish(change, work, keyring, changed)


def end_key(change: KeyChange, kid: str, last_version: int) -> Changed:
    """Close a key's range at the last version that is known to be good.

    What the log holds of it after that version is refused by customers from now on, and nothing
    makes it good again: files that are fixed are never signed again (docs/keys.md).

    Args:
        change: Where and why.
        kid: The key's thumbprint, or its beginning.
        last_version: Last version that the publisher vouches for.

    Raises:
        UsageError: There is no such key, or it was never good for that version.
        StoreError: Nothing was published yet, or the store is damaged.
        StoreLocked: A publisher is at work.
        KeyStoreError: The targets or online key cannot be used, or the new one not made.
    """
    keyring = Keyring.open(change.keys, create=False)
    with key_change(change.store, keyring) as work:
        _, found = work.required()
        keys, newest = found.keys.document, found.head.size
        record = record_of(keys, kid)
        if last_version > newest:
            raise UsageError(f"version {last_version} was not published yet; the newest is {newest}")
        # Refused before a key is made for it.
        shortened(keys, record, last_version, change.ended(), None)
        successor = _successor(keyring, keys, _use(record)) if record.last_version is None else None
        changed = shortened(keys, record, last_version, change.ended(), successor)
        return _publish(change, work, keyring, changed)


def disowned_versions(store: Path, kid: str, last_version: int) -> range:
    """Return the versions that ending a key at a version takes away from it: customers refuse them."""
    snapshot = open_snapshot(store)
    if snapshot is None:
        raise nothing_published(store)
    listed = decode(snapshot.read(tree.KEYS.path()), KeyList)
    until = record_of(listed, kid).last_version or snapshot.state.version
    return range(last_version + 1, until + 1)


def _use(record: KeyRecord) -> KeyUse:
    """Return what a key is for."""
    for use in USES:
        if use == record.use:
            return use
    raise UsageError(f"this release does not know keys for {quoted(record.use)}", hint="use a later release")


def _successor(keyring: Keyring, keys: KeyList, use: KeyUse) -> KeyRecord:
    """Make the new key once those that have to vouch for it are known to be here."""
    _ = keyring.targets, keyring.online
    return key_record(use, keyring.following(use), origin_of(keys), 1)


def origin_of(keys: KeyList) -> str:
    """Return the origin of the log's epoch that goes on."""
    return parse_verifier_key(open_record(keys, "log").note_key or "").name


def _publish(change: KeyChange, work: Publishing, keyring: Keyring, keys: KeyList) -> Changed:
    visible = resign_metadata(work, keyring, change.now, keys=keys)
    kept = promote_next_keys(keyring.reopen(), visible.read)
    return Changed(snapshot=visible, kept=kept)


def rotate_trust_key(store: Path, keys: Path, role: str, now: dt.datetime) -> Changed:
    """Let a new key take over a role of the root at once: a new root, and all metadata below it signed again.

    Args:
        store: Folder of the store.
        keys: Folder of the private keys, the root key among them.
        role: ``targets``, ``online``, or ``root-1`` and so on.
        now: The present instant, UTC.

    Raises:
        UsageError: There is no such role, or more than one person has to sign.
        StoreError: Nothing was published yet, or the store is damaged.
        KeyStoreError: A private key cannot be used, or is not the root's.
        UntrustedKey: A root of the store is not signed as customers ask for.
        Forked: The store does not have the root that the key has signed last.
    """
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as work:
        snapshot, _ = work.required()
        chain = [trust_metadata.parse(data, Root) for data in trust_metadata.roots(snapshot.read)]
        before = chain[-1].signed
        if before.roles[Root.type].threshold > 1:
            of_root = role.startswith("root-")
            options = "--remove-root KID --add-root PUB" if of_root else f"--rotate {role}"
            raise UsageError(
                f"{before.roles[Root.type].threshold} people have to sign a new trust root",
                hint=f"register-api keys new-root {options} -o draft.json  makes what they sign",
            )
        path, signer = _root_holder(keyring, before, role)
        check_chain(chain)
        if (known := read_known(path)) is not None:
            check_known(chain[:-1], chain[-1], known)
        root = next_root(before, _change(keyring, role), now)
        following = [keyring.root(int(role.removeprefix("root-")))] if role.startswith("root-") else []
        data = sign_root(root, [signer, *following])
        files = {metadata_path(Root.type, root.version): data}
        visible = resign_metadata(work, keyring, now, root=files)
        kept = promote_next_keys(keyring.reopen(), visible.read)
        write_known(path, trust_metadata.parse(data, Root))
        return Changed(snapshot=visible, kept=kept)


def renew_trust(store: Path, keys: Path, now: dt.datetime) -> Changed:
    """Sign targets, snapshot and timestamp again over the same version; renew ``security.txt``."""
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as work:
        return Changed(snapshot=resign_metadata(work, keyring, now))


def _root_holder(keyring: Keyring, before: Root, role: str) -> tuple[Path, Ed25519Signer]:
    """Return the key that signs for the root before: the one that is replaced, or any that is here."""
    wanted = root_kids(before)
    stems = sorted(path.name.removesuffix(".pem") for path in keyring.folder.glob("root-*.pem"))
    for name in [role] if role.startswith("root-") else [stem for stem in stems if "." not in stem]:
        signer = keyring.signer(name)
        if isinstance(signer, Ed25519Signer) and signer.kid in wanted:
            return keyring.folder / f"{name}.pem", signer
    raise KeyStoreError(
        f"no key of the trust root lies in {keyring.folder}",
        hint="bring root-1.pem to this machine for as long as this takes",
    )


def trust_key(keyring: Keyring, role: str) -> Ed25519Signer:
    """Return the key that follows in a role of the trust root."""
    signer = keyring.following(role)
    if not isinstance(signer, Ed25519Signer):
        raise UsageError(f"{role!r} is not a role of the trust root")
    return signer


def _change(keyring: Keyring, role: str) -> RootChange:
    old = keyring.signer(role) if role.startswith("root-") else None
    following = trust_key(keyring, role)
    keyring.adopt_following(role)
    if old is not None:
        return RootChange(added=(following.tuf_key,), removed=(old.kid,))
    return msgspec.structs.replace(RootChange(), **{role: following.tuf_key})
