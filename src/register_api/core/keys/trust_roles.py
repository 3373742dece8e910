"""Which key may stand in which role: what TUF lets pass and this format does not.

TUF counts key *ids* towards a threshold. A root that lists one key under two ids lets one person
count twice, and a key that stands in two roles lets a raw signature made for the one be shown as
made for the other (docs/format/trust.md). The same checks are run when a root is
made and when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from register_api.core.documents import KeyList
from register_api.core.keys.ed25519 import check_public_key
from register_api.core.keys.key_list import USES
from register_api.core.keys.thumbprint import ed25519_public
from register_api.core.log.epochs import check_origins
from register_api.core.printable import printable
from register_api.errors import Malformed, UntrustedKey

ROLES: dict[str, tuple[str, ...]] = {
    "root": ("root",),
    "targets": ("targets",),
    "online": ("snapshot", "timestamp"),
}
"""Role of this format to the TUF roles that its keys sign for."""

_id = partial(printable, limit=64)
"""A key id in a message: a stranger's root may hold anything."""

_PUBLIC = re.compile(r"[0-9a-f]{64}")


def check_root_roles(root: Mapping[str, Any]) -> None:
    """Refuse a root in which a key counts twice or stands in two roles.

    Args:
        root: The ``signed`` part of a root's metadata (TUF 1.0.31 section 4.3) as plain objects.
            Hand in what a TUF library has parsed: only that is what the library acts on.

    Raises:
        Malformed: The keys or roles do not have the form of a root, or a key is no canonical point.
        UntrustedKey: One key under two ids, a key in two roles, a role naming a key that is not
            listed or fewer keys than its threshold, or a key that is not Ed25519 or of small order.
    """
    try:
        publics = {keyid: _public(keyid, key) for keyid, key in root["keys"].items()}
        roles = {role: _keyids(root["roles"], names, publics) for role, names in ROLES.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise Malformed("the trust root does not list its keys and roles") from error
    _refuse_second_id(publics)
    _refuse_second_role(roles)


def check_against_root(root: Mapping[str, Any], keys: KeyList) -> None:
    """Refuse a key that is also a key of the trust root, and a log key of an origin that it does not name.

    Args:
        root: As for ``check_root_roles``, which has passed it.
        keys: The list of keys that the root vouches for.

    Raises:
        Malformed: A key of the list, or an epoch of the log, is not of its form.
        UntrustedKey: A key stands in both, or a log key has another origin (``core.log.epochs``).
    """
    check_origins(root, keys)
    publics = {key["keyval"]["public"] for key in root["keys"].values()}
    # Keys of the root are all Ed25519. Of uses that later releases know, nothing is known here.
    listed = (record for record in keys.keys if record.use in USES and record.jwk.get("kty") == "OKP")
    for record in listed:
        if ed25519_public(record.jwk).hex() in publics:
            raise UntrustedKey(f"the {record.use} key {_id(record.kid)} is also a key of the trust root")


def _public(keyid: str, key: Mapping[str, Any]) -> str:
    """Return a key's public bytes in hex; one key has one such form only."""
    if key["keytype"] != "ed25519" or key["scheme"] != "ed25519":
        raise UntrustedKey(f"the trust root's key {_id(keyid)} is not an Ed25519 key")
    public = key["keyval"]["public"]
    if not isinstance(public, str) or not _PUBLIC.fullmatch(public):
        raise UntrustedKey(f"the trust root's key {_id(keyid)} is not 64 lower-case hex digits")
    check_public_key(bytes.fromhex(public))
    return public


def _keyids(roles: Mapping[str, Any], names: tuple[str, ...], publics: Mapping[str, str]) -> frozenset[str]:
    """Return the ids of the keys that sign for any of some TUF roles."""
    found: set[str] = set()
    for name in names:
        keyids = roles[name]["keyids"]
        if unknown := [keyid for keyid in keyids if keyid not in publics]:
            raise UntrustedKey(
                f"the role {name} names the key {_id(unknown[0])}, which the trust root does not list"
            )
        if not 1 <= roles[name]["threshold"] <= len(set(keyids)):
            raise UntrustedKey(f"the role {name} has fewer keys than its threshold asks for")
        found.update(keyids)
    return frozenset(found)


def _refuse_second_id(publics: Mapping[str, str]) -> None:
    """Compare keys by what they are, not by what they are called."""
    first: dict[str, str] = {}
    for keyid, public in publics.items():
        other = first.setdefault(public, keyid)
        if other != keyid:
            raise UntrustedKey(f"the trust root lists one key under two ids: {_id(other)} and {_id(keyid)}")


def _refuse_second_role(roles: Mapping[str, frozenset[str]]) -> None:
    """Let each key stand in one role; snapshot and timestamp are one."""
    first: dict[str, str] = {}
    for role, keyids in roles.items():
        for keyid in sorted(keyids):
            other = first.setdefault(keyid, role)
            if other != role:
                raise UntrustedKey(
                    f"the key {_id(keyid)} stands in two roles of the trust root: {other} and {role}"
                )
