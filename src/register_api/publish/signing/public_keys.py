"""What a stranger may begin from: public keys as PEM files, and the trust roots.

These go into the project's public ``keys/`` folder, beside the source. All of it comes from what is
published, so no private key is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuf.api.metadata import Root

from register_api.core import canonical
from register_api.core.documents import KeyList
from register_api.core.format import tree
from register_api.core.keys.thumbprint import ed25519_jwk, public_pem, thumbprint
from register_api.core.keys.trust_roles import ROLES
from register_api.publish.signing.key_list import pem_file
from register_api.publish.trust import metadata as trust_metadata

if TYPE_CHECKING:
    from register_api.publish.trust.metadata import Read


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
