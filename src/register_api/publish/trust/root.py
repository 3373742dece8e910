"""The trust root: which keys may sign what, signed by m of n people (TUF 1.0.31 section 4.3).

Creating and signing a root are two steps, so that each person can sign on their own machine.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import Key, SSlibKey
from tuf.api.metadata import Metadata, Role, Root

from register_api.core.canonical import digest
from register_api.core.language.language import count
from register_api.core.signature import ed25519_jwk, thumbprint
from register_api.core.text import printable
from register_api.core.trust_root import MEMBER, LogEpoch, check_root_roles, read_epochs
from register_api.errors import Forked, KeyStoreError, UntrustedKey, UsageError
from register_api.files import durable
from register_api.publish.signing import key_file
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer
from register_api.publish.trust.metadata import encode, expiry, metadata_path


class KnownRoot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The newest root that a key has signed, kept beside the key; ``sha256`` (hex) is of the signed bytes."""

    version: int
    sha256: str


def known_file(key: Path) -> Path:
    """Return the path of a key's ``KnownRoot``: ``root-2.known.json`` for ``root-2.pem``."""
    return key.with_name(f"{key.name.removesuffix('.pem')}.known.json")


def read_known(key: Path) -> KnownRoot | None:
    """Return the newest root that a key has signed, or ``None`` if there is no record."""
    path = known_file(key)
    if not key_file.exists(path):
        return None
    try:
        return msgspec.json.decode(key_file.read(path).reveal(), type=KnownRoot)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise KeyStoreError(f"{path} is not a record of a signed root: {printable(error)}") from None


def write_known(key: Path, root: Metadata[Root]) -> None:
    """Record beside a key which root it has signed; durable on return."""
    known = KnownRoot(version=root.signed.version, sha256=signed_sha256(root))
    with durable.failing_as(KeyStoreError, f"{known_file(key)} cannot be written"):
        durable.replace(known_file(key), msgspec.json.encode(known) + b"\n", secret=True)


def signed_sha256(root: Metadata[Root]) -> str:
    """Return the SHA-256 (hex) of the signed bytes of a root."""
    return digest(root.signed_bytes)


def check_chain(chain: Sequence[Metadata[Root]]) -> None:
    """Check that each root has the signatures that it and its predecessor require."""
    for root, before in zip(chain, (None, *chain), strict=False):
        previous = before.signed if before else None
        if root.signed.get_root_verification_result(previous, root.signed_bytes, root.signatures):
            continue
        asking = f"of version {previous.version} and of its own" if previous else "of its own"
        raise UntrustedKey(
            f"version {root.signed.version} of the trust root, on which the draft builds, is not signed"
            f" by enough root keys {asking}: it was never published",
            hint="do not sign, and tell the other holders of root keys by telephone",
        )


def check_known(chain: Sequence[Metadata[Root]], draft: Metadata[Root], known: KnownRoot) -> int:
    """Check that a draft continues what a key has signed; return the newest published version it knows."""
    roots = [*chain, draft]
    if 1 <= known.version <= len(roots) and signed_sha256(roots[known.version - 1]) == known.sha256:
        return min(known.version, len(chain))
    number, what = known.version, f"with SHA-256 {known.sha256}"
    found = "the draft has another version of that number" if number <= len(roots) else "the draft is older"
    raise Forked(
        f"this key has signed version {number} of the trust root, {what}; {found}",
        hint="do not sign, and ask the other holders of root keys by telephone. Only if that version was"
        " given up before it was published: remove the .known.json beside the key, and give --root-sha256",
    )


LIFETIME = dt.timedelta(days=400)
"""Validity of a root."""

FIRST_ROOT = "1.root.json"
"""File in the key folder: a first root that was signed on other machines."""

BEGUN = "1.root.begun"
"""Marker file in the key folder: a first root is being signed on other machines."""


