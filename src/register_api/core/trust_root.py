"""Checks of a trust root (docs/format/trust.md): keys and roles, and the epochs of the log.

TUF counts key *ids* towards a threshold: one key under two ids would let one person count twice. With a key
in two roles, a raw signature made for one role could be presented for the other. Both are refused.

A witness that has signed a thief's checkpoint refuses the log permanently, under that origin. The log then
starts a new *epoch* (docs/format/log.md): the same leaves, a new key, and the origin ``NAME#2``, as the root
states.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from register_api.core import strict_base64
from register_api.core.canonical import decodable
from register_api.core.documents import KeyList
from register_api.core.key_list import USES, log_key
from register_api.core.log import merkle
from register_api.core.log.checkpoint import Checkpoint, open_checkpoint, peek_size
from register_api.core.log.note import parse_verifier_key
from register_api.core.signature import check_public_key, ed25519_public
from register_api.core.text import printable, quoted
from register_api.errors import Forked, Malformed, RolledBack, UntrustedKey

MEMBER = "x-log-epochs"
"""Member of the root's signed part; TUF allows further members (TUF 1.0.31 section 4.2)."""

_MAX_EPOCHS = 100


@decodable
class LogEpoch(msgspec.Struct, frozen=True, kw_only=True):
    """An epoch after the first, as stated by the root keys.

    Its log has the origin ``NAME#2``, ``#3`` …; ``size`` and ``root_hash`` (base64) are those of the last
    entries that the publisher confirms.
    """

    origin: str
    size: int
    root_hash: str
    text: str

    @property
    def root(self) -> bytes:
        """Root hash, 32 bytes."""
        return strict_base64.decode(self.root_hash)


def read_epochs(root: Mapping[str, Any]) -> tuple[LogEpoch, ...]:
    """Return the epochs after the first, as listed in the ``signed`` part of a root, with growing sizes."""
    try:
        epochs = msgspec.convert(root.get(MEMBER, []), tuple[LogEpoch, ...])
    except (msgspec.ValidationError, RecursionError) as error:
        raise Malformed(f"the trust root's {MEMBER}: {printable(error)}") from None
    if len(epochs) > _MAX_EPOCHS:
        raise Malformed(f"a trust root with more than {_MAX_EPOCHS} epochs of the log")
    size = 1
    for number, epoch in enumerate(epochs, start=2):
        name, _, count = epoch.origin.rpartition("#")
        if not name or count != str(number) or name != epochs[0].origin.rpartition("#")[0]:
            raise Malformed(f"{quoted(epoch.origin)} is not the origin of epoch {number}")
        if epoch.size < size or len(epoch.root) != merkle.HASH_BYTES:
            raise Malformed(f"the epoch {quoted(epoch.origin)} does not name a size and a root hash")
        size = epoch.size
    return epochs


def next_origin(register: str, epochs: tuple[LogEpoch, ...]) -> str:
    """Return the origin of the next epoch."""
    return f"{register}#{len(epochs) + 2}"


def check_origins(root: Mapping[str, Any], keys: KeyList) -> None:
    """Raise ``UntrustedKey`` if a log key has another origin than the root states for its versions."""
    epochs = read_epochs(root)
    if epochs and epochs[0].origin != next_origin(keys.register, ()):
        raise UntrustedKey(f"the trust root's {quoted(epochs[0].origin)} is of another register's log")
    for record in keys.keys:
        if record.use != "log":
            continue
        before = [epoch for epoch in epochs if epoch.size < record.first_version]
        expected = before[-1].origin if before else keys.register
        if parse_verifier_key(record.note_key or "").name != expected:
            raise UntrustedKey(
                f"the log key {quoted(record.kid)} is of another origin than {quoted(expected)},"
                " which the trust root names for its versions"
            )
        ends = [epoch.size for epoch in epochs if epoch.size >= record.first_version]
        if ends and (record.last_version is None or record.last_version > ends[0]):
            raise UntrustedKey(f"the log key {quoted(record.kid)} extends into another epoch of the log")


