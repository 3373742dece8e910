"""Making the XML signature that lies beside a feed (docs/format.md, Feeds).

Built with lxml alone. signxml cannot make this form: it digests a parsed copy instead of the
file's bytes, leaves an empty ``ds:Transforms`` that its own verifier refuses, and is not
deterministic. It judges the result in the tests instead, as does xmlsec1.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from register_api.core import strict_base64
from register_api.core.keys.xml_signature import (
    COORDINATE_BYTES,
    ECDSA_SHA256,
    EXCLUSIVE_C14N,
    NAMESPACE,
    SHA256,
    canonical,
    ds,
)

if TYPE_CHECKING:
    from lxml.etree import _Element


class FeedSigner(Protocol):
    """What signs a feed: a P-256 key that gives the same signature for the same bytes."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the public key."""

    def sign(self, data: bytes) -> bytes:
        """Return the DER form of a deterministic (RFC 6979) ECDSA-SHA256 signature."""


def sign_feed(data: bytes, uri: str, signer: FeedSigner) -> bytes:
    """Sign a feed's exact bytes; the same feed and key always give the same document.

    Args:
        data: The feed as it is served.
        uri: The feed's file name, e.g. ``feed.atom`` or ``3.atom``: relative to the signature.
        signer: The feed key.

    Returns:
        The signature document, UTF-8 with an XML declaration.
    """
    root = etree.Element(ds("Signature"), nsmap={"ds": NAMESPACE})
    signed_info = _signed_info(root, data, uri)
    signature = _fixed_length(signer.sign(canonical(signed_info)))
    _text(root, "SignatureValue", strict_base64.encode(signature))
    _text(etree.SubElement(root, ds("KeyInfo")), "KeyName", signer.kid)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _signed_info(root: _Element, data: bytes, uri: str) -> _Element:
    """Add what is signed: the algorithms, the file's name and its digest."""
    signed_info = etree.SubElement(root, ds("SignedInfo"))
    etree.SubElement(signed_info, ds("CanonicalizationMethod"), Algorithm=EXCLUSIVE_C14N)
    etree.SubElement(signed_info, ds("SignatureMethod"), Algorithm=ECDSA_SHA256)
    reference = etree.SubElement(signed_info, ds("Reference"), URI=uri)
    etree.SubElement(reference, ds("DigestMethod"), Algorithm=SHA256)
    _text(reference, "DigestValue", strict_base64.encode(hashlib.sha256(data).digest()))
    return signed_info


def _text(parent: _Element, name: str, text: str) -> None:
    etree.SubElement(parent, ds(name)).text = text


def _fixed_length(der: bytes) -> bytes:
    """Turn a DER signature into ``r ‖ s`` (RFC 9231 section 2.3.6)."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")
