"""The trust root: which keys may sign what, signed by m of n people (TUF 1.0.31 section 4.3).

Making and signing are two steps, so that each person can sign on a machine of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
from securesystemslib.signer import Key
from tuf.api.metadata import Metadata, Role, Root

from register_api.core.keys.trust_root import MEMBER, LogEpoch, check_root_roles
from register_api.errors import KeyStoreError, UntrustedKey
from register_api.publish.signing import key_file
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust.metadata import encode, expiry, metadata_path
from register_api.publish.trust.root_chain import write_known

LIFETIME = dt.timedelta(days=400)
"""How long a root is good for."""

FIRST_ROOT = "1.root.json"
"""Name, in the folder of private keys, of a first root that was signed on other machines."""

BEGUN = "1.root.begun"
"""Marks, in the folder of private keys, that a first root is out to be signed on other machines."""


def create(keyring: Keyring, now: dt.datetime) -> dict[str, bytes]:
    """Take the first root that was signed elsewhere, or make one signed by all root keys of the keyring."""
    signed = keyring.folder / FIRST_ROOT
    if key_file.exists(signed):
        return {metadata_path(Root.type, 1): key_file.read(signed).reveal()}
    if key_file.exists(keyring.folder / BEGUN):
        raise KeyStoreError(
            "a first root was begun for other people to sign, and has not come back",
            hint="register-api keys publish-root DRAFT"
            f"  (to publish without it: rm {keyring.folder / BEGUN})",
        )
    root = make_root(
        [signer.tuf_key for signer in keyring.roots],
        keyring.root_threshold,
        targets=keyring.targets.tuf_key,
        online=keyring.online.tuf_key,
        version=1,
        now=now,
    )
    data = sign_root(root, keyring.roots)
    for number in range(1, keyring.root_keys + 1):
        write_known(keyring.folder / f"root-{number}.pem", Metadata[Root].from_bytes(data))
    return {metadata_path(Root.type, root.version): data}


def make_root(
    root_keys: Sequence[Key],
    threshold: int,
    *,
    targets: Key,
    online: Key,
    version: int,
    now: dt.datetime,
    epochs: Sequence[LogEpoch] = (),
) -> Root:
    """Put together a root that is not signed yet."""
    holders = {
        Root.type: (list(root_keys), threshold),
        "targets": ([targets], 1),
        "snapshot": ([online], 1),
        "timestamp": ([online], 1),
    }
    if len({key.keyid for key in root_keys}) < len(root_keys):
        raise UntrustedKey("one root key is named twice: one person would count as two")
    if not 1 <= threshold <= len(root_keys):
        raise UntrustedKey(f"{threshold} of {len(root_keys)} root keys is not a threshold that can be met")
    root = Root(
        version=version,
        expires=expiry(now, LIFETIME),
        keys={key.keyid: key for keys, _ in holders.values() for key in keys},
        roles={role: Role([key.keyid for key in keys], count) for role, (keys, count) in holders.items()},
        consistent_snapshot=True,
        unrecognized_fields={MEMBER: msgspec.to_builtins(epochs)} if epochs else None,
    )
    check_root_roles(root.to_dict())
    return root


def sign_root(root: Root, signers: Sequence[Ed25519Signer]) -> bytes:
    """Return the bytes of a root with the signatures of those who are here."""
    metadata = Metadata(root)
    for signer in signers:
        metadata.sign(signer.tuf_signer(), append=True)
    return encode(metadata)