def check_epoch_prefixes(epochs: Sequence[LogEpoch], size: int, root_at: Callable[[int], bytes]) -> None:
    """Check that a log begins with the entries of each earlier epoch.

    ``root_at`` returns the root hash of the log at a given size, at most ``size``.
    """
    for epoch in epochs:
        if size < epoch.size:
            raise RolledBack(f"the log has {size} entries, {epoch.size} before {epoch.origin} began")
        if root_at(epoch.size) != epoch.root:
            raise Forked(
                f"the log of size {size} does not begin with the {epoch.size} entries that the root keys"
                f" name for its epoch {epoch.origin}"
            )


def open_head(data: bytes, keys: KeyList, size: int | None = None) -> Checkpoint:
    """Verify a checkpoint of the register's log with the key valid for its size, and return it.

    ``size`` defaults to the one it claims. The log keys of the list state the origin of their epoch.
    Raises the same as ``open_checkpoint`` and ``log_key``.
    """
    key = log_key(keys, peek_size(data) if size is None else size)
    return open_checkpoint(data, key.name, [key])


ROLES: dict[str, tuple[str, ...]] = {
    "root": ("root",),
    "targets": ("targets",),
    "online": ("snapshot", "timestamp"),
}
"""TUF roles by role of this format."""

_id = partial(printable, limit=64)
"""Escapes a key id for a message, since a foreign root may contain anything."""

_PUBLIC = re.compile(r"[0-9a-f]{64}")


def check_root_roles(root: Mapping[str, Any]) -> None:
    """Check that in the ``signed`` part of a root (TUF 1.0.31 section 4.3) no key has two ids or two roles.

    Pass the plain objects that a TUF library has parsed, since the library acts on those.

    Raises:
        Malformed: The keys or roles do not have the form of a root, or a key is not a canonical point.
        UntrustedKey: One key under two ids, a key in two roles, a role naming a key that is not
            listed or fewer keys than its threshold, or a key that is not Ed25519 or of small order.
    """
    try:
        publics = {keyid: _public(keyid, key) for keyid, key in root["keys"].items()}
        roles = {role: _keyids(root["roles"], names, publics) for role, names in ROLES.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("the trust root does not list its keys and roles") from error
    for _, first, second in _conflicts((public, keyid) for keyid, public in publics.items()):
        raise UntrustedKey(f"the trust root lists one key under two ids: {_id(first)} and {_id(second)}")
    assigned = ((keyid, role) for role, keyids in roles.items() for keyid in sorted(keyids))
    for keyid, first, second in _conflicts(assigned):
        raise UntrustedKey(f"the key {_id(keyid)} is in two roles of the trust root: {first} and {second}")


def check_against_root(root: Mapping[str, Any], keys: KeyList) -> None:
    """Raise ``UntrustedKey`` if a key is also a (checked) root key, or a log key has another origin."""
    check_origins(root, keys)
    publics = {key["keyval"]["public"] for key in root["keys"].values()}
    # All root keys are Ed25519. Uses known only to later releases are ignored.
    listed = (record for record in keys.keys if record.use in USES and record.jwk.get("kty") == "OKP")
    for record in listed:
        if ed25519_public(record.jwk).hex() in publics:
            raise UntrustedKey(f"the {record.use} key {_id(record.kid)} is also a key of the trust root")


def _public(keyid: str, key: Mapping[str, Any]) -> str:
    """Return a key's public bytes in hex, its only spelling."""
    if key["keytype"] != "ed25519" or key["scheme"] != "ed25519":
        raise UntrustedKey(f"the trust root's key {_id(keyid)} is not an Ed25519 key")
    public = key["keyval"]["public"]
    if not isinstance(public, str) or not _PUBLIC.fullmatch(public):
        raise UntrustedKey(f"the trust root's key {_id(keyid)} is not 64 lower-case hex digits")
    check_public_key(bytes.fromhex(public))
    return public


def _keyids(roles: Mapping[str, Any], names: tuple[str, ...], publics: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        keyids = roles[name]["keyids"]
        if unknown := [keyid for keyid in keyids if keyid not in publics]:
            raise UntrustedKey(
                f"the role {name} names the key {_id(unknown[0])}, which the trust root does not list"
            )
        if not 1 <= roles[name]["threshold"] <= len(set(keyids)):
            raise UntrustedKey(f"the role {name} has fewer keys than its threshold requires")
        found.update(keyids)
    return frozenset(found)


def _conflicts(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Yield each key that is paired with two values, with both values."""
    first: dict[str, str] = {}
    for key, value in pairs:
        if first.setdefault(key, value) != value:
            yield key, first[key], value