def create(keyring: Keyring, now: dt.datetime) -> dict[str, bytes]:
    """Return the first root: one signed elsewhere, or a new one signed by all root keys of the keyring."""
    signed = keyring.folder / FIRST_ROOT
    if key_file.exists(signed):
        return {metadata_path(Root.type, 1): key_file.read(signed).reveal()}
    if key_file.exists(keyring.folder / BEGUN):
        raise KeyStoreError(
            "a first root was begun for other people to sign, and has not come back",
            hint="register-api keys publish-root DRAFT"
            f"  (to publish without it: rm {keyring.folder / BEGUN})",
        )
    root = first_root([signer.tuf_key for signer in keyring.roots], keyring.root_threshold, keyring, now)
    data = sign_root(root, keyring.roots)
    for number in range(1, keyring.root_keys + 1):
        write_known(keyring.folder / f"root-{number}.pem", Metadata[Root].from_bytes(data))
    return {metadata_path(Root.type, root.version): data}


def first_root(root_keys: Sequence[Key], threshold: int, keyring: Keyring, now: dt.datetime) -> Root:
    """Return version 1 of a root, unsigned, with the targets and online keys of the keyring."""
    targets, online = keyring.targets.tuf_key, keyring.online.tuf_key
    return make_root(root_keys, threshold, targets=targets, online=online, version=1, now=now)


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
    """Return an unsigned root."""
    holders = {
        Root.type: (list(root_keys), threshold),
        "targets": ([targets], 1),
        "snapshot": ([online], 1),
        "timestamp": ([online], 1),
    }
    if len({key.keyid for key in root_keys}) < len(root_keys):
        raise UntrustedKey("one root key is named twice: one person would count as two")
    if not 1 <= threshold <= len(root_keys):
        raise UsageError(
            f"a threshold of {threshold} is not possible with {count(len(root_keys), 'root key')}",
            hint="add root keys, or lower the threshold",
        )
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
    """Return the bytes of a root signed with the given keys."""
    metadata = Metadata(root)
    for signer in signers:
        signer.sign_metadata(metadata)
    return encode(metadata)


MAX_PEM_BYTES = 4096
"""A public key in PEM has a few hundred bytes."""


class RootChange(msgspec.Struct, frozen=True, kw_only=True):
    """Changes to make in the next root; without any, it is only renewed.

    ``removed`` names keys by thumbprint, ``root-<thumbprint>``, or a prefix of either.
    """

    added: tuple[Key, ...] = ()
    removed: tuple[str, ...] = ()
    threshold: int | None = None
    targets: Key | None = None
    online: Key | None = None
    epoch: LogEpoch | None = None


def next_root(before: Root, change: RootChange, now: dt.datetime) -> Root:
    """Return the next root, unsigned."""
    staying = list(before.roles[Root.type].keyids)
    for name in change.removed:
        kid = name.removeprefix("root-")
        found = [each for each in before.roles[Root.type].keyids if kid_of(before.keys[each]).startswith(kid)]
        if len(found) != 1 or not kid:
            reason = "no root key begins" if not found else f"{len(found)} root keys begin"
            raise UsageError(f"{reason} with {kid!r}", hint="register-api keys list")
        staying = [keyid for keyid in staying if keyid != found[0]]
    return make_root(
        [*(before.keys[keyid] for keyid in staying), *change.added],
        change.threshold or before.roles[Root.type].threshold,
        targets=change.targets or before.keys[before.roles["targets"].keyids[0]],
        online=change.online or before.keys[before.roles["timestamp"].keyids[0]],
        version=before.version + 1,
        now=now,
        epochs=(*read_epochs(before.to_dict()), *((change.epoch,) if change.epoch else ())),
    )


def kid_of(key: Key) -> str:
    """Return a key's RFC 7638 thumbprint, which identifies it outside TUF."""
    return thumbprint(ed25519_jwk(bytes.fromhex(key.keyval["public"])))


def root_kids(root: Root, *names: str) -> frozenset[str]:
    """Return the thumbprints of the keys that may sign for the root role, or for the named roles."""
    keyids = (keyid for name in names or (Root.type,) for keyid in root.roles[name].keyids)
    return frozenset(kid_of(root.keys[keyid]) for keyid in keyids)


def read_public_key(path: Path) -> Key:
    """Read a public Ed25519 key from a PEM file (RFC 8410)."""
    try:
        public = load_pem_public_key(durable.read_bounded(path, MAX_PEM_BYTES))
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path} is not a public key in PEM form") from None
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 key, as all keys of the root are")
    return SSlibKey.from_crypto(public)
