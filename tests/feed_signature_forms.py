"""Malformed XML signatures of a feed, which must be refused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from register_api.core.format.tree import XML_SIGNATURE

if TYPE_CHECKING:
    from collections.abc import Callable

ECDSA = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def value_of(name: str, dsig: bytes) -> str:
    """Return the text of an element of a signature."""
    found = re.search(rf"<ds:{name}>(.*?)</ds:{name}>", dsig.decode())
    assert found is not None
    return found[1]


def putting(good: bytes) -> Callable[..., bytes]:
    """Return a function that inserts text before the first occurrence of another."""

    def put(before: str, added: str, dsig: bytes = good) -> bytes:
        assert before.encode() in dsig
        return dsig.replace(before.encode(), (added + before).encode(), 1)

    return put


def swapping(good: bytes) -> Callable[..., bytes]:
    """Return a function that replaces the first occurrence of a text."""

    def swap(old: str, new: str, dsig: bytes = good) -> bytes:
        assert old.encode() in dsig
        return dsig.replace(old.encode(), new.encode(), 1)

    return swap


def malformed_forms(good: bytes) -> dict[str, bytes]:
    """Return, by name, malformed variants of a valid signature.

    Args:
        good: A valid signature document for ``feed.atom``.
    """
    put, swap = putting(good), swapping(good)
    kid, signature, digest = (value_of(name, good) for name in ("KeyName", "SignatureValue", "DigestValue"))
    declaration, body = good.split(b"\n", 1)
    reference = good[good.index(b"<ds:Reference") : good.index(b"</ds:SignedInfo>")].decode()
    signed_info = good[good.index(b"<ds:SignedInfo") : good.index(b"<ds:SignatureValue")].decode()
    return {
        "empty": b"",
        "not XML": b"feed",
        "over the size limit": good + b" " * XML_SIGNATURE.max_bytes,
        "UTF-16": body.decode().encode("utf-16"),
        "declared as another encoding": good.replace(b"UTF-8", b"ISO-8859-1"),
        "not UTF-8": put("</ds:KeyName>", "", good).replace(b"</ds:KeyName>", b"\xff</ds:KeyName>"),
        "two declarations": declaration + good,
        "DOCTYPE": declaration + b"<!DOCTYPE x>" + body,
        "entity that names a file": declaration
        + b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        + swap(kid, "&e;", body),
        "entities that grow": declaration
        + b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        + swap(kid, "&b;&b;&b;", body),
        "undeclared entity": swap(kid, "&e;"),
        "character reference": put("</ds:KeyName>", "&#65;"),
        "comment in KeyName": put("</ds:KeyName>", "<!-- x -->"),
        "comment in DigestValue": put("</ds:DigestValue>", "<!-- x -->"),
        "comment in front": declaration + b"<!-- x -->" + body,
        "CDATA": swap(kid, f"<![CDATA[{kid}]]>"),
        "processing instruction": put("<ds:KeyInfo>", "<?x y?>"),
        "processing instruction at the end": good + b"<?x y?>",
        "text at the end": good + b"x",
        "text between": put("<ds:KeyInfo>", "x"),
        "text in Reference": put("<ds:DigestMethod", "x"),
        "root of another name": good.replace(b"ds:Signature ", b"ds:Manifest ").replace(
            b"</ds:Signature>", b"</ds:Manifest>"
        ),
        "root of no namespace": good.replace(b' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"', b"").replace(
            b"ds:", b""
        ),
        "wrapped in another root": declaration + b"<x>" + body.strip() + b"</x>",
        "another namespace declared": swap("<ds:KeyInfo>", '<ds:KeyInfo xmlns:x="urn:x">'),
        "a relative namespace": swap("<ds:SignedInfo>", '<ds:SignedInfo xmlns:x="x">'),
        "Object": put("</ds:Signature>", "<ds:Object><entry/></ds:Object>"),
        "Object with signed properties": put("</ds:Signature>", '<ds:Object Id="p"/>'),
        "second Reference": put("</ds:SignedInfo>", reference),
        "second Reference to this document": put(
            "</ds:SignedInfo>", reference.replace('URI="feed.atom"', 'URI=""')
        ),
        "no Reference": swap(reference, ""),
        "Transforms": put(
            "<ds:DigestMethod",
            f'<ds:Transforms><ds:Transform Algorithm="{EXCLUSIVE}"/></ds:Transforms>',
        ),
        "empty Transforms": put("<ds:DigestMethod", "<ds:Transforms/>"),
        "enveloped transform": put(
            "<ds:DigestMethod",
            '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
            "</ds:Transforms>",
        ),
        "XSLT transform": put(
            "<ds:DigestMethod",
            '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></ds:Transforms>',
        ),
        "HMAC": swap(ECDSA, "http://www.w3.org/2000/09/xmldsig#hmac-sha256"),
        "HMAC of no bits": swap(
            f'<ds:SignatureMethod Algorithm="{ECDSA}"/>',
            '<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1">'
            "<ds:HMACOutputLength>0</ds:HMACOutputLength></ds:SignatureMethod>",
        ),
        "ECDSA with SHA-1": swap(ECDSA, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"),
        "digest SHA-1": swap(
            "http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1"
        ),
        "inclusive canonicalisation": swap(EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "canonicalisation with comments": swap(EXCLUSIVE, EXCLUSIVE + "WithComments"),
        "inclusive prefixes": swap(
            f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>',
            f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}">'
            f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="ds"/></ds:CanonicalizationMethod>',
        ),
        "key in the document": put("</ds:KeyInfo>", "<ds:KeyValue/>"),
        "certificate in the document": put("</ds:KeyInfo>", "<ds:X509Data/>"),
        "where to fetch the key": put("</ds:KeyInfo>", '<ds:RetrievalMethod URI="https://evil.example/"/>'),
        "two key names": put("</ds:KeyInfo>", "<ds:KeyName>x</ds:KeyName>"),
        "no key name": swap(f"<ds:KeyName>{kid}</ds:KeyName>", ""),
        "no KeyInfo": swap(f"<ds:KeyInfo><ds:KeyName>{kid}</ds:KeyName></ds:KeyInfo>", ""),
        "two SignedInfo": put("<ds:SignatureValue>", signed_info),
        "SignatureValue first": swap(signed_info, "").replace(
            b"</ds:SignatureValue>", f"</ds:SignatureValue>{signed_info}".encode()
        ),
        "Id": swap("<ds:SignedInfo>", '<ds:SignedInfo Id="x">'),
        "Type of the Reference": swap('URI="feed.atom"', 'URI="feed.atom" Type="x"'),
        "Reference without URI": swap(' URI="feed.atom"', ""),
        "xml:base": swap("<ds:SignedInfo>", '<ds:SignedInfo xml:base="https://evil.example/">'),
        "signature too short": swap(signature, signature[4:]),
        "signature in DER": swap(signature, "MEUC" + signature),
        "signature without padding": swap("==</ds:SignatureValue>", "</ds:SignatureValue>"),
        "signature with trailing bits": swap(signature, signature[:-3] + "B=="),
        "signature is not base64": put("</ds:SignatureValue>", "*"),
        "digest too short": swap(digest, "AAAA"),
        "digest empty": swap(digest, ""),
    }
