"""Verification of a feed's XML signature (docs/format/feeds.md).

The document must have exactly the specified shape before anything is computed, so transforms, second
references, embedded keys, objects and entities are refused unread. signxml is not used: it verifies nothing
without a key embedded in the document, and trusts such a key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable

from lxml import etree
from lxml.etree import _Element

from register_api.core import strict_base64
from register_api.core.format.tree import XML_SIGNATURE
from register_api.core.signature import verify_p256_raw
from register_api.core.text import printable
from register_api.core.xml_signature import (
    COORDINATE_BYTES,
    NAMESPACE,
    SIGNATURE_SHAPE,
    XmlShape,
    canonical,
    ds,
)
from register_api.errors import Forged, Malformed, UntrustedKey

_UTF8_DECLARATION = re.compile(rb"""<\?xml version=(["'])1\.0\1 encoding=(["'])(?:UTF|utf)-8\2\s*\?>""")

_SPACE = " \t\r\n"
_DIGEST_BYTES = 32


def verify_feed_signature(data: bytes, dsig: bytes, uri: str, find_key: Callable[[str], str]) -> str:
    """Verify the signature over a feed's exact bytes and return the id of its key.

    Raises:
        Malformed: The document does not have exactly the specified shape.
        UntrustedKey: ``find_key`` does not know the key, or it is not a P-256 key.
        Forged: The signature or the digest does not match, or another file is named.
    """
    if len(dsig) > XML_SIGNATURE.max_bytes:
        raise Malformed(
            f"a feed signature of {len(dsig)} bytes where at most {XML_SIGNATURE.max_bytes} are allowed"
        )
    body = without_declaration(dsig)
    # Only elements and text are allowed, so nothing can be expanded, hidden or fetched.
    for mark, what in ((b"<!", "a DOCTYPE, comment or CDATA section"), (b"<?", "a processing instruction"),
                       (b"&", "a reference to an entity or character"), (b"\0", "a NUL")):  # fmt: skip
        if mark in body:
            raise Malformed(f"the feed signature holds {what}")
    root = parse_xml(body, "the feed signature")
    _check_shape(root, SIGNATURE_SHAPE)
    kid, signed, digested = (
        root.findtext("/".join(map(ds, names)), default="")
        for names in (("KeyInfo", "KeyName"), ("SignatureValue",), ("SignedInfo", "Reference", "DigestValue"))
    )
    signature, digest = _decoded(signed, 2 * COORDINATE_BYTES), _decoded(digested, _DIGEST_BYTES)
    try:
        pem = find_key(kid)  # only the caller's keys are ever used
    except LookupError as error:
        raise UntrustedKey(f"the feed is signed by an unknown key {kid!r}") from error
    verify_p256_raw(canonical(root[0]), signature, pem)
    named = root[0][2].get("URI", "")
    if named != uri:
        raise Forged(f"the signature is over {named!r}, not over {uri!r}")
    if not hmac.compare_digest(digest, hashlib.sha256(data).digest()):
        raise Forged(f"the signature is over other bytes than those of {uri!r}")
    return kid


def parse_xml(data: bytes, what: str) -> _Element:
    """Parse XML in UTF-8 without entity expansion, network access or huge trees.

    The caller must refuse document types.
    """
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        data.decode("utf-8", "strict")
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Malformed(f"{what} is not XML in UTF-8: {printable(error)}") from error


def without_declaration(data: bytes) -> bytes:
    """Return XML without its declaration, if it is the only form allowed (version 1.0, UTF-8)."""
    return _UTF8_DECLARATION.sub(b"", data, count=1) if data.startswith(b"<?xml") else data


def _check_shape(element: _Element, shape: XmlShape) -> None:
    """Refuse an element that differs from its shape in more than white space between children."""
    attributes = {
        name: element.get(name) if value is None else value for name, value in shape.attributes.items()
    }
    if (
        [element.tag, *(child.tag for child in element)] != [ds(one.name) for one in (shape, *shape.children)]
        or set(element.nsmap.values()) != {NAMESPACE}
        or dict(element.attrib) != attributes
        or (not shape.text and (element.text or "").strip(_SPACE))
        or (element.tail or "").strip(_SPACE)
    ):
        raise Malformed(f"the feed signature does not have the required form at ds:{shape.name}")
    for child, expected in zip(element, shape.children, strict=True):
        _check_shape(child, expected)


def _decoded(text: str, length: int) -> bytes:
    """Decode strict base64 of a known length, ignoring white space."""
    octets = strict_base64.decode(re.sub(f"[{_SPACE}]", "", text))
    if len(octets) != length:
        raise Malformed(f"{len(octets)} bytes where the feed signature must hold {length}")
    return octets
