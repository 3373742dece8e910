"""The form of a feed's XML signature, as used for signing and verification, and the signed bytes.

A detached XML Signature 1.1 of exactly one shape (docs/format/feeds.md)::

    ds:Signature
    ├── ds:SignedInfo
    │   ├── ds:CanonicalizationMethod   exclusive, without comments
    │   ├── ds:SignatureMethod          ECDSA with SHA-256, on P-256
    │   └── ds:Reference URI=file name  no transforms: SHA-256 of the file's exact bytes
    ├── ds:SignatureValue               r ‖ s, 64 bytes (RFC 9231 section 2.3.6)
    └── ds:KeyInfo/ds:KeyName           kid
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from lxml import etree
from lxml.etree import _Element

NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
_EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

COORDINATE_BYTES = 32
"""Length of ``r`` and of ``s`` on P-256."""


class XmlShape(msgspec.Struct, frozen=True):
    """The required form of an element: name, attributes (``None``: any value), children, or text."""

    name: str
    attributes: dict[str, str | None] = {}
    children: tuple[XmlShape, ...] = ()
    text: bool = False


SIGNATURE_SHAPE = XmlShape(
    "Signature",
    children=(
        XmlShape(
            "SignedInfo",
            children=(
                XmlShape("CanonicalizationMethod", {"Algorithm": _EXCLUSIVE_C14N}),
                XmlShape("SignatureMethod", {"Algorithm": _ECDSA_SHA256}),
                XmlShape(
                    "Reference",
                    {"URI": None},
                    (XmlShape("DigestMethod", {"Algorithm": _SHA256}), XmlShape("DigestValue", text=True)),
                ),
            ),
        ),
        XmlShape("SignatureValue", text=True),
        XmlShape("KeyInfo", children=(XmlShape("KeyName", text=True),)),
    ),
)
"""The whole document; nothing else is accepted."""


def ds(name: str) -> str:
    """Return a name in the XML Signature namespace in lxml's notation."""
    return f"{{{NAMESPACE}}}{name}"


def canonical(signed_info: _Element) -> bytes:
    """Return the signed bytes of an element in its document: exclusive c14n without comments."""
    return etree.tostring(signed_info, method="c14n", exclusive=True, with_comments=False)


def build(shape: XmlShape, values: Mapping[str, str], parent: _Element | None = None) -> _Element:
    """Return an element of a shape, with the given values for its open texts and attributes."""
    name, spaces = ds(shape.name), {"ds": NAMESPACE}
    element = etree.Element(name, nsmap=spaces) if parent is None else etree.SubElement(parent, name)
    for key, value in shape.attributes.items():
        element.set(key, values[key] if value is None else value)
    element.text = values.get(shape.name)
    for child in shape.children:
        build(child, values, element)
    return element
