"""The public half of the keys, copied beside the source for a stranger to begin from.

All of it, PEM files and trust roots, comes from what is published, so no private key is opened.
"""

from __future__ import annotations

from pathlib import Path

from tuf.api.metadata import Root

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.trust_root import ROLES
from register_api.core.signature import ed25519_jwk, public_pem, thumbprint
from register_api.files import durable
from register_api.publish.signing.key_list import pem_file
from register_api.publish.trust import metadata as trust_metadata
from register_api.publish.trust.metadata import Read
from register_api.store.reader import Snapshot


def public_files(read: Read) -> dict[str, bytes]:
    """Return the files of the public ``keys/`` folder."""
    roots = trust_metadata.roots(read)
    keys = canonical.decode(read(tree.KEYS.path()), KeyList)
    files = {f"{number}.root.json": data for number, data in enumerate(roots, start=1)}
    files |= _root_keys(trust_metadata.parse(roots[-1], Root).signed)
    files |= {f"{record.use}-{record.kid}.pem": pem_file(record.pem) for record in keys.keys}
    return files


def _root_keys(root: Root) -> dict[str, bytes]:
    """Return the PEM files of the keys that a root names, by role."""
    files = {}
    for role, names in ROLES.items():
        for keyid in root.roles[names[0]].keyids:
            jwk = ed25519_jwk(bytes.fromhex(root.keys[keyid].keyval["public"]))
            files[f"{role}-{thumbprint(jwk)}.pem"] = pem_file(public_pem(jwk))
    return files


FIRST_ROOT = "1.root.json"


def default_folder(source: Path, private: Path) -> Path:
    """Return where public copies go if nothing else is said: ``keys/`` beside the source folder.

    Args:
        source: Folder with register.toml.
        private: Folder of the private keys, which public files never share.
    """
    beside = source.absolute().parent / "keys"
    return private / "public" if beside == private.absolute() else beside


def write_public_copies(snapshot: Snapshot, folder: Path) -> bool:
    """Write PEM files and root metadata into a folder, unless it belongs to another set of keys.

    Args:
        snapshot: The visible publication.
        folder: The public folder; made if missing.

    Returns:
        Whether the folder is this register's now; ``False`` leaves every file in it as it was.

    Raises:
        OSError: The folder cannot be written.
        StoreError: The publication's root cannot be read.
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
