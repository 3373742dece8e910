"""A key that is made but not in force yet, and how it takes the place of the one before it.

``<role>.next.pem`` is made first. Once the tree names it, the old file is kept as
``<role>-<first 8 of kid>.pem.old`` and the new one takes its name. A crash between the two is mended by
``promote_next_keys`` at the next publication: what the tree names decides, not the files. No private key
is ever deleted.
"""

from __future__ import annotations

import os
from pathlib import Path

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.trust_root import ROLES
from register_api.core.signature import ed25519_jwk, thumbprint
from register_api.errors import KeyStoreError
from register_api.files import durable
from register_api.publish.signing import key_file
from register_api.publish.signing.keyring import Keyring
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read

NEXT = ".next.pem"


def promote_next_keys(keyring: Keyring, read: Read) -> tuple[Path, ...]:
    """Let each next key that the tree names already take its place."""
    waiting = sorted(keyring.folder.glob(f"*{NEXT}"))
    named = _named(read) if waiting else frozenset()
    kept: list[Path] = []
    for path in waiting:
        role = path.name.removesuffix(NEXT)
        if keyring.following(role).kid in named:
            kept += _take_place(keyring, role)
    return tuple(kept)


def _named(read: Read) -> frozenset[str]:
    """Return the thumbprint of every key in force: of the newest root, and open in the list of keys."""
    root = trust_metadata.newest_root(read)
    keyids = {keyid for names in ROLES.values() for name in names for keyid in root.roles[name].keyids}
    publics = (bytes.fromhex(root.keys[keyid].keyval["public"]) for keyid in keyids)
    keys = canonical.decode(read(tree.KEYS.path()), KeyList)
    return frozenset(
        {thumbprint(ed25519_jwk(public)) for public in publics}
        | {each.kid for each in keys.keys if each.last_version is None}
    )


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
