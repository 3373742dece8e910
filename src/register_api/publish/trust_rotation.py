"""New keys in the trust root, where one person's signature is enough: root, targets, online.

With a threshold of two or more the signatures come from several machines (``root_ceremony``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from tuf.api.metadata import Metadata, Root

from register_api.errors import KeyStoreError, UsageError
from register_api.publish.key_transaction import key_change, resign_metadata
from register_api.publish.rotation import Changed
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.next_key import promote_next_keys
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
        _check_builds_on(chain, path)
        root = next_root(before, _change(keyring, role), now)
        following = [keyring.root(int(role.removeprefix("root-")))] if role.startswith("root-") else []
        data = sign_root(root, [signer, *following])
        files = {metadata_path(Root.type, root.version): data}
        visible = resign_metadata(work, keyring, now, root=files)
        kept = promote_next_keys(keyring.reopen(), visible.read)
        write_known(path, trust_metadata.parse(data, Root))
        return Changed(snapshot=visible, kept=kept)


def renew_trust(store: Path, keys: Path, now: dt.datetime) -> Changed:
    """Sign targets, snapshot and timestamp again over the version that is published; renew ``security.txt``.

    Args:
        store: Folder of the store.
        keys: Folder that holds the targets and the online key, and the document key for ``security.txt``.
        now: The present instant, UTC.

    Raises:
        StoreError: Nothing was published yet, or the store is damaged.
        KeyStoreError: A private key cannot be used.
    """
    keyring = Keyring.open(keys, create=False)
    with key_change(store, keyring) as work:
        return Changed(snapshot=resign_metadata(work, keyring, now))


def _root_holder(keyring: Keyring, before: Root, role: str) -> tuple[Path, Ed25519Signer]:
    """Return the key that signs for the root before: the one that is replaced, or any that is here."""
    wanted = root_kids(before)
    names = [role] if role.startswith("root-") else _root_names(keyring)
    for name in names:
        signer = keyring.signer(name)
        if isinstance(signer, Ed25519Signer) and signer.kid in wanted:
            return keyring.folder / f"{name}.pem", signer
    raise KeyStoreError(
        f"no key of the trust root lies in {keyring.folder}",
        hint="bring root-1.pem to this machine for as long as this takes",
    )


def _check_builds_on(chain: Sequence[Metadata[Root]], key: Path) -> None:
    """Check that the roots of the store are good, and those that the key has signed."""
    check_chain(chain)
    known = read_known(key)
    if known is not None:
        check_known(chain[:-1], chain[-1], known)


def _root_names(keyring: Keyring) -> list[str]:
    names = (path.name.removesuffix(".pem") for path in keyring.folder.glob("root-*.pem"))
    return sorted(name for name in names if "." not in name)


def _change(keyring: Keyring, role: str) -> RootChange:
    old = keyring.signer(role) if role.startswith("root-") else None
    following = keyring.adopt_following(role)
    if not isinstance(following, Ed25519Signer):
        raise UsageError(f"{role!r} is not a role of the trust root")
    if old is not None:
        return RootChange(added=(following.tuf_key,), removed=(old.kid,))
    if role == "targets":
        return RootChange(targets=following.tuf_key)
    return RootChange(online=following.tuf_key)
