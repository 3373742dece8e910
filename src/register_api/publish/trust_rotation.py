"""New keys in the trust root, where one person's signature is enough: root, targets, online.

With a threshold of two or more the signatures come from several machines (``root_ceremony``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuf.api.metadata import Root

from register_api.errors import KeyStoreError, UsageError
from register_api.publish.key_transaction import key_change, resign_metadata
from register_api.publish.rotation import Changed
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.next_key import promote_next_keys
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import metadata_path
from register_api.publish.trust.root import sign_root
from register_api.publish.trust.root_change import RootChange, kid_of, next_root

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


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
    """
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as snapshot:
        before = trust_metadata.newest_root(snapshot.read)
        if before.roles[Root.type].threshold > 1:
            of_root = role.startswith("root-")
            options = "--remove-root KID --add-root PUB" if of_root else f"--rotate {role}"
            raise UsageError(
                f"{before.roles[Root.type].threshold} people have to sign a new trust root",
                hint=f"register-api keys new-root {options} -o draft.json  makes what they sign",
            )
        signers = _root_signers(keyring, before, role)
        change = _change(keyring, role)
        root = next_root(before, change, now)
        if role.startswith("root-"):
            signers = (*signers, keyring.root(int(role.removeprefix("root-"))))
        files = {metadata_path(Root.type, root.version): sign_root(root, signers)}
        visible = resign_metadata(snapshot, keyring, now, root=files)
        return Changed(snapshot=visible, kept=promote_next_keys(keyring.reopen(), visible.read))


def renew_trust(store: Path, keys: Path, now: dt.datetime) -> Changed:
    """Sign targets, snapshot and timestamp again over the version that is published.

    Args:
        store: Folder of the store.
        keys: Folder that holds the targets and the online key.
        now: The present instant, UTC.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        KeyStoreError: A private key cannot be used.
    """
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as snapshot:
        return Changed(snapshot=resign_metadata(snapshot, keyring, now))


def _root_signers(keyring: Keyring, before: Root, role: str) -> tuple[Ed25519Signer, ...]:
    """Return the key that signs for the root before: the one that is replaced, or any that is here."""
    wanted = {kid_of(before.keys[keyid]) for keyid in before.roles[Root.type].keyids}
    names = [role] if role.startswith("root-") else _root_names(keyring)
    for name in names:
        signer = keyring.signer(name)
        if isinstance(signer, Ed25519Signer) and signer.kid in wanted:
            return (signer,)
    raise KeyStoreError(
        f"no key of the trust root lies in {keyring.folder}",
        hint="bring root-1.pem to this machine for as long as this takes",
    )


def _root_names(keyring: Keyring) -> list[str]:
    names = (path.name.removesuffix(".pem") for path in keyring.folder.glob("root-*.pem"))
    return sorted(name for name in names if "." not in name)


def _change(keyring: Keyring, role: str) -> RootChange:
    old = keyring.signer(role) if role.startswith("root-") else None
    following = keyring.adopt_following(role)
    if not isinstance(following, Ed25519Signer):
        raise UsageError(f"{role!r} is no role of the trust root")
    if old is not None:
        return RootChange(added=(following.tuf_key,), removed=(old.kid,))
    if role == "targets":
        return RootChange(targets=following.tuf_key)
    return RootChange(online=following.tuf_key)
