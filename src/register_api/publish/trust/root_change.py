"""The next version of the trust root: made from the one before, and good when both want it.

A customer takes a new root that carries the threshold of signatures of the root before *and* its own
(TUF 1.0.31 section 5.3). A change of nothing but the expiry is a renewal.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.signer import Key, SSlibKey
from tuf.api.metadata import Metadata, Root

from register_api.core.keys.trust_root import LogEpoch, read_epochs
from register_api.core.signature import ed25519_jwk, thumbprint
from register_api.errors import UsageError
from register_api.publish.trust.root import make_root

MAX_PEM_BYTES = 4096
"""A public key in PEM is some hundred bytes."""


class RootChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different in the next root; without anything it is renewed.

    Attributes:
        added: New root keys.
        removed: Thumbprints, or their beginnings, of root keys that leave.
        threshold: How many root keys have to sign from then on.
        targets: The new key for targets.
        online: The new key for snapshot and timestamp.
        epoch: A new epoch of the log.
    """

    added: tuple[Key, ...] = ()
    removed: tuple[str, ...] = ()
    threshold: int | None = None
    targets: Key | None = None
    online: Key | None = None
    epoch: LogEpoch | None = None


def next_root(before: Root, change: RootChange, now: dt.datetime) -> Root:
    """Put together the next root, not signed yet."""
    leaving = {_root_keyid(before, kid) for kid in change.removed}
    staying = [keyid for keyid in before.roles[Root.type].keyids if keyid not in leaving]
    return make_root(
        [*(before.keys[keyid] for keyid in staying), *change.added],
        change.threshold or before.roles[Root.type].threshold,
        targets=change.targets or only_key(before, "targets"),
        online=change.online or only_key(before, "timestamp"),
        version=before.version + 1,
        now=now,
        epochs=(*read_epochs(before.to_dict()), *((change.epoch,) if change.epoch else ())),
    )


def only_key(root: Root, role: str) -> Key:
    """Return the key of a role that has one."""
    return root.keys[root.roles[role].keyids[0]]


def kid_of(key: Key) -> str:
    """Return a key's RFC 7638 thumbprint, the name it has everywhere else."""
    return thumbprint(ed25519_jwk(bytes.fromhex(key.keyval["public"])))


def root_kids(root: Root, *names: str) -> frozenset[str]:
    """Return the thumbprints of the keys that may sign for a root, or for other TUF roles."""
    keyids = (keyid for name in names or (Root.type,) for keyid in root.roles[name].keyids)
    return frozenset(kid_of(root.keys[keyid]) for keyid in keyids)


def missing_signatures(before: Root, draft: Metadata[Root]) -> dict[int, int]:
    """Return how many signatures a root still needs: by its predecessor's version, and by its own."""
    found = {}
    for root in (before, draft.signed):
        result = root.get_verification_result(Root.type, draft.signed_bytes, draft.signatures)
        found[root.version] = max(0, result.threshold - len(result.signed))
    return found


def read_public_key(path: Path) -> Key:
    """Read a public Ed25519 key from a PEM file (RFC 8410).

    Raises:
        UsageError: The file cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            public = load_pem_public_key(file.read(MAX_PEM_BYTES))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{path} is not a public key in PEM form") from None
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"{path} is not an Ed25519 key, as all keys of the root are")
    return SSlibKey.from_crypto(public)


def _root_keyid(root: Root, name: str) -> str:
    """Return the id of a root key by its thumbprint, ``root-<thumbprint>``, or the beginning of either."""
    kid = name.removeprefix("root-")
    found = [keyid for keyid in root.roles[Root.type].keyids if kid_of(root.keys[keyid]).startswith(kid)]
    if len(found) != 1 or not kid:
        reason = "no root key begins" if not found else f"{len(found)} root keys begin"
        raise UsageError(f"{reason} with {kid!r}", hint="register-api keys list")
    return found[0]
