"""Every signature that belongs beside the files of a publication, as the table of files says.

The XML signature beside a feed (docs/format/feeds.md) is built with lxml alone. signxml cannot make this
form: it digests a parsed copy instead of the file's bytes, leaves an empty ``ds:Transforms`` that its own
verifier refuses, and is not deterministic. It judges the result in the tests instead, as does xmlsec1.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from register_api.core import strict_base64
from register_api.core.format import tree
from register_api.core.format.kind import Signature
from register_api.core.format.paths import kind_of
from register_api.core.signature import format_jws, jws_header, jws_signing_input
from register_api.core.xml_signature import COORDINATE_BYTES, SIGNATURE_SHAPE, build, canonical
from register_api.publish.signing.keyring import Keyring
from register_api.publish.signing.signer import Ed25519Signer


class FeedSigner(Protocol):
    """What signs a feed: a P-256 key that gives the same signature for the same bytes."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public key."""

    def sign(self, data: bytes) -> bytes:
        """Return the DER form of a deterministic (RFC 6979) ECDSA-SHA256 signature."""


def sign_feed(data: bytes, uri: str, signer: FeedSigner) -> bytes:
    """Sign a feed's exact bytes; the same feed and key always give the same document."""
    digest = strict_base64.encode(hashlib.sha256(data).digest())
    root = build(SIGNATURE_SHAPE, {"URI": uri, "DigestValue": digest, "KeyName": signer.kid})
    root[1].text = strict_base64.encode(_fixed_length(signer.sign(canonical(root[0]))))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _fixed_length(der: bytes) -> bytes:
    """Turn a DER signature into ``r ‖ s`` (RFC 9231 section 2.3.6)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")


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
    """Return the signatures beside files, by their paths."""

    @functools.cache  # the newest register stands at two paths, under one name
    def made(signature: Signature, name: str, data: bytes) -> bytes:
        return SIGN[signature](name, data, keyring)

    return {
        signature.of(path): made(signature, path.rpartition("/")[2], data)
        for path, data in files.items()
        for signature in kind_of(path).signatures
    }
