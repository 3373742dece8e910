"""Every signature that belongs beside the files of a publication, as the table of files says."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from register_api.core.format import tree
from register_api.core.format.paths import kind_of
from register_api.core.keys.signature import format_jws, jws_header, jws_signing_input
from register_api.publish.signing.feed_signature import sign_feed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from register_api.core.format.kind import Signature
    from register_api.publish.signing.keyring import Keyring
    from register_api.publish.signing.signer import Ed25519Signer


def sign_jws(data: bytes, signer: Ed25519Signer) -> bytes:
    """Return the detached JWS over a document (RFC 7515 appendix F): one line without newline."""
    header = jws_header(signer.kid)
    return format_jws(header, signer.sign(jws_signing_input(header, data)))


SIGN: dict[Signature, Callable[[str, bytes, Keyring], bytes]] = {
    tree.RAW_SIGNATURE: lambda _, data, keyring: keyring.document.sign(data),
    tree.JWS: lambda _, data, keyring: sign_jws(data, keyring.document),
    tree.XML_SIGNATURE: lambda name, data, keyring: sign_feed(data, name, keyring.feed),
}
"""What makes each form of signature, from the file's name, its bytes and the keys."""


def signatures(files: Mapping[str, bytes], keyring: Keyring) -> dict[str, bytes]:
    """Return the signatures beside files, by their paths.

    Args:
        files: Files of the tree by path; those that are not signed are left alone.
        keyring: Its document and feed keys are used.

    Raises:
        KeyStoreError: A key is missing or cannot be used.
    """

    @functools.cache  # the newest register stands at two paths, under one name
    def made(signature: Signature, name: str, data: bytes) -> bytes:
        return SIGN[signature](name, data, keyring)

    return {
        signature.of(path): made(signature, path.rpartition("/")[2], data)
        for path, data in files.items()
        for signature in kind_of(path).signatures
    }
